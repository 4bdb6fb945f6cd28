// Two workspaces evaluated side by side in the page's engine, and forgotten when nobody looks any more.

import { useEffect, useState } from "react"
import { useEngine } from "../engine-context.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { comparedRequest } from "./compared.ts"
import { compareValues, type ValueComparison } from "./value-difference.ts"

export type Comparison =
  | { readonly kind: "waiting" }
  | { readonly kind: "stopped"; readonly why: string }
  | { readonly kind: "done"; readonly found: ValueComparison; readonly leftRun: number; readonly rightRun: number }

/** Evaluates and compares once `wanted` is true. */
export function useComparison(left: Workspace, right: Workspace, wanted: boolean): Comparison {
  const engine = useEngine()
  const [comparison, setComparison] = useState<Comparison>({ kind: "waiting" })
  const [begun, setBegun] = useState(false)
  // What was begun goes on while the user looks at the texts again.
  if (wanted && !begun) setBegun(true)
  useEffect(() => {
    if (!begun) return
    let gone = false
    let over = false
    const runs: number[] = []
    const compare = async (): Promise<Comparison> => {
      const first = await engine.evaluate(comparedRequest(left))
      runs.push(first.run)
      const second = await engine.evaluate(comparedRequest(right))
      runs.push(second.run)
      return { kind: "done", found: await compareValues(engine, first, second), leftRun: first.run, rightRun: second.run }
    }
    compare()
      .catch((e: unknown): Comparison => ({ kind: "stopped", why: e instanceof Error ? e.message : String(e) }))
      .then((result) => {
        over = true
        if (!gone) setComparison(result)
        else for (const run of runs) engine.release(run)
      })
    return () => {
      gone = true
      // A program that takes its time shall not keep the engine from what the user does next.
      if (!over) engine.stop()
      for (const run of runs.splice(0)) engine.release(run)
    }
  }, [engine, left, right, begun])
  return comparison
}
