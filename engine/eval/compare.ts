// The order of values: `<`, sort, genericClosure. Numbers, strings (as bytes), paths and lists of them;
// everything else is an error. C++ Nix: primops.cc CompareValues.

import { eqCells, stepEqualCells } from "./equal.ts"
import { NixError } from "./error.ts"
import { showValue } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { showType } from "./show-type.ts"
import type { Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"
import { typeOf } from "./type-of.ts"
import { type Cell, isList, type List, NixFloat, NixPath, peek, textOf, type Value } from "./value.ts"

const elementsFrame = "while comparing two list elements"

/** Native stack that one level of comparison takes, in bytes. */
const WEIGHT = 400

/**
 * `a < b` for two forced values. Errors get the frame `frame`, which has no position; "" for none.
 * Throws "cannot compare …" for values without an order, and what forcing elements throws.
 */
export function lessThan(rt: Runtime, a: Value, b: Value, frame: string): boolean {
  const known = lessScalars(a, b)
  if (known !== undefined) return known
  const stack = rt.stack
  if (stack > rt.stackLimit) return runStepper(rt, stepLessThan(rt, a, b, frame))
  rt.stack = stack + WEIGHT
  try {
    const less = isList(a) && isList(b) ? lessLists(rt, a, b) : refuse(rt, a, b)
    rt.stack = stack
    return less
  } catch (e) {
    if (frame !== "" && e instanceof NixError) e.frame(0, frame)
    throw e
  }
}

function lessLists(rt: Runtime, a: List, b: List): boolean {
  for (let i = 0; ; i++) {
    if (i === b.length) return false
    if (i === a.length) return true
    const x = a[i] as Cell
    const y = b[i] as Cell
    if (!eqCells(rt, x, y, 0)) return lessThan(rt, peek(x) as Value, peek(y) as Value, elementsFrame)
  }
}

/** The generator of `lessThan`. */
export function* stepLessThan(rt: Runtime, a: Value, b: Value, frame: string): Step<boolean> {
  const known = lessScalars(a, b)
  if (known !== undefined) return known
  try {
    return isList(a) && isList(b) ? ((yield stepLessLists(rt, a, b)) as boolean) : refuse(rt, a, b)
  } catch (e) {
    if (frame !== "" && e instanceof NixError) e.frame(0, frame)
    throw e
  }
}

function* stepLessLists(rt: Runtime, a: List, b: List): Step<boolean> {
  for (let i = 0; ; i++) {
    if (i === b.length) return false
    if (i === a.length) return true
    const x = a[i] as Cell
    const y = b[i] as Cell
    if (!(yield stepEqualCells(rt, x, y, 0))) return (yield stepLessThan(rt, peek(x) as Value, peek(y) as Value, elementsFrame)) as boolean
  }
}

/** Decides numbers, strings and paths; undefined for all other pairs. */
function lessScalars(a: Value, b: Value): boolean | undefined {
  if (typeof a === "number" || typeof a === "bigint") {
    if (typeof b === "number" || typeof b === "bigint") return a < b
    return b instanceof NixFloat ? Number(a) < b.value : undefined
  }
  if (a instanceof NixFloat) {
    if (b instanceof NixFloat) return a.value < b.value
    return typeof b === "number" || typeof b === "bigint" ? a.value < Number(b) : undefined
  }
  const x = textOf(a)
  if (x !== undefined) {
    const y = textOf(b)
    return y === undefined ? undefined : x < y
  }
  return a instanceof NixPath && b instanceof NixPath ? a.path < b.path : undefined
}

function refuse(rt: Runtime, a: Value, b: Value): never {
  const types = `cannot compare ${showType(a)} with ${showType(b)}`
  const values = `${showValue(rt, a)} and ${showValue(rt, b)}`
  throw new NixError(
    "eval",
    typeOf(a) === typeOf(b) ? `${types}; values of that type are incomparable (values are ${values})` : `${types}; values are ${values}`,
    0,
  )
}
