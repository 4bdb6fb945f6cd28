// Values, cells and thunks. A value is in weak head normal form; a *cell* (what sets, lists and
// environments hold) is a value or a thunk. Plain JavaScript values stand for the frequent types:
//   integer   number while it is a safe integer, bigint beyond (see integer.ts)
//   boolean, null
//   string    a byte string (char codes 0–255); with a context a NixString
//   list      an array of cells, never changed once it is a value
// Cell identity is visible in Nix (`[f] == [f]`, «repeated»), so a finished thunk stays the cell.

import type { Expr, LambdaExpr } from "../lang/expr.ts"
import type { Attrs } from "./attrs.ts"
import type { PrimOp } from "./builtin.ts"
import type { Context } from "./context.ts"
import type { NixError } from "./error.ts"
import type { Runtime } from "./runtime.ts"
import type { Shape } from "./shape.ts"
import type { Op } from "./stepper/machine.ts"

export type Value =
  | number
  | bigint
  | boolean
  | null
  | string
  | NixFloat
  | NixString
  | NixPath
  | Attrs
  | List
  | Lambda
  | PrimOpValue
  | PrimOpApp

export type Cell = Value | Thunk
export type List = readonly Cell[]

/** There is one empty list cell (C++ Nix: Value::vEmptyList). */
export const EMPTY_LIST: List = Object.freeze([])

/** An environment: slot 0 is the enclosing one, then the variables. A slot may be unset while a `rec` is being filled. */
export type Env = [Env | null, ...(Cell | undefined)[]]

/** Runs an expression in an environment to a value. */
export type Run = (rt: Runtime, env: Env) => Value

/** Boxed, because a JavaScript number stands for an integer. */
export class NixFloat {
  readonly value: number
  /** How a NaN prints: operations make negative ones on x86, a TOML text may hold either. */
  readonly nan: "nan" | "-nan"
  constructor(value: number, nan: "nan" | "-nan" = "-nan") {
    this.value = value
    this.nan = nan
  }
}

/** A string with a (non-empty) context. */
export class NixString {
  readonly text: string
  readonly context: Context
  constructor(text: string, context: Context) {
    this.text = text
    this.context = context
  }
}

/** An absolute, normalised path (bytes). */
export class NixPath {
  readonly path: string
  constructor(path: string) {
    this.path = path
  }
}

/**
 * An expression that can be run: compiled when it first runs, natively or in the stepper. Thunks and lambdas
 * point to it, so that the ways to run share thunks and environments.
 */
export class Code {
  readonly expr: Expr
  run: Run
  /** How the stepper runs it; null until it first does. */
  op: Op | null = null
  /** Upper bound of the native stack one run takes before the next check, in bytes. */
  readonly weight: number
  constructor(expr: Expr, run: Run, weight: number) {
    this.expr = expr
    this.run = run
    this.weight = weight
  }
}

/** A lambda's code: its formals resolved for fast calls. */
export class LambdaCode {
  readonly expr: LambdaExpr
  readonly body: Code
  /** True for `{ … }:`; then `run` cannot be called with the bare argument. */
  readonly hasFormals: boolean
  /** For `x: y: …`: the inner lambda, so that a call with two arguments makes no value between. */
  readonly inner: LambdaCode | null
  /** The argument is certainly forced first, before anything can be observed. */
  readonly strictArg: boolean
  /** The shape of the last argument of a `{ … }:`, and the index of each formal in it, -1 if it is not there. */
  argShape: Shape | null = null
  places: readonly number[] = []
  constructor(expr: LambdaExpr, body: Code, inner: LambdaCode | null, strictArg: boolean) {
    this.expr = expr
    this.body = body
    this.hasFormals = expr.formals !== null
    this.inner = inner
    this.strictArg = strictArg
  }
}

export class Lambda {
  readonly code: LambdaCode
  readonly env: Env
  constructor(code: LambdaCode, env: Env) {
    this.code = code
    this.env = env
  }
}

/** A builtin function as a value. */
export class PrimOpValue {
  readonly op: PrimOp
  constructor(op: PrimOp) {
    this.op = op
  }
}

/** A builtin applied to fewer arguments than it takes. */
export class PrimOpApp {
  readonly op: PrimOp
  readonly args: readonly Cell[]
  constructor(op: PrimOp, args: readonly Cell[]) {
    this.op = op
    this.args = args
  }
}

/**
 * A delayed value. `code` tells its state, and so what `content` is:
 *   null     done: the value
 *   APPLY    a function application: [function, ...arguments]
 *   BLACKHOLE being forced: whatever it was before; FAILED: the error; EAGER: the value, which was cheap to compute
 *            at once, but for Nix (and so for printing) it is not forced yet
 *   other    an expression to run: its environment
 * Package sets make six million; a field more would be a fifth of their memory.
 */
export class Thunk {
  code: Code | null
  content: Content
  constructor(code: Code | null, content: Content) {
    this.code = code
    this.content = content
  }
}

export type Content = Value | NixError | Env | readonly Cell[] | null

const nothing = { kind: "broken" } as unknown as Expr
const never: Run = () => {
  throw new RangeError("a thunk's state was run as code")
}
export const APPLY: Code = new Code(nothing, never, 340)
export const BLACKHOLE: Code = new Code(nothing, never, 0)
export const FAILED: Code = new Code(nothing, never, 0)
export const EAGER: Code = new Code(nothing, never, 0)

/** True for the codes that stand for a state: their thunks need the position where they are forced, for errors. */
export function isState(code: Code): boolean {
  return code.expr === nothing
}

/** A thunk for `fun arg…` (C++ Nix: Value::mkApp). */
export function applyThunk(...funAndArgs: readonly Cell[]): Thunk {
  return new Thunk(APPLY, funAndArgs)
}

/** The value of a cell if it is known, else undefined; never forces. */
export function peek(cell: Cell): Value | undefined {
  if (!(cell instanceof Thunk)) return cell
  return cell.code === null ? (cell.content as Value) : undefined
}

export function isList(v: Value | Cell | undefined): v is List {
  return Array.isArray(v)
}

/** The text of a string value, or undefined if it is none. */
export function textOf(v: Value): string | undefined {
  return typeof v === "string" ? v : v instanceof NixString ? v.text : undefined
}

/** A string value with this context; a bare string when the context is empty. */
export function makeString(text: string, context: Context | null): Value {
  return context === null || context.length === 0 ? text : new NixString(text, context)
}
