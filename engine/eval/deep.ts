// Forcing a value and everything in it: deepSeq, and what is printed with --strict. Sets are walked in
// symbol order; what was met before is not walked again. C++ Nix: eval.cc EvalState::forceValueDeep.

import { printIdentifier } from "../lang/identifier.ts"
import { Attrs } from "./attrs.ts"
import { tooDeep } from "./call.ts"
import { Pending, rethrow } from "./error.ts"
import { force } from "./force.ts"
import { lookAhead } from "./look-ahead.ts"
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
      else deepenList(rt, v, seen)
      rt.stack = stack
    }
  }
  rt.depth = depth
}

function deepenList(rt: Runtime, list: readonly Cell[], seen: Set<Value>): void {
  for (let i = 0; i < list.length; i++) {
    const cell = list[i] as Cell
    if (isPlain(cell)) continue
    try {
      deepen(rt, cell, seen)
    } catch (e) {
      if (e instanceof Pending) throw besides(rt, e, list.slice(i + 1), seen)
      rethrow(e, 0, elementHint(i))
    }
  }
}

function deepenAttrs(rt: Runtime, set: Attrs, seen: Set<Value>): void {
  for (const name of set.symbolNames(rt.symbols)) {
    const cell = set.get(name) as Cell
    if (isPlain(cell)) continue
    try {
      deepen(rt, cell, seen)
    } catch (e) {
      if (e instanceof Pending) throw besides(rt, e, cellsAfter(rt, set, name), seen)
      rethrow(e, set.posOf(name), attributeHint(name))
    }
  }
}

function cellsAfter(rt: Runtime, set: Attrs, name: string): Cell[] {
  const names = set.symbolNames(rt.symbols)
  return names.slice(names.indexOf(name) + 1).map((other) => set.get(other) as Cell)
}

/** What stands beside a value that has to wait is evaluated as far as that goes; gives what to throw. */
function besides(rt: Runtime, pending: Pending, cells: readonly Cell[], seen: ReadonlySet<Value>): Pending {
  if (!pending.isLong) return pending
  const met = new Set(seen)
  return lookAhead(
    rt,
    pending,
    cells.filter((cell) => !isPlain(cell)).map((cell) => () => deepen(rt, cell, met)),
  )
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
        if (e instanceof Pending) throw besides(rt, e, cellsAfter(rt, v, name), seen)
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
        if (e instanceof Pending) throw besides(rt, e, v.slice(i + 1), seen)
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
