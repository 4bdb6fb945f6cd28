// The top value and what is opened below it.

import type { ValueView } from "../../engine/worker/client.ts"
import { ValueRow } from "./ValueRow.tsx"

export function ValueTree({ view }: { readonly view: ValueView }) {
  return (
    <ul className="tree" aria-label="Value">
      <ValueRow label={null} view={view} open />
    </ul>
  )
}
