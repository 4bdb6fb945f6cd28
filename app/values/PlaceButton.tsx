// A position; in a file of the workspace it leads into the editor.

import type { PlaceView } from "../../engine/worker/client.ts"
import { useResult } from "./result-context.ts"

interface Props {
  readonly place: PlaceView
  /** Whether the Tab key comes here; in a row of a tree only while that is selected. */
  readonly reachable?: boolean
}

export function PlaceButton({ place, reachable = true }: Props) {
  const { show, main, leadsTo } = useResult()
  const text = `line ${place.line}, column ${place.column}`
  const full = place.file === main ? text : `${place.file.replace(/^\/workspace\//, "")}, ${text}`
  if (!leadsTo(place.file)) return <span className="note">{full}</span>
  return (
    <button type="button" className="place" tabIndex={reachable ? 0 : -1} onClick={() => show(place)}>
      {full}
    </button>
  )
}
