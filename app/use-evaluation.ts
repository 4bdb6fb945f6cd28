// One evaluation after another: run, stop, and what came of it.

import { useCallback, useRef, useState } from "react"
import { EngineStopped, type Evaluated } from "../engine/worker/client.ts"
import { useEngine } from "./engine-context.ts"

/** A result and the text it is of. */
export interface Shown {
  readonly expr: string
  readonly evaluated: Evaluated
}

/** What the engine is at with the text, "stopped" until the next evaluation. */
export type Progress =
  | { readonly kind: "idle" }
  | { readonly kind: "running"; readonly since: number }
  | { readonly kind: "stopped"; readonly why: string }

export interface Evaluation {
  readonly progress: Progress
  /** The last result; it stays until the next one is there, and its rows can be opened when an evaluation was stopped. */
  readonly shown: Shown | null
  /** Evaluates a text; resolves when it is over, however it ends. */
  run(expr: string): Promise<void>
  /** Stops whatever the engine does. */
  stop(): void
}

/** Evaluates expressions with the page's engine; a new result releases the last one. */
export function useEvaluation(): Evaluation {
  const engine = useEngine()
  const [progress, setProgress] = useState<Progress>({ kind: "idle" })
  const [shown, setShown] = useState<Shown | null>(null)
  const turn = useRef(0)
  const last = useRef<number | null>(null)

  const run = useCallback(
    async (expr: string) => {
      const mine = ++turn.current
      // A busy worker reads no messages: the only way to the new text is a new worker.
      if (engine.busy()) engine.stop()
      // The new text has the whole memory limit.
      if (last.current !== null) engine.park(last.current)
      setProgress({ kind: "running", since: Date.now() })
      try {
        const evaluated = await engine.evaluate({ expr })
        if (mine !== turn.current) return
        if (last.current !== null) engine.release(last.current)
        last.current = evaluated.run
        setShown({ expr, evaluated })
        setProgress({ kind: "idle" })
      } catch (e) {
        if (mine !== turn.current) return
        const why = e instanceof Error ? e.message : String(e)
        setProgress({ kind: "stopped", why: e instanceof EngineStopped ? why : `the engine failed: ${why}` })
      }
    },
    [engine],
  )
  const stop = useCallback(() => engine.stop(), [engine])
  return { progress, shown, run, stop }
}
