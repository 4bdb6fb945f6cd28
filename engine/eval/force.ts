// Forcing: the step from a cell to a value, with black holes, remembered failures and Nix's type errors.
// C++ Nix: eval-inline.hh forceValue, eval.cc handleEvalExceptionForThunk, forceInt and its like.

import type { Attrs } from "./attrs.ts"
import { Attrs as AttrsClass } from "./attrs.ts"
import type { Text } from "./builtin.ts"
import { call1, call2, callFunction } from "./call.ts"
import { displayContextElem, sortedContext } from "./context.ts"
import { NixError } from "./error.ts"
import { showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import { runForce } from "./stepper/trampoline.ts"
import {
  APPLY,
  BLACKHOLE,
  type Cell,
  type Code,
  type Content,
  EAGER,
  type Env,
  FAILED,
  isState,
  Lambda,
  type List,
  NixFloat,
  NixString,
  PrimOpApp,
  PrimOpValue,
  Thunk,
  type Value,
} from "./value.ts"

/** The value of a cell; `pos` is where it is needed (0 if unknown). */
export function force(rt: Runtime, cell: Cell, pos: number): Value {
  return cell instanceof Thunk ? (cell.code === null ? (cell.content as Value) : forceThunk(rt, cell, pos)) : cell
}

/** The same for an attribute of a set: an error is where the attribute is defined, `pos` if that is unknown. */
export function forceAttr(rt: Runtime, cell: Cell, set: Attrs, name: string, pos: number): Value {
  if (!(cell instanceof Thunk)) return cell
  const code = cell.code
  if (code === null) return cell.content as Value
  return forceThunk(rt, cell, isState(code) ? set.posOf(name) || pos : pos)
}

/** Forces a thunk that is not done yet. */
export function forceThunk(rt: Runtime, thunk: Thunk, pos: number): Value {
  const code = thunk.code
  if (code === null) return thunk.content as Value
  const stack = rt.stack
  if (stack > rt.stackLimit && code !== EAGER) return runForce(rt, thunk, pos)
  const env = thunk.content
  const owner = rt.current
  let value: Value
  if (code === APPLY) {
    // C++ Nix leaves an application in place while it runs: no black hole.
    const app = env as readonly Cell[]
    rt.current = thunk
    rt.stack = stack + APPLY.weight
    const depth = rt.depth
    try {
      const fun = force(rt, app[0] as Cell, pos)
      value =
        app.length === 2
          ? call1(rt, fun, app[1] as Cell, pos)
          : app.length === 3
            ? call2(rt, fun, app[1] as Cell, app[2] as Cell, pos)
            : callFunction(rt, fun, app.slice(1), pos)
    } catch (e) {
      rt.stack = stack
      rt.depth = depth
      rt.current = owner
      throw failApply(rt, thunk, env, e)
    }
  } else if (code === EAGER || code === FAILED || code === BLACKHOLE) {
    return forceSpecial(thunk, pos)
  } else {
    thunk.code = BLACKHOLE
    rt.current = thunk
    rt.stack = stack + code.weight
    const depth = rt.depth
    try {
      value = code.run(rt, env as Env)
    } catch (e) {
      rt.stack = stack
      rt.depth = depth
      rt.current = owner
      throw failThunk(rt, thunk, code, env, e)
    }
  }
  rt.stack = stack
  rt.current = owner
  thunk.code = null
  thunk.content = value
  if (rt.longText !== 0) rt.ownText(thunk, value)
  return value
}

/** Forces a thunk whose `code` is a state. Shared with the stepper. */
export function forceSpecial(thunk: Thunk, pos: number): Value {
  if (thunk.code === EAGER) {
    thunk.code = null
    return thunk.content as Value
  }
  if (thunk.code === FAILED) throw (thunk.content as NixError).clone()
  const e = new NixError("infinite-recursion", "infinite recursion encountered", pos)
  e.cycle = thunk
  throw e
}

/**
 * A thunk's code has thrown: remembers a Nix error in it, restores it for anything else (waiting, stops, errors that are met before
 * their turn), so that it can be forced again. Returns what is to be thrown on.
 */
export function failThunk(rt: Runtime, thunk: Thunk, code: Code, content: Content, e: unknown): unknown {
  if (e instanceof NixError && !rt.ahead.isLooking) {
    // The frame marks where the evaluation enters the cycle: at the first force of the black hole.
    if (e.cycle === thunk) e.frameAlways(0, "entering the infinite recursion")
    thunk.code = FAILED
    thunk.content = e
    return e
  }
  thunk.code = code
  thunk.content = content
  rt.filterRuns.undo(thunk)
  return e
}

/** The same for an application. */
export function failApply(rt: Runtime, thunk: Thunk, content: Content, e: unknown): unknown {
  if (e instanceof NixError && !rt.ahead.isLooking) {
    thunk.code = FAILED
    thunk.content = e
  } else {
    thunk.code = APPLY
    thunk.content = content
    rt.filterRuns.undo(thunk)
  }
  return e
}

/** "expected X but found Y: …" (C++ Nix: eval.cc, every force function). */
export function typeError(rt: Runtime, wanted: string, v: Value, pos: number): NixError {
  return new NixError("type", `expected ${wanted} but found ${showType(v)}: ${showValue(rt, v)}`, pos)
}

/** Forces to an integer. Errors get the frame `frame` at `pos`. */
export function forceInt(rt: Runtime, cell: Cell, pos: number, frame: string): number | bigint {
  try {
    const v = force(rt, cell, pos)
    if (typeof v === "number" || typeof v === "bigint") return v
    throw typeError(rt, "an integer", v, pos)
  } catch (e) {
    throw framed(e, pos, frame)
  }
}

/** Forces to a JavaScript number, from an integer or float. */
export function forceFloat(rt: Runtime, cell: Cell, pos: number, frame: string): number {
  try {
    const v = force(rt, cell, pos)
    if (typeof v === "number") return v
    if (typeof v === "bigint") return Number(v)
    if (v instanceof NixFloat) return v.value
    throw typeError(rt, "a float", v, pos)
  } catch (e) {
    throw framed(e, pos, frame)
  }
}

/** Forces to a Boolean. */
export function forceBool(rt: Runtime, cell: Cell, pos: number, frame: string): boolean {
  try {
    const v = force(rt, cell, pos)
    if (typeof v === "boolean") return v
    throw typeError(rt, "a Boolean", v, pos)
  } catch (e) {
    throw framed(e, pos, frame)
  }
}

/** Forces to a string with its context. */
export function forceString(rt: Runtime, cell: Cell, pos: number, frame: string): Text {
  try {
    const v = force(rt, cell, pos)
    if (typeof v === "string") return { text: v, context: null }
    if (v instanceof NixString) return v
    throw typeError(rt, "a string", v, pos)
  } catch (e) {
    throw framed(e, pos, frame)
  }
}

/** Forces to a string that must not refer to the store. */
export function forcePlainString(rt: Runtime, cell: Cell, pos: number, frame: string): string {
  if (typeof cell === "string") return cell
  const s = forceString(rt, cell, pos, frame)
  if (s.context !== null) throw refersToStore(s, pos, frame)
  return s.text
}

/** C++ Nix: forceStringNoCtx's error. */
export function refersToStore(s: Text, pos: number, frame: string): NixError {
  const first = sortedContext(s.context ?? [])[0]
  return new NixError(
    "eval",
    `the string '${s.text}' is not allowed to refer to a store path (such as '${first ? displayContextElem(first) : ""}')`,
    0,
  ).frame(pos, frame)
}

/** Forces to a set. Only the type error gets the frame (C++ Nix: forceAttrs). */
export function forceAttrs(rt: Runtime, cell: Cell, pos: number, frame: string): Attrs {
  const v = force(rt, cell, pos)
  if (v instanceof AttrsClass) return v
  throw typeError(rt, "a set", v, 0).frame(pos, frame)
}

/** Forces to a list. Only the type error gets the frame. */
export function forceList(rt: Runtime, cell: Cell, pos: number, frame: string): List {
  const v = force(rt, cell, pos)
  if (Array.isArray(v)) return v as List
  throw typeError(rt, "a list", v, 0).frame(pos, frame)
}

export function isFunction(v: Value): boolean {
  return v instanceof Lambda || v instanceof PrimOpValue || v instanceof PrimOpApp || (v instanceof AttrsClass && v.has("__functor"))
}

/** Forces to a function or functor set. */
export function forceFunction(rt: Runtime, cell: Cell, pos: number, frame: string): Value {
  try {
    const v = force(rt, cell, pos)
    if (isFunction(v)) return v
    throw typeError(rt, "a function", v, pos)
  } catch (e) {
    throw framed(e, pos, frame)
  }
}

/** Adds a frame to a Nix error; returns it for `throw`. */
export function framed(e: unknown, pos: number, frame: string): unknown {
  if (e instanceof NixError) e.frame(pos, frame)
  return e
}
