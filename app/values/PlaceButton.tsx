// A position; in a file of the workspace it leads into the editor.

import type { PlaceView } from "../../engine/worker/client.ts"
import { useResult } from "./result-context.ts"

export function PlaceButton({ place }: { readonly place: PlaceView }) {
  const { show, main, leadsTo } = useResult()
  const text = `line ${place.line}, column ${place.column}`
  const full = place.file === main ? text : `${place.file.replace(/^\/workspace\//, "")}, ${text}`
  if (!leadsTo(place.file)) return <span className="note">{full}</span>
  return (
    <button type="button" className="place" onClick={() => show(place)}>
      {full}
    </button>
  )
}
