// Calling functions natively: lambdas, builtins, partial applications, functors.
// C++ Nix: eval.cc callFunction. The stepper's twin is stepper/call.ts; both use the same frames.

import type { Formal, LambdaExpr } from "../lang/expr.ts"
import { printIdentifier } from "../lang/identifier.ts"
import { Attrs } from "./attrs.ts"
import type { ArgKinds, PrimOp } from "./builtin.ts"
import { childCell } from "./closure/child.ts"
import { drive } from "./drive.ts"
import { NixError } from "./error.ts"
import { force, forceAttrs, forceBool, forceFunction, forceInt, forceList, forcePlainString, forceString, typeError } from "./force.ts"
import { showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import type { Shape } from "./shape.ts"
import { showType } from "./show-type.ts"
import type { Step } from "./step.ts"
import { runCall } from "./stepper/trampoline.ts"
import { suggestions } from "./text/levenshtein.ts"
import { type Cell, type Env, Lambda, type LambdaCode, NixFloat, PrimOpApp, PrimOpValue, type Value } from "./value.ts"

/** C++ Nix: StackOverflowError. */
export function tooDeep(pos: number): NixError {
  return new NixError("stack-overflow", "stack overflow; max-call-depth exceeded", pos)
}

export function lambdaName(expr: LambdaExpr): string {
  return expr.name ?? "anonymous lambda"
}

/** The two frames of a call, only with --show-trace (C++ Nix adds them only then). */
export function frameCall(rt: Runtime, e: unknown, code: LambdaCode, pos: number): void {
  if (e instanceof NixError && rt.showTrace) {
    const expr = code.expr
    e.frame(expr.pos, expr.name === null ? "while calling anonymous lambda" : `while calling '${expr.name}'`)
    if (pos !== 0) e.frame(pos, "from call site")
  }
}

/** Calls a function with one argument: the hot path. */
export function call1(rt: Runtime, fun: Value, arg: Cell, pos: number): Value {
  if (!(fun instanceof Lambda)) {
    if (rt.stack <= rt.stackLimit) {
      if (fun instanceof PrimOpValue) {
        if (fun.op.direct && fun.op.arity === 1) return callPrimOp1(rt, fun.op, arg, pos)
      } else if (fun instanceof PrimOpApp && fun.op.direct && fun.op.arity === 2)
        return callPrimOp2(rt, fun.op, fun.args[0] as Cell, arg, pos)
    }
    return callFunction(rt, fun, [arg], pos)
  }
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  if (stack > rt.stackLimit) return runCall(rt, fun, [arg], pos)
  if (--rt.fuel < 0) rt.refuel()
  const code = fun.code
  rt.depth = depth + 1
  rt.stack = stack + code.body.weight
  let value: Value
  if (code.hasFormals) {
    const env = bindFormals(rt, fun, arg, pos)
    try {
      value = code.body.run(rt, env)
    } catch (e) {
      frameCall(rt, e, code, pos)
      throw e
    }
  } else {
    try {
      value = code.body.run(rt, [fun.env, arg])
    } catch (e) {
      frameCall(rt, e, code, pos)
      throw e
    }
  }
  rt.depth = depth
  rt.stack = stack
  return value
}

/** Calls a function with two arguments; a lambda `x: y: …` without a value between. */
export function call2(rt: Runtime, fun: Value, a: Cell, b: Cell, pos: number): Value {
  if (!(fun instanceof Lambda)) {
    if (fun instanceof PrimOpValue && fun.op.direct && fun.op.arity === 2 && rt.stack <= rt.stackLimit)
      return callPrimOp2(rt, fun.op, a, b, pos)
    return callFunction(rt, fun, [a, b], pos)
  }
  const outer = fun.code
  const inner = outer.inner
  if (inner === null || outer.hasFormals || inner.hasFormals) return callFunction(rt, fun, [a, b], pos)
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  if (stack > rt.stackLimit) return runCall(rt, fun, [a, b], pos)
  if (--rt.fuel < 0) rt.refuel()
  rt.depth = depth + 1
  rt.stack = stack + inner.body.weight
  let value: Value
  try {
    value = inner.body.run(rt, [[fun.env, a], b])
  } catch (e) {
    frameCall(rt, e, inner, pos)
    throw e
  }
  rt.depth = depth
  rt.stack = stack
  return value
}

/** Calls any value with any number of arguments (C++ Nix: callFunction). */
export function callFunction(rt: Runtime, fun: Value, args: readonly Cell[], pos: number): Value {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  if (stack > rt.stackLimit) return runCall(rt, fun, args, pos)
  rt.depth = depth + 1
  let cur = fun
  let i = 0
  while (i < args.length) {
    if (cur instanceof Lambda) {
      if (--rt.fuel < 0) rt.refuel()
      const code: LambdaCode = cur.code
      const arg = args[i++] as Cell
      const env: Env = code.hasFormals ? bindFormals(rt, cur, arg, pos) : [cur.env, arg]
      rt.stack = stack + code.body.weight + 200
      try {
        cur = code.body.run(rt, env)
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
      const all = have.length === 0 && missing === args.length ? args : have.concat(args.slice(i, i + missing))
      i += missing
      rt.stack = stack + 900
      cur = callPrimOp(rt, op, all, pos)
    } else if (cur instanceof Attrs && cur.has("__functor")) {
      const functor = cur.get("__functor") as Cell
      const at = cur.posOf("__functor")
      rt.stack = stack + 400
      try {
        cur = callFunction(rt, force(rt, functor, at), [cur, args[i++] as Cell], at)
      } catch (e) {
        if (e instanceof NixError) e.frame(pos, functorFrame)
        throw e
      }
    } else throw notAFunction(rt, cur, pos)
  }
  rt.depth = depth
  rt.stack = stack
  return cur
}

export const functorFrame = "while calling a functor (an attribute set with a '__functor' attribute)"

export function notAFunction(rt: Runtime, v: Value, pos: number): NixError {
  return new NixError("type", `attempt to call something which is not a function but ${showType(v)}: ${showValue(rt, v)}`, pos)
}

/** Builds the environment of a `{ a, b ? c, ... }@x:` call, forcing the argument. */
function bindFormals(rt: Runtime, fun: Lambda, arg: Cell, pos: number): Env {
  let set: Attrs
  try {
    set = forceAttrs(rt, arg, fun.code.expr.pos, "while evaluating the value passed for the lambda argument")
  } catch (e) {
    if (pos !== 0 && e instanceof NixError) e.frame(pos, "from call site")
    throw e
  }
  return matchFormals(rt, fun, arg, set, pos)
}

/** Matches a forced set against the formals; defaults become thunks. Shared with the stepper. */
export function matchFormals(rt: Runtime, fun: Lambda, arg: Cell, set: Attrs, pos: number): Env {
  const expr = fun.code.expr
  const formals = expr.sortedFormals ?? []
  // Exactly as long as it gets: growing arrays cost time and leave spare room in every environment.
  const env = new Array(formals.length + (expr.arg === null ? 1 : 2)) as unknown as Env
  env[0] = fun.env
  let slot = 1
  if (expr.arg !== null) env[slot++] = arg
  let used = 0
  const places = set.shape === null ? null : placesOf(fun.code, formals, set.shape)
  for (let i = 0; i < formals.length; i++) {
    const formal = formals[i] as (typeof formals)[number]
    let cell: Cell | undefined
    if (places === null) cell = set.get(formal.name)
    else if ((places[i] as number) >= 0) cell = set.at(places[i] as number)
    if (cell !== undefined) {
      used++
      env[slot++] = cell
    } else if (formal.fallback === null) {
      throw new NixError("type", `function '${lambdaName(expr)}' called without required argument '${formal.name}'`, expr.pos).frame(
        pos,
        "from call site",
      )
    } else {
      // Later formals are not there yet for a default that is a bare variable: it becomes a thunk, as in Nix.
      env[slot] = childCell(rt, formal.fallback, env)
      slot++
    }
  }
  if (used !== set.size && expr.formals !== null && !expr.formals.ellipsis) throw unexpectedArgument(rt, expr, set, pos)
  return env
}

/** Where in a shape the formals are; sets of the same shape come again and again. */
function placesOf(code: LambdaCode, formals: readonly Formal[], shape: Shape): readonly number[] {
  if (shape !== code.argShape) {
    code.places = formals.map((formal) => shape.find(formal.name))
    code.argShape = shape
  }
  return code.places
}

function unexpectedArgument(rt: Runtime, expr: LambdaExpr, set: Attrs, pos: number): NixError {
  const known = new Set((expr.sortedFormals ?? []).map((f) => f.name))
  const name = set.symbolNames(rt.symbols).find((n) => !known.has(n)) ?? ""
  return new NixError(
    "type",
    `function '${lambdaName(expr)}' called with unexpected argument '${printIdentifier(name)}'`,
    expr.pos,
    suggestions([...known], name),
  ).frame(pos, "from call site")
}

/** Forces an argument to its declared kind. */
export function forceKind(rt: Runtime, cell: Cell, kind: keyof ArgKinds, pos: number, frame: string): ArgKinds[keyof ArgKinds] {
  switch (kind) {
    case "lazy":
      return cell
    case "any":
      return force(rt, cell, pos)
    case "attrs":
      return forceAttrs(rt, cell, pos, frame)
    case "list":
      return forceList(rt, cell, pos, frame)
    case "int":
      return forceInt(rt, cell, pos, frame)
    case "string":
      return forceString(rt, cell, pos, frame)
    case "plain":
      return forcePlainString(rt, cell, pos, frame)
    case "function":
      return forceFunction(rt, cell, pos, frame)
    case "bool":
      return forceBool(rt, cell, pos, frame)
    case "number":
      try {
        const v = force(rt, cell, pos)
        if (typeof v === "number" || typeof v === "bigint" || v instanceof NixFloat) return v
        throw typeError(rt, "an integer", v, pos)
      } catch (e) {
        if (e instanceof NixError) e.frame(pos, frame)
        throw e
      }
  }
}

/** The type of a builtin's code once the argument types are forgotten. */
export type AnyRun = (rt: Runtime, ...args: unknown[]) => Value
export type AnyStep = (rt: Runtime, ...args: unknown[]) => Step<Value>

/** Forces argument `n` of a builtin to its declared kind. */
function forceArg(rt: Runtime, op: PrimOp, n: number, cell: Cell): unknown {
  const kind = (op.args[n] as PrimOp["args"][number])[1]
  return kind === "lazy" ? cell : kind === "any" ? force(rt, cell, 0) : forceKind(rt, cell, kind, 0, op.frames[n] as string)
}

/** Calls a builtin with exactly its arguments. */
export function callPrimOp(rt: Runtime, op: PrimOp, args: readonly Cell[], pos: number): Value {
  try {
    if (op.run !== null && op.inOrder) {
      // The casts restore what builtin() forgot: the arguments are of the declared kinds.
      const run = op.run as AnyRun
      switch (op.arity) {
        case 1:
          return run(rt, forceArg(rt, op, 0, args[0] as Cell), pos)
        case 2: {
          const a = forceArg(rt, op, 0, args[0] as Cell)
          return run(rt, a, forceArg(rt, op, 1, args[1] as Cell), pos)
        }
      }
    }
    const forced: unknown[] = args.slice()
    for (const n of op.order) forced[n] = forceArg(rt, op, n, args[n] as Cell)
    forced.push(pos)
    const value = op.run !== null ? (op.run as AnyRun)(rt, ...forced) : drive(rt, (op.step as AnyStep)(rt, ...forced))
    if (rt.credit < 0) spendOn(rt, value as Value)
    return value as Value
  } catch (e) {
    if (op.frame && e instanceof NixError) e.frame(pos, `while calling the '${op.name}' builtin`)
    throw e
  }
}

/** What a builtin has charged stands mostly for what it has made (see live-meter.ts). */
export function spendOn(rt: Runtime, value: Value): void {
  if (typeof value === "object" && value !== null) rt.spend(value)
}

/** The same for one argument, with the call's bookkeeping: the short way of call1. */
function callPrimOp1(rt: Runtime, op: PrimOp, arg: Cell, pos: number): Value {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  rt.depth = depth + 1
  rt.stack = stack + 700
  let value: Value
  try {
    value = (op.run as AnyRun)(rt, forceArg(rt, op, 0, arg), pos)
  } catch (e) {
    if (op.frame && e instanceof NixError) e.frame(pos, `while calling the '${op.name}' builtin`)
    throw e
  }
  rt.depth = depth
  rt.stack = stack
  if (rt.credit < 0) spendOn(rt, value)
  return value
}

/** The same for two arguments: the short way of call2. */
function callPrimOp2(rt: Runtime, op: PrimOp, a: Cell, b: Cell, pos: number): Value {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  const stack = rt.stack
  rt.depth = depth + 1
  rt.stack = stack + 700
  let value: Value
  try {
    if (op.inOrder) {
      const x = forceArg(rt, op, 0, a)
      value = (op.run as AnyRun)(rt, x, forceArg(rt, op, 1, b), pos)
    } else {
      const y = forceArg(rt, op, 1, b)
      value = (op.run as AnyRun)(rt, forceArg(rt, op, 0, a), y, pos)
    }
  } catch (e) {
    if (op.frame && e instanceof NixError) e.frame(pos, `while calling the '${op.name}' builtin`)
    throw e
  }
  rt.depth = depth
  rt.stack = stack
  if (rt.credit < 0) spendOn(rt, value)
  return value
}
