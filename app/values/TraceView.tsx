// The evaluation step by step: what was forced by what, from the beginning. Only when asked for: the program runs once more for it.

import { useEffect, useState } from "react"
import type { EvaluateRequest, RunTrace } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { duration } from "./ForcedNote.tsx"
import { PlaceButton } from "./PlaceButton.tsx"
import { count } from "./quote.ts"
import { useResult } from "./result-context.ts"
import { VirtualList } from "./VirtualList.tsx"

const MOST = 20_000

export function TraceView({ request }: { readonly request: EvaluateRequest }) {
  const engine = useEngine()
  const { run, leadsTo } = useResult()
  const [trace, setTrace] = useState<RunTrace | "waiting" | "stopped" | null>(null)
  const observed = (request.options?.observe ?? 0) > 0

  useEffect(() => {
    if (!observed) return
    let gone = false
    setTrace("waiting")
    engine.trace(run).then(
      (found) => {
        if (!gone) setTrace(found)
      },
      () => {
        if (!gone) setTrace("stopped")
      },
    )
    return () => {
      gone = true
    }
  }, [engine, run, observed])

  const observe = async (): Promise<void> => {
    setTrace("waiting")
    try {
      const again = await engine.evaluate({ ...request, options: { ...request.options, observe: MOST } })
      setTrace(await engine.trace(again.run))
      engine.release(again.run)
    } catch {
      setTrace("stopped")
    }
  }
  if (trace === "waiting") return <p role="status">Evaluating…</p>
  if (trace === null || trace === "stopped")
    return (
      <div className="trace-ask">
        {trace === "stopped" ? <p role="status">Stopped.</p> : null}
        <p>{`Runs the program once more and keeps its first ${MOST.toLocaleString("en")} steps: which thunks are forced, by what, and for how long.`}</p>
        <button type="button" onClick={() => void observe()}>
          Trace the evaluation
        </button>
      </div>
    )
  const { rows, cut } = trace
  return (
    <div className="filling">
      <p className="note">{`${count(rows.length, "step")}${cut ? ", and more that were not kept" : ""}; indented below what needed it`}</p>
      <VirtualList
        count={rows.length}
        label="Steps of the evaluation"
        height={24}
        render={(i) => {
          const row = rows[i]
          if (row === undefined) return null
          return (
            <div className="step-line" style={{ paddingLeft: `${0.6 + Math.min(row.depth, 30) * 0.8}rem` }}>
              <span className={row.failed ? "error" : "note"}>{row.kind === "force" ? "force" : "call"}</span> <code>{row.text}</code>{" "}
              <span className="note">{duration(row.milliseconds)}</span>{" "}
              {row.at === null ? null : leadsTo(row.at.file) ? <PlaceButton place={row.at} /> : <span className="note">of Nix itself</span>}
            </div>
          )
        }}
      />
    </div>
  )
}
