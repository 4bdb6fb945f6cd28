// The stepper's twin of call.ts: the same calls, frames and errors, with the frames on the heap.

import { Attrs } from "../attrs.ts"
import type { PrimOp } from "../builtin.ts"
import { type AnyRun, type AnyStep, forceKind, frameCall, functorFrame, matchFormals, notAFunction, tooDeep } from "../call.ts"
import { NixError, Pending } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import type { Request, Step } from "../step.ts"
import { type Cell, type Env, Lambda, PrimOpApp, PrimOpValue, Thunk, type Value } from "../value.ts"
import { stepEval, stepForce } from "./stepper.ts"

const attrsFrame = "while evaluating the value passed for the lambda argument"

/** Calls a value (C++ Nix: callFunction). */
export function* stepCall(rt: Runtime, fun: Value, args: readonly Cell[], pos: number): Step<Value> {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  try {
    let cur = fun
    let i = 0
    while (i < args.length) {
      if (cur instanceof Lambda) {
        if (--rt.fuel < 0) rt.refuel()
        const code: Lambda["code"] = cur.code
        const arg = args[i++] as Cell
        let env: Env
        if (code.hasFormals) {
          try {
            if (arg instanceof Thunk && arg.code !== null) yield stepForce(rt, arg, code.expr.pos)
            forceKind(rt, arg, "attrs", code.expr.pos, attrsFrame)
          } catch (e) {
            if (pos !== 0 && e instanceof NixError) e.frame(pos, "from call site")
            throw e
          }
          // forceKind has made sure that it is a set.
          env = matchFormals(rt, cur, arg, (arg instanceof Thunk ? arg.value : arg) as Attrs, pos)
        } else env = [cur.env, arg]
        try {
          cur = (yield stepEval(rt, code.expr.body, env)) as Value
        } catch (e) {
          frameCall(rt, e, code, pos)
          throw e
        }
      } else if (cur instanceof PrimOpValue || cur instanceof PrimOpApp) {
        const op: PrimOp = cur.op
        const have: readonly Cell[] = cur instanceof PrimOpApp ? cur.args : []
        const missing = op.arity - have.length
        if (args.length - i < missing) {
          cur = new PrimOpApp(op, have.concat(args.slice(i)))
          break
        }
        const all = have.concat(args.slice(i, i + missing))
        i += missing
        cur = (yield stepPrimOp(rt, op, all, pos)) as Value
      } else if (cur instanceof Attrs && cur.has("__functor")) {
        const at: number = cur.posOf("__functor")
        const functor = cur.get("__functor") as Cell
        try {
          cur = (yield stepCallCell(rt, functor, [cur, args[i++] as Cell], at)) as Value
        } catch (e) {
          if (e instanceof NixError) e.frame(pos, functorFrame)
          throw e
        }
      } else throw notAFunction(rt, cur, pos)
    }
    return cur
  } finally {
    rt.depth = depth
  }
}

/** Calls a cell, forcing it first. */
export function* stepCallCell(rt: Runtime, fun: Cell, args: readonly Cell[], pos: number): Step<Value> {
  const f = fun instanceof Thunk ? ((yield stepForce(rt, fun, pos)) as Value) : fun
  return (yield stepCall(rt, f, args, pos)) as Value
}

/** Calls a builtin with exactly its arguments; a host that has to wait is asked again. */
function* stepPrimOp(rt: Runtime, op: PrimOp, args: readonly Cell[], pos: number): Step<Value> {
  try {
    const forced: unknown[] = args.slice()
    for (const n of op.order) {
      const spec = op.args[n] as PrimOp["args"][number]
      if (spec[1] === "lazy") continue
      const cell = args[n] as Cell
      const frame = op.frames[n] as string
      if (cell instanceof Thunk && cell.code !== null) {
        try {
          yield stepForce(rt, cell, 0)
        } catch (e) {
          // The kinds whose forcing adds the frame to inner errors too (force.ts).
          const kind = spec[1]
          if (e instanceof NixError && kind !== "any" && kind !== "attrs" && kind !== "list") e.frame(0, frame)
          throw e
        }
      }
      forced[n] = forceKind(rt, cell, spec[1], 0, frame)
    }
    forced.push(pos)
    for (;;) {
      try {
        if (op.step !== null) return (yield (op.step as AnyStep)(rt, ...forced)) as Value
        return (op.run as AnyRun)(rt, ...forced)
      } catch (e) {
        if (!(e instanceof Pending)) throw e
        // Nothing was changed by the builtin yet: wait here, then ask again.
        yield e as unknown as Request
      }
    }
  } catch (e) {
    if (op.frame && e instanceof NixError) e.frame(pos, `while calling the '${op.name}' builtin`)
    throw e
  }
}
