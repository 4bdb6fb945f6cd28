// `==` on values: the rules every builtin that compares shares. Order is visible (elements may throw), so
// sets are walked in symbol order; the same cell is equal to itself, even a function or NaN.
// C++ Nix: eval.cc EvalState::eqValues.

import { Attrs } from "./attrs.ts"
import { tooDeep } from "./call.ts"
import { force } from "./force.ts"
import { isDerivation as stepIsDerivation } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"
import { type Cell, type List, NixFloat, NixPath, textOf, type Value } from "./value.ts"

/** Native stack that one level of comparison takes, in bytes. */
const WEIGHT = 520

/**
 * Compares two operands, e.g. of `==`: forces both, but does not ask whether they are the same cell, so
 * that `f == f` is false. `pos` is where the comparison stands (0 in builtins). Throws what forcing throws,
 * and a stack overflow beyond max-call-depth.
 */
export function eqValues(rt: Runtime, a: Cell, b: Cell, pos: number): boolean {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = force(rt, a, pos)
  const equal = eqForced(rt, v, force(rt, b, pos), pos)
  rt.depth = depth
  return equal
}

/** Compares two cells, e.g. elements of lists: the same cell is equal to itself, whatever it is. */
export function eqCells(rt: Runtime, a: Cell, b: Cell, pos: number): boolean {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = force(rt, a, pos)
  const w = force(rt, b, pos)
  const equal = a === b || eqForced(rt, v, w, pos)
  rt.depth = depth
  return equal
}

function eqForced(rt: Runtime, a: Value, b: Value, pos: number): boolean {
  const scalar = eqScalars(a, b)
  if (scalar !== undefined) return scalar
  const stack = rt.stack
  if (stack > rt.stackLimit) return runStepper(rt, stepForced(rt, a, b, pos))
  if (--rt.fuel < 0) rt.refuel()
  rt.stack = stack + WEIGHT
  // The cast holds because only two lists or two sets are left over by eqScalars.
  const equal = a instanceof Attrs ? eqAttrs(rt, a, b as Attrs, pos) : eqLists(rt, a as List, b as List, pos)
  rt.stack = stack
  return equal
}

function eqLists(rt: Runtime, a: List, b: List, pos: number): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!eqCells(rt, a[i] as Cell, b[i] as Cell, pos)) return false
  return true
}

function eqAttrs(rt: Runtime, a: Attrs, b: Attrs, pos: number): boolean {
  if (isDerivation(rt, a) && isDerivation(rt, b)) {
    const out = a.get("outPath")
    const other = b.get("outPath")
    if (out !== undefined && other !== undefined) return eqCells(rt, out, other, pos)
  }
  if (a.size !== b.size) return false
  const names = a.symbolNames(rt.symbols)
  const others = b.symbolNames(rt.symbols)
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    if (name !== others[i]) return false
    if (!eqCells(rt, a.get(name) as Cell, b.get(name) as Cell, pos)) return false
  }
  return true
}

/** True for a set with `type = "derivation"`; forces `type` (C++ Nix: EvalState::isDerivation). */
function isDerivation(rt: Runtime, set: Attrs): boolean {
  const type = set.get("type")
  return type !== undefined && textOf(force(rt, type, set.posOf("type"))) === "derivation"
}

/** The generator of `eqValues`. */
export function* stepEqual(rt: Runtime, a: Cell, b: Cell, pos: number): Step<boolean> {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = (yield need(a, pos)) as Value
  const w = (yield need(b, pos)) as Value
  const equal = eqScalars(v, w) ?? ((yield stepForced(rt, v, w, pos)) as boolean)
  rt.depth = depth
  return equal
}

/** The generator of `eqCells`. */
export function* stepEqualCells(rt: Runtime, a: Cell, b: Cell, pos: number): Step<boolean> {
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = (yield need(a, pos)) as Value
  const w = (yield need(b, pos)) as Value
  const equal = a === b || (eqScalars(v, w) ?? ((yield stepForced(rt, v, w, pos)) as boolean))
  rt.depth = depth
  return equal
}

/** Compares two lists or two sets; see eqScalars. */
function stepForced(rt: Runtime, a: Value, b: Value, pos: number): Step<boolean> {
  if (--rt.fuel < 0) rt.refuel()
  return a instanceof Attrs ? stepAttrs(rt, a, b as Attrs, pos) : stepLists(rt, a as List, b as List, pos)
}

function* stepLists(rt: Runtime, a: List, b: List, pos: number): Step<boolean> {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!(yield stepEqualCells(rt, a[i] as Cell, b[i] as Cell, pos))) return false
  return true
}

function* stepAttrs(rt: Runtime, a: Attrs, b: Attrs, pos: number): Step<boolean> {
  if ((yield stepIsDerivation(a)) && (yield stepIsDerivation(b))) {
    const out = a.get("outPath")
    const other = b.get("outPath")
    if (out !== undefined && other !== undefined) return (yield stepEqualCells(rt, out, other, pos)) as boolean
  }
  if (a.size !== b.size) return false
  const names = a.symbolNames(rt.symbols)
  const others = b.symbolNames(rt.symbols)
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string
    if (name !== others[i]) return false
    if (!(yield stepEqualCells(rt, a.get(name) as Cell, b.get(name) as Cell, pos))) return false
  }
  return true
}

/** Decides every pair of values but two lists or two sets, for which it gives undefined. */
export function eqScalars(a: Value, b: Value): boolean | undefined {
  switch (typeof a) {
    case "number":
    case "bigint":
      // An integer is a number exactly when it is safe, so `===` never meets the same integer as both.
      return b instanceof NixFloat ? Number(a) === b.value : a === b
    case "boolean":
      return a === b
    case "string":
      return a === textOf(b)
  }
  if (a === null) return b === null
  if (a instanceof Attrs) return b instanceof Attrs ? undefined : false
  if (Array.isArray(a)) return Array.isArray(b) ? undefined : false
  if (a instanceof NixFloat) {
    if (b instanceof NixFloat) return a.value === b.value
    return typeof b === "number" || typeof b === "bigint" ? a.value === Number(b) : false
  }
  if (a instanceof NixPath) return b instanceof NixPath && a.path === b.path
  const text = textOf(a)
  // Functions are not comparable.
  return text !== undefined && text === textOf(b)
}
