// One object of the store: what is known of it, and what is in it.

import { sizeText } from "./size-text.ts"
import type { StoreDesk, StoreDeskState } from "./store-desk.ts"

interface Props {
  readonly opened: NonNullable<StoreDeskState["opened"]>
  readonly desk: StoreDesk
  readonly onSave: (name: string, bytes: Uint8Array) => void
}

export function ObjectCard({ opened: { object, at, entries, text }, desk, onSave }: Props) {
  const parent = at === object.path ? null : at.slice(0, at.lastIndexOf("/"))
  const save = async (path: string): Promise<void> => onSave(path.replace(/^.*\//, ""), await desk.read(path))
  return (
    <article className="store-object" aria-label={at}>
      <p className="store-object-head">
        <code>{at}</code>
        <button type="button" onClick={desk.close} aria-label="Close this object">
          ×
        </button>
      </p>
      {at === object.path ? (
        <dl>
          <dt>NAR</dt>
          <dd>
            {sizeText(object.narSize)}, <code>{object.narHash}</code>
          </dd>
          {object.contentAddress === null ? null : (
            <>
              <dt>content address</dt>
              <dd>
                <code>{object.contentAddress}</code>
              </dd>
            </>
          )}
          {object.deriver === null ? null : (
            <>
              <dt>made by</dt>
              <dd>
                <code>{object.deriver}</code>
              </dd>
            </>
          )}
          {object.references.length === 0 ? null : (
            <>
              <dt>refers to</dt>
              <dd>
                <ul>
                  {object.references.map((path) => (
                    <li key={path}>
                      <button type="button" className="store-link" onClick={() => void desk.open(path)}>
                        {path.replace(/^.*\//, "")}
                      </button>
                    </li>
                  ))}
                </ul>
              </dd>
            </>
          )}
        </dl>
      ) : null}
      {parent === null ? null : (
        <button type="button" className="store-link" onClick={() => void desk.open(parent)}>
          ..
        </button>
      )}
      {text === null ? (
        <ul className="store-entries">
          {entries.map(({ name, kind, size, executable, target }) => (
            <li key={name}>
              {kind === "symlink" ? (
                <>
                  {name} → {target}
                </>
              ) : (
                <button type="button" className="store-link" onClick={() => void desk.open(`${at}/${name}`)}>
                  {name}
                  {kind === "directory" ? "/" : ""}
                </button>
              )}
              {kind === "file" ? <span className="store-size">{`${sizeText(size)}${executable ? ", executable" : ""}`}</span> : null}
            </li>
          ))}
        </ul>
      ) : (
        <>
          <button type="button" onClick={() => void save(at)}>
            Download
          </button>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre tabIndex={0}>{text}</pre>
        </>
      )}
    </article>
  )
}
