// `builtins.trace` must print exactly once, although waiting (`Pending`) undoes thunks and runs them again.
// What is printed belongs to the innermost thunk in progress; when that very thunk is undone, the next run
// of it skips as many lines as it has printed already (evaluation is deterministic, so they are the same).

import type { Runtime } from "./runtime.ts"
import type { Thunk } from "./value.ts"

/** Prints a line for the user, unless an undone run of the same thunk has printed it already. */
export function logOnce(rt: Runtime, line: string): void {
  const owner = rt.current
  const n = (rt.traced.get(owner) ?? 0) + 1
  rt.traced.set(owner, n)
  if (n > (rt.replayed.get(owner) ?? 0)) rt.host.log(line)
}

/** A thunk (or null: the root) is undone: what it has printed will be skipped next time, what its filters have decided is kept. */
export function undoTraces(rt: Runtime, owner: Thunk | null): void {
  rt.filterRuns.undo(owner)
  const n = rt.traced.get(owner)
  if (n === undefined) return
  rt.traced.delete(owner)
  rt.replayed.set(owner, Math.max(n, rt.replayed.get(owner) ?? 0))
}
