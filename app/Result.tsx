// What came of an evaluation: a line that says how it stands, and the last value.

import type { PlaceView } from "../engine/worker/client.ts"
import { StatusLine } from "./StatusLine.tsx"
import type { Evaluation } from "./use-evaluation.ts"
import { ValuePane } from "./ValuePane.tsx"

interface Props {
  readonly evaluation: Evaluation
  /** The text in the editor. */
  readonly text: string
  readonly show: (place: PlaceView) => void
  /** Puts a text into the editor. */
  readonly onText: (text: string) => void
}

export function Result({ evaluation, text, show, onText }: Props) {
  const { progress, shown } = evaluation
  const running = progress.kind === "running"
  return (
    <div className={running ? "result running" : "result"} aria-busy={running}>
      <div className="status">
        <StatusLine progress={progress} shown={shown} />
        {shown === null || shown.expr === text ? null : (
          <button
            type="button"
            className="place"
            onClick={() => onText(shown.expr)}
            title="Puts the text that gave this value into the editor"
          >
            {shown.evaluated.view.kind === "failed" ? "this error is of an earlier text" : "this value is of an earlier text"}
          </button>
        )}
      </div>
      {shown === null ? null : <ValuePane key={shown.evaluated.run} result={shown.evaluated} show={show} />}
    </div>
  )
}
