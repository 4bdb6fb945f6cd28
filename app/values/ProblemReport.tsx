// An error as Nix prints it; its positions lead into the text.

import { useContext } from "react"
import type { ProblemView } from "../../engine/worker/client.ts"
import { CopyButton } from "../CopyButton.tsx"
import { PlaceButton } from "./PlaceButton.tsx"
import { ResultContext } from "./result-context.ts"

const FRAMES = 50

/** Lines of a report that is read at a glance; of a longer one the message, its place and the trace tell more. */
const SHORT = 16

/** What Nix prints. Wide snippets scroll, since a wrapped line would move Nix's caret; and what scrolls must be reachable by keyboard. */
function Report({ text }: { readonly text: string }) {
  const lines = text.trimEnd().split("\n").length
  const report = (
    <div className="report">
      <CopyButton text={text} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <pre tabIndex={0}>{text}</pre>
    </div>
  )
  if (lines <= SHORT) return report
  return (
    <details>
      <summary>{`As Nix prints it (${lines.toLocaleString("en")} lines)`}</summary>
      {report}
    </details>
  )
}

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
      {problem.report === message ? null : <Report text={problem.report} />}
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
