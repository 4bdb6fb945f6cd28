// One evaluation after another: run, stop, and what came of it.

import { useCallback, useRef, useState } from "react"
import { EngineStopped, type Evaluated } from "../engine/worker/client.ts"
import { useEngine } from "./engine-context.ts"

export type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "running"; readonly since: number }
  | { readonly kind: "done"; readonly result: Evaluated }
  | { readonly kind: "stopped"; readonly why: string }

export interface Evaluation {
  readonly outcome: Outcome
  /** Evaluates a text; resolves when it is over, however it ends. */
  run(expr: string): Promise<void>
  /** Stops whatever the engine does; a result that is shown stays. */
  stop(): void
}

/** Evaluates expressions with the page's engine; a new run releases the last one. */
export function useEvaluation(): Evaluation {
  const engine = useEngine()
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" })
  const turn = useRef(0)
  const shown = useRef<number | null>(null)

  const run = useCallback(
    async (expr: string) => {
      const mine = ++turn.current
      // A busy worker reads no messages: the only way to the new text is a new worker.
      if (engine.busy()) engine.stop()
      setOutcome({ kind: "running", since: Date.now() })
      if (shown.current !== null) engine.release(shown.current)
      shown.current = null
      try {
        const result = await engine.evaluate({ expr })
        if (mine !== turn.current) return
        shown.current = result.run
        setOutcome({ kind: "done", result })
      } catch (e) {
        if (mine !== turn.current) return
        const why = e instanceof Error ? e.message : String(e)
        setOutcome({ kind: "stopped", why: e instanceof EngineStopped ? why : `the engine failed: ${why}` })
      }
    },
    [engine],
  )
  const stop = useCallback(() => engine.stop(), [engine])
  return { outcome, run, stop }
}
