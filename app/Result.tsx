// What came of an evaluation: still running, stopped, or a value.

import type { PlaceView } from "../engine/worker/client.ts"
import { Running } from "./Running.tsx"
import type { Outcome } from "./use-evaluation.ts"
import { ValuePane } from "./ValuePane.tsx"

interface Props {
  readonly outcome: Outcome
  readonly show: (place: PlaceView) => void
}

export function Result({ outcome, show }: Props) {
  switch (outcome.kind) {
    case "none":
      return <p className="hint">Press Evaluate to see the value.</p>
    case "running":
      return <Running since={outcome.since} />
    case "stopped":
      return (
        <p className="hint" role="status">
          Stopped: {outcome.why}. Your text is unchanged.
        </p>
      )
    case "done":
      return <ValuePane key={outcome.result.run} result={outcome.result} show={show} />
  }
}
