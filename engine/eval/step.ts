// What a generator yields to whoever drives it: a force, a call, or another generator. The driver of the
// closures answers with native calls, the stepper with frames on the heap; the generator cannot tell.

import type { Cell } from "./value.ts"

/** Asks for the value of a cell. */
export class ForceRequest {
  readonly cell: Cell
  readonly pos: number
  constructor(cell: Cell, pos: number) {
    this.cell = cell
    this.pos = pos
  }
}

/** Asks for the value of `fun args…` (at least one argument). */
export class CallRequest {
  readonly fun: Cell
  readonly args: readonly Cell[]
  readonly pos: number
  constructor(fun: Cell, args: readonly Cell[], pos: number) {
    this.fun = fun
    this.args = args
    this.pos = pos
  }
}

export type Request = ForceRequest | CallRequest | Step<unknown>

/**
 * A computation that can be suspended wherever it yields. Usage:
 * `const v = (yield need(cell, pos)) as Value`, `const r = (yield call(f, [x], pos)) as Value`,
 * `const t = (yield coerceStep(…)) as Text` (never `yield*` for recursion: that nests natively).
 */
export type Step<T> = Generator<Request, T, unknown>

/** A request for the value of a cell. */
export function need(cell: Cell, pos: number): ForceRequest {
  return new ForceRequest(cell, pos)
}

/** A request for the value of a call. */
export function call(fun: Cell, args: readonly Cell[], pos: number): CallRequest {
  return new CallRequest(fun, args, pos)
}
