// What an evaluation waits for while something is built for it.

import { useStore } from "zustand"
import type { BuildDesk } from "./build/build-desk.ts"
import { stateOf } from "./build/build-row.ts"

interface Props {
  readonly desk: BuildDesk
  /** Shows the builds. */
  readonly onShow: () => void
}

/** Names that are told. */
const MOST = 3

export function BuildingNow({ desk, onShow }: Props) {
  const rows = useStore(desk.store, (state) => state.rows)
  const names = Object.values(rows).flatMap((row) => (stateOf(row) === "running" ? [row.name] : []))
  if (names.length === 0) return null
  const more = names.length > MOST ? ` and ${names.length - MOST} more` : ""
  return (
    <p className="ask">
      <span role="status">{`It waits for what is being built: ${names.slice(0, MOST).join(", ")}${more}.`}</span>
      <button type="button" onClick={onShow}>
        Show the builds
      </button>
    </p>
  )
}
