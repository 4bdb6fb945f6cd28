// A result in one of its other forms: printed, in numbers, as syntax, as what happened.

import type { Evaluated, EvaluateRequest, PlaceView } from "../../engine/worker/client.ts"
import { PrintedValue } from "./PrintedValue.tsx"
import { Statistics } from "./Statistics.tsx"
import { SyntaxView } from "./SyntaxView.tsx"
import { TraceView } from "./TraceView.tsx"
import type { View } from "./view-name.ts"

interface Props {
  readonly form: Exclude<View["kind"], "tree" | "drv" | "explain">
  readonly request: EvaluateRequest
  readonly result: Evaluated
  /** Where the cursor is in the text. */
  readonly cursor: PlaceView | null
}

export function ResultForm({ form, request, result, cursor }: Props) {
  switch (form) {
    case "nix":
    case "json":
    case "xml":
      return <PrintedValue key={form} form={form} />
    case "stats":
      return <Statistics result={result} />
    case "parsed":
    case "resolved":
      return <SyntaxView key={form} form={form} cursor={cursor} />
    case "trace":
      return <TraceView request={request} />
  }
}
