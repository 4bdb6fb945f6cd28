// What is shown instead of an answer that is not there.

import { ProblemReport } from "../values/ProblemReport.tsx"
import type { Asked } from "./use-answer.ts"

export function Waiting({ asked }: { readonly asked: Asked<unknown> }) {
  switch (asked.kind) {
    case "waiting":
      return <p role="status">Asking the engine…</p>
    case "stopped":
      return <p role="status">Stopped. Open this view again to try once more.</p>
    case "problem":
      return <ProblemReport problem={asked.problem} />
    case "value":
      return null
  }
}
