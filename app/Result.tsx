// What came of an evaluation: the value as a tree, what it printed, and what it cost.

import { useEffect, useState } from "react"
import { ProblemReport } from "./ProblemReport.tsx"
import type { Outcome } from "./use-evaluation.ts"
import { ValueRow } from "./ValueRow.tsx"

export function Result({ outcome }: { readonly outcome: Outcome }) {
  if (outcome.kind === "none") return <p className="hint">Press Evaluate to see the value.</p>
  if (outcome.kind === "running") return <Running since={outcome.since} />
  if (outcome.kind === "stopped")
    return (
      <p className="hint" role="status">
        {outcome.why}. Your text is unchanged.
      </p>
    )
  const { view, log, milliseconds, steps, run } = outcome.result
  return (
    <div className="result">
      {log.length > 0 ? <pre className="log">{log.join("\n")}</pre> : null}
      {view.kind === "failed" ? (
        <ProblemReport problem={view.problem} />
      ) : (
        <ul className="tree" aria-label="Value">
          <ValueRow key={run} run={run} label={null} view={view} open />
        </ul>
      )}
      <p className="cost" role="status">
        {milliseconds.toFixed(1)} ms, {steps.toLocaleString("en")} function calls
      </p>
    </div>
  )
}

function Running({ since }: { readonly since: number }) {
  const [now, setNow] = useState(since)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 100)
    return () => clearInterval(timer)
  }, [])
  return (
    <p className="hint" role="status">
      Evaluating… {((now - since) / 1000).toFixed(1)} s
    </p>
  )
}
