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
  run(expr: string): void
  stop(): void
}

/** Evaluates expressions with the page's engine; a new run releases the last one. */
export function useEvaluation(): Evaluation {
  const engine = useEngine()
  const [outcome, setOutcome] = useState<Outcome>({ kind: "none" })
  const turn = useRef(0)
  const last = useRef<number | null>(null)
  const busy = useRef(false)

  const run = useCallback(
    (expr: string) => {
      const mine = ++turn.current
      // A busy worker reads no messages: the only way to the new text is a new worker.
      if (busy.current) {
        engine.stop()
        last.current = null
      }
      busy.current = true
      setOutcome({ kind: "running", since: Date.now() })
      if (last.current !== null) engine.release(last.current).catch(() => {})
      last.current = null
      engine.evaluate({ expr }).then(
        (result) => {
          if (mine !== turn.current) return
          busy.current = false
          last.current = result.run
          setOutcome({ kind: "done", result })
        },
        (e: unknown) => {
          if (mine !== turn.current) return
          busy.current = false
          const why = e instanceof Error ? e.message : String(e)
          setOutcome({ kind: "stopped", why: e instanceof EngineStopped ? why : `The engine failed: ${why}` })
        },
      )
    },
    [engine],
  )
  const stop = useCallback(() => {
    last.current = null
    engine.stop()
  }, [engine])
  return { outcome, run, stop }
}
