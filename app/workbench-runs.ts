// Evaluations of the open workspace: one at a time, the newest counts.

import type { StoreApi } from "zustand/vanilla"
import { EngineStopped, type EvaluateRequest } from "../engine/worker/client.ts"
import type { EngineDesk } from "./engine-desk.ts"
import type { WorkbenchState } from "./workbench-state.ts"

/** The evaluations of a page's store. */
export function runsIn({ getState: get, setState: set }: StoreApi<WorkbenchState>, desk: EngineDesk) {
  let turn = 0
  let lastRun: number | null = null
  let took: number | null = null
  return {
    /** Evaluates and shows the result, unless another evaluation begins meanwhile. */
    async run(request: EvaluateRequest): Promise<void> {
      const mine = ++turn
      // A busy worker reads no messages: the only way to the new program is a new worker.
      if (desk.busy()) desk.stop()
      // The new program has the whole memory limit.
      if (lastRun !== null) desk.park(lastRun)
      const since = Date.now()
      set({ progress: { kind: "running", since } })
      try {
        const evaluated = await desk.evaluate(request)
        if (mine !== turn) return
        took = Date.now() - since
        if (lastRun !== null) desk.release(lastRun)
        lastRun = evaluated.run
        const { workspace, shown, selected } = get()
        // The same program again, a little changed: the node that was selected stays so where it is still there.
        const kept = shown === null || shown.workspace === workspace.id ? selected : null
        set({ shown: { workspace: workspace.id, request, evaluated }, progress: { kind: "idle" }, selected: kept })
      } catch (e) {
        if (mine !== turn) return
        const why = e instanceof Error ? e.message : String(e)
        set({ progress: { kind: "stopped", why: e instanceof EngineStopped ? why : `the engine failed: ${why}` } })
      }
    },
    /** What is under way is not wanted any more. */
    abandon(): void {
      ++turn
      if (desk.busy()) desk.stop()
    },
    /** Milliseconds that the last evaluation took; null before the first. */
    took: (): number | null => took,
  }
}
