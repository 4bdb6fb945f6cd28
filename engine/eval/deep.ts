// Forcing a value and everything in it: deepSeq, and what is printed with --strict. Sets are walked in
// symbol order; what was met before is not walked again. C++ Nix: eval.cc EvalState::forceValueDeep.

import { printIdentifier } from "../lang/identifier.ts"
import { Attrs } from "./attrs.ts"
import { tooDeep } from "./call.ts"
import { rethrow } from "./error.ts"
import { force } from "./force.ts"
import { positionOf } from "./print-value.ts"
import type { Runtime } from "./runtime.ts"
import { need, type Step } from "./step.ts"
import { runStepper } from "./stepper/trampoline.ts"
import { type Cell, isList, type Value } from "./value.ts"

/** Native stack that one level takes, in bytes. */
const WEIGHT = 400

/** Forces a cell deeply and returns its value. Errors get a frame per attribute or list element on the way. */
export function forceDeep(rt: Runtime, cell: Cell): Value {
  deepen(rt, cell, new Set())
  return force(rt, cell, 0)
}

function deepen(rt: Runtime, cell: Cell, seen: Set<Value>): void {
  const depth = rt.depth
  const pos = positionOf(cell)
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = force(rt, cell, pos)
  const set = v instanceof Attrs
  if (set || isList(v)) {
    const stack = rt.stack
    if (stack > rt.stackLimit) runStepper(rt, stepInto(rt, v, seen))
    else if (!seen.has(v)) {
      seen.add(v)
      if (--rt.fuel < 0) rt.refuel()
      rt.stack = stack + WEIGHT
      if (set) deepenAttrs(rt, v, seen)
      else for (let i = 0; i < v.length; i++) deepenElement(rt, v[i] as Cell, i, seen)
      rt.stack = stack
    }
  }
  rt.depth = depth
}

function deepenElement(rt: Runtime, cell: Cell, index: number, seen: Set<Value>): void {
  if (isPlain(cell)) return
  try {
    deepen(rt, cell, seen)
  } catch (e) {
    rethrow(e, 0, elementHint(index))
  }
}

function deepenAttrs(rt: Runtime, set: Attrs, seen: Set<Value>): void {
  for (const name of set.symbolNames(rt.symbols)) {
    const cell = set.get(name) as Cell
    if (isPlain(cell)) continue
    try {
      deepen(rt, cell, seen)
    } catch (e) {
      rethrow(e, set.posOf(name), attributeHint(name))
    }
  }
}

/** The generator of `forceDeep`. */
export function* stepDeep(rt: Runtime, cell: Cell): Step<Value> {
  yield stepDeepen(rt, cell, new Set())
  return (yield need(cell, 0)) as Value
}

function* stepDeepen(rt: Runtime, cell: Cell, seen: Set<Value>): Step<void> {
  const depth = rt.depth
  const pos = positionOf(cell)
  if (depth > rt.maxDepth) throw tooDeep(pos)
  rt.depth = depth + 1
  const v = (yield need(cell, pos)) as Value
  if (v instanceof Attrs || isList(v)) yield stepInto(rt, v, seen)
  rt.depth = depth
}

/** What is in a set or list. */
function* stepInto(rt: Runtime, v: Value, seen: Set<Value>): Step<void> {
  if (seen.has(v)) return
  seen.add(v)
  if (--rt.fuel < 0) rt.refuel()
  if (v instanceof Attrs) {
    for (const name of v.symbolNames(rt.symbols)) {
      const cell = v.get(name) as Cell
      if (isPlain(cell)) continue
      try {
        yield stepDeepen(rt, cell, seen)
      } catch (e) {
        rethrow(e, v.posOf(name), attributeHint(name))
      }
    }
  } else if (isList(v)) {
    for (let i = 0; i < v.length; i++) {
      const cell = v[i] as Cell
      if (isPlain(cell)) continue
      try {
        yield stepDeepen(rt, cell, seen)
      } catch (e) {
        rethrow(e, 0, elementHint(i))
      }
    }
  }
}

/** Numbers, strings and Booleans, which need no walk. */
function isPlain(cell: Cell): boolean {
  return typeof cell !== "object"
}

function attributeHint(name: string): string {
  return `while evaluating the attribute '${printIdentifier(name)}'`
}

function elementHint(index: number): string {
  return `while evaluating list element at index ${index}`
}
