// What else evaluation can begin while something takes long (a build that a value needs): what stands beside the value is evaluated
// too, so that independent builds go on side by side. Nothing of it is an answer yet: errors are met again in their turn (ahead.ts).

import type { Expr } from "../lang/expr.ts"
import { Attrs } from "./attrs.ts"
import { codeOf } from "./closure/child.ts"
import { NixError, Pending } from "./error.ts"
import { force } from "./force.ts"
import type { Runtime } from "./runtime.ts"
import { type Cell, type Env, isList, Thunk } from "./value.ts"

/**
 * Does pieces of work that come after one that has to wait, each as far as it gets; gives what to throw: as soon as any of them can go
 * on, all is asked again. Only for what takes long, else the wait itself is given.
 */
export function lookAhead(rt: Runtime, pending: Pending, work: Iterable<() => unknown>): Pending {
  if (!pending.isLong) return pending
  const waits = [pending.ready]
  const { depth, stack, current } = rt
  for (const piece of work) {
    if (!rt.ahead.take()) break
    rt.ahead.enter()
    try {
      piece()
    } catch (e) {
      rt.depth = depth
      rt.stack = stack
      rt.current = current
      if (e instanceof Pending) waits.push(e.ready)
      else if (!(e instanceof NixError)) throw e
    } finally {
      rt.ahead.leave()
    }
  }
  return waits.length === 1 ? pending : new Pending(Promise.race(waits), true)
}

/** Expressions that are evaluated after one that may have to wait: those from the `from`th on. */
export interface Later {
  readonly parts: readonly { readonly expr: Expr }[]
  readonly from: number
}

/** What to throw for what was thrown while an operand was evaluated: if it waits for long, the operands after it are begun. */
export function lookBeside(rt: Runtime, thrown: unknown, { parts, from }: Later, env: Env): unknown {
  if (!(thrown instanceof Pending && thrown.isLong)) return thrown
  return lookAhead(
    rt,
    thrown,
    parts.slice(from).map(
      ({ expr }) =>
        () =>
          force(rt, new Thunk(codeOf(expr), env), 0),
    ),
  )
}

/** What to throw for what was thrown while the attribute `key` of a derivation was read: if it waits for long, what follows is begun. */
export function lookPast(rt: Runtime, thrown: unknown, attrs: Attrs, key: string): unknown {
  if (!(thrown instanceof Pending && thrown.isLong)) return thrown
  const names = attrs.sortedNames()
  // It may be a list itself, whose first element has to wait.
  const after = names.slice(names.indexOf(key))
  return lookAhead(
    rt,
    thrown,
    after.map((name) => () => lookInto(rt, attrs.get(name) as Cell)),
  )
}

/** Evaluates what a derivation would take of a value: itself, the path of a set, the elements of a list. */
function lookInto(rt: Runtime, cell: Cell): void {
  const value = force(rt, cell, 0)
  const out = value instanceof Attrs ? value.get("outPath") : undefined
  if (out !== undefined) force(rt, out, 0)
  if (!isList(value)) return
  for (let i = 0; i < value.length; i++) {
    try {
      lookInto(rt, value[i] as Cell)
    } catch (e) {
      if (!(e instanceof Pending)) throw e
      throw lookAhead(
        rt,
        e,
        value.slice(i + 1).map((other) => () => lookInto(rt, other)),
      )
    }
  }
}
