// An error as Nix prints it; its positions lead into the text.

import { useContext } from "react"
import type { ProblemView } from "../../engine/worker/client.ts"
import { PlaceButton } from "./PlaceButton.tsx"
import { ResultContext } from "./result-context.ts"

const FRAMES = 50

export function ProblemReport({ problem }: { readonly problem: ProblemView }) {
  // The innermost frames are at the end; an error without a position has that of the frame nearest to it.
  const frames = problem.trace.slice(-FRAMES)
  const at = problem.at ?? problem.trace.findLast((frame) => frame.at !== null)?.at ?? null
  const message = `error: ${problem.message}`
  const remedy = useContext(ResultContext)?.remedy
  return (
    <div className="problem">
      <p className="said" role="alert">
        {message}
      </p>
      {remedy?.(problem)}
      {at === null ? null : (
        <p className="where">
          <PlaceButton place={at} />
        </p>
      )}
      {problem.report === message ? null : (
        // Wide snippets scroll, since a wrapped line would move Nix's caret; and what scrolls must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        <pre tabIndex={0}>{problem.report}</pre>
      )}
      {frames.length === 0 ? null : (
        <details className="trace">
          <summary>{`Trace (${problem.trace.length.toLocaleString("en")})`}</summary>
          <ol>
            {frames.map((frame, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the frames of one error never change, and may be equal
              <li key={i}>
                {frame.hint} {frame.at === null ? null : <PlaceButton place={frame.at} />}
              </li>
            ))}
          </ol>
        </details>
      )}
    </div>
  )
}
