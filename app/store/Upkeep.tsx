// Whether the store is whole, and what nothing keeps in it: checked, mended, removed.

import { useStore } from "zustand"
import type { CacheSettings } from "../../engine/worker/client.ts"
import type { StoreDesk } from "./store-desk.ts"

interface Props {
  readonly desk: StoreDesk
  /** Binary caches of the user's. */
  readonly caches: readonly CacheSettings[]
}

export function Upkeep({ desk, caches }: Props) {
  const { work, faults, said } = useStore(desk.store)
  return (
    <section aria-label="Upkeep">
      <h3>Upkeep</h3>
      <p className="store-buttons">
        <button type="button" disabled={work !== null} onClick={() => void desk.verify()}>
          Check everything
        </button>
        <button
          type="button"
          disabled={work !== null}
          onClick={() => void desk.collect()}
          title="Removes what no workspace that is open needs"
        >
          Remove what nothing keeps
        </button>
        {faults !== null && faults.length > 0 && caches.length > 0 ? (
          <button type="button" disabled={work !== null} onClick={() => void desk.mend(caches)}>
            Mend from the binary caches
          </button>
        ) : null}
        {faults !== null && faults.length > 0 ? (
          <button type="button" disabled={work !== null} onClick={() => void desk.giveUp()}>
            Remove what is damaged
          </button>
        ) : null}
      </p>
      <p role="status" className="store-said">
        {work === null ? said : `${work}…`}
      </p>
      {faults === null || faults.length === 0 ? null : (
        <ul className="store-faults">
          {faults.slice(0, 100).map(({ hashPart, code, message }) => (
            <li key={`${hashPart}${message}`}>
              {code}: {message}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
