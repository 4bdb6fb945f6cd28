// Calling functions in the stepper: the twin of ../call.ts, with the same frames and errors.

import { Attrs } from "../attrs.ts"
import { frameCall, functorFrame, matchFormals, notAFunction, tooDeep } from "../call.ts"
import { NixError } from "../error.ts"
import { forceAttrs } from "../force.ts"
import type { Runtime } from "../runtime.ts"
import { type Cell, type Env, Lambda, type LambdaCode, PrimOpApp, PrimOpValue, Thunk, type Value } from "../value.ts"
import { opOf } from "./compile.ts"
import { forceCell, forceThunk } from "./force.ts"
import type { Frame, Machine } from "./machine.ts"
import { callPrimOp, callPrimOp1 } from "./primop.ts"

const argumentFrame = "while evaluating the value passed for the lambda argument"

/** Calls a cell, forcing it first. Returns undefined after suspending, like all of these. */
export function callCell(m: Machine, fun: Cell, args: readonly Cell[], pos: number): Value | undefined {
  const f = forceCell(m, fun, pos)
  if (f === undefined) {
    m.save(new FunctionFrame(args, pos))
    return undefined
  }
  return call(m, f, args, pos)
}

/** Calls any value with any number of arguments (C++ Nix: callFunction). */
export function call(m: Machine, fun: Value, args: readonly Cell[], pos: number): Value | undefined {
  switch (args.length) {
    case 1:
      return call1(m, fun, args[0] as Cell, pos)
    case 2:
      return call2(m, fun, args[0] as Cell, args[1] as Cell, pos)
  }
  const depth = m.rt.depth
  if (depth > m.rt.maxDepth) throw tooDeep(pos)
  return callFrom(m, fun, args, 0, depth, pos)
}

/** Calls a function with one argument: the hot path. */
export function call1(m: Machine, fun: Value, arg: Cell, pos: number): Value | undefined {
  const rt = m.rt
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (fun instanceof Lambda) {
    rt.depth = depth + 1
    return enter(m, fun, arg, depth, pos)
  }
  if (fun instanceof PrimOpValue && fun.op.arity === 1) {
    rt.depth = depth + 1
    return callPrimOp1(m, fun.op, arg, depth, pos)
  }
  return callFrom(m, fun, [arg], 0, depth, pos)
}

/** Calls a function with two arguments; a lambda `x: y: …` without a value between. */
export function call2(m: Machine, fun: Value, a: Cell, b: Cell, pos: number): Value | undefined {
  const rt = m.rt
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  if (fun instanceof Lambda) {
    const outer = fun.code
    const inner = outer.inner
    if (inner !== null && !outer.hasFormals && !inner.hasFormals) {
      if (--rt.fuel < 0) rt.refuel()
      rt.depth = depth + 1
      return runBody(m, inner, [[fun.env, a], b], depth, pos)
    }
  }
  return callFrom(m, fun, [a, b], 0, depth, pos)
}

/** Calls with the arguments from `from` on; `depth` is the call depth around the whole call. */
function callFrom(m: Machine, fun: Value, args: readonly Cell[], from: number, depth: number, pos: number): Value | undefined {
  const rt = m.rt
  let cur = fun
  let i = from
  while (i < args.length) {
    rt.depth = depth + 1
    let v: Value | undefined
    if (cur instanceof Lambda) v = enter(m, cur, args[i++] as Cell, depth, pos)
    else if (cur instanceof PrimOpValue || cur instanceof PrimOpApp) {
      const op: PrimOpValue["op"] = cur.op
      const have: readonly Cell[] = cur instanceof PrimOpApp ? cur.args : []
      const missing = op.arity - have.length
      if (args.length - i < missing) {
        rt.depth = depth
        return new PrimOpApp(op, have.concat(args.slice(i)))
      }
      const at = i
      i += missing
      v = callPrimOp(m, op, have, args, at, depth, pos)
    } else if (cur instanceof Attrs && cur.has("__functor")) v = callFunctor(m, cur, args[i++] as Cell, depth, pos)
    else {
      rt.depth = depth
      throw notAFunction(rt, cur, pos)
    }
    if (v === undefined) {
      if (i < args.length) m.save(new RestFrame(args, i, depth, pos))
      return undefined
    }
    cur = v
  }
  rt.depth = depth
  return cur
}

/** Calls a lambda with its argument; the call is counted already, and `depth` is restored behind it. */
function enter(m: Machine, fun: Lambda, arg: Cell, depth: number, pos: number): Value | undefined {
  const rt = m.rt
  if (--rt.fuel < 0) rt.refuel()
  const code = fun.code
  if (!code.hasFormals) return runBody(m, code, [fun.env, arg], depth, pos)
  if (arg instanceof Thunk && arg.code !== null) {
    let v: Value | undefined
    try {
      v = forceThunk(m, arg, code.expr.pos)
    } catch (e) {
      throw frameSite(e, pos)
    }
    if (v === undefined) {
      m.save(new FormalsFrame(fun, arg, depth, pos))
      return undefined
    }
  }
  return runBody(m, code, bindForced(rt, fun, arg, pos), depth, pos)
}

/** The environment of a call whose argument is forced; checks that it is a set. */
function bindForced(rt: Runtime, fun: Lambda, arg: Cell, pos: number): Env {
  let set: Attrs
  try {
    set = forceAttrs(rt, arg, fun.code.expr.pos, argumentFrame)
  } catch (e) {
    throw frameSite(e, pos)
  }
  return matchFormals(rt, fun, arg, set, pos)
}

function frameSite(e: unknown, pos: number): unknown {
  if (pos !== 0 && e instanceof NixError) e.frame(pos, "from call site")
  return e
}

/** Runs a lambda's body in its environment. */
function runBody(m: Machine, code: LambdaCode, env: Env, depth: number, pos: number): Value | undefined {
  const used = m.used
  let value: Value | undefined
  if (used > m.span || --m.turns < 0) value = m.goal(opOf(code.body), env)
  else {
    m.used = used + code.body.weight
    try {
      value = opOf(code.body)(m, env)
    } catch (e) {
      m.rt.depth = depth
      frameCall(m.rt, e, code, pos)
      throw e
    }
  }
  if (value === undefined) {
    m.save(new CallFrame(code, depth, pos))
    return undefined
  }
  m.used = used
  m.rt.depth = depth
  return value
}

/** A set with `__functor`: that is called with the set and the argument. */
function callFunctor(m: Machine, set: Attrs, arg: Cell, depth: number, pos: number): Value | undefined {
  const rt = m.rt
  const at = set.posOf("__functor")
  const used = m.used
  m.used = used + 400
  let value: Value | undefined
  try {
    value = callCell(m, set.get("__functor") as Cell, [set, arg], at)
  } catch (e) {
    rt.depth = depth
    if (e instanceof NixError) e.frame(pos, functorFrame)
    throw e
  }
  if (value === undefined) {
    m.save(new FunctorFrame(depth, pos))
    return undefined
  }
  m.used = used
  rt.depth = depth
  return value
}

/** A function is being forced. */
class FunctionFrame implements Frame {
  up: Frame | null = null
  private readonly args: readonly Cell[]
  private readonly pos: number

  constructor(args: readonly Cell[], pos: number) {
    this.args = args
    this.pos = pos
  }

  resume(m: Machine, value: unknown): unknown {
    return call(m, value as Value, this.args, this.pos)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}

/** A body is running. */
class CallFrame implements Frame {
  up: Frame | null = null
  private readonly code: LambdaCode
  private readonly depth: number
  private readonly pos: number

  constructor(code: LambdaCode, depth: number, pos: number) {
    this.code = code
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, value: unknown): unknown {
    m.rt.depth = this.depth
    return value
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    frameCall(m.rt, error, this.code, this.pos)
    return error
  }
}

/** The argument of a lambda with formals is being forced. */
class FormalsFrame implements Frame {
  up: Frame | null = null
  private readonly fun: Lambda
  private readonly arg: Cell
  private readonly depth: number
  private readonly pos: number

  constructor(fun: Lambda, arg: Cell, depth: number, pos: number) {
    this.fun = fun
    this.arg = arg
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, _value: unknown): unknown {
    return runBody(m, this.fun.code, bindForced(m.rt, this.fun, this.arg, this.pos), this.depth, this.pos)
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    return frameSite(error, this.pos)
  }
}

/** More arguments are left: what comes is the function that takes them. */
class RestFrame implements Frame {
  up: Frame | null = null
  private readonly args: readonly Cell[]
  private readonly from: number
  private readonly depth: number
  private readonly pos: number

  constructor(args: readonly Cell[], from: number, depth: number, pos: number) {
    this.args = args
    this.from = from
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, value: unknown): unknown {
    return callFrom(m, value as Value, this.args, this.from, this.depth, this.pos)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}

/** A `__functor` is being called. */
class FunctorFrame implements Frame {
  up: Frame | null = null
  private readonly depth: number
  private readonly pos: number

  constructor(depth: number, pos: number) {
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, value: unknown): unknown {
    m.rt.depth = this.depth
    return value
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    if (error instanceof NixError) error.frame(this.pos, functorFrame)
    return error
  }
}
