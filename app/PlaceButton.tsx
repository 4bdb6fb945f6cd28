// A position; in the expression itself it selects the place in the text area.

import type { PlaceView } from "../engine/worker/client.ts"
import { useResult } from "./result-context.ts"

export function PlaceButton({ place }: { readonly place: PlaceView }) {
  const { show } = useResult()
  const text = `line ${place.line}, column ${place.column}`
  if (place.file !== "«string»") return <span className="note">{`${place.file}, ${text}`}</span>
  return (
    <button type="button" className="place" onClick={() => show(place)}>
      {text}
    </button>
  )
}
