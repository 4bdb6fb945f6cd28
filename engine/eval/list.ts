// Lists: concatenation.

import { forceList } from "./force.ts"
import type { Runtime } from "./runtime.ts"
import { type Cell, isList, type List, type Value } from "./value.ts"

/** Joins lists; if all but one are empty, that one itself is the result (C++ Nix: EvalState::concatLists). */
export function concatLists(rt: Runtime, lists: readonly Cell[], pos: number, frame: string): Value {
  let length = 0
  let last: List | null = null
  const forced: List[] = []
  for (const cell of lists) {
    const list = forceList(rt, cell, pos, frame)
    forced.push(list)
    length += list.length
    if (list.length > 0) last = list
  }
  if (last !== null && length === last.length) return last
  if (length === 0) return forced[forced.length - 1] ?? []
  rt.chargeList(length)
  const out: Cell[] = new Array(length)
  let n = 0
  for (const list of forced) for (let i = 0; i < list.length; i++) out[n++] = list[i] as Cell
  if (rt.credit < 0) rt.spend(out)
  return out
}

/** `a ++ b` of two evaluated operands. */
export function concatTwo(rt: Runtime, a: Value, b: Value, pos: number, frame: string): Value {
  if (!isList(a) || !isList(b)) return concatLists(rt, [a, b], pos, frame)
  if (a.length === 0) return b
  if (b.length === 0) return a
  const length = a.length + b.length
  rt.chargeList(length)
  const out: Cell[] = new Array(length)
  let n = 0
  for (let i = 0; i < a.length; i++) out[n++] = a[i] as Cell
  for (let i = 0; i < b.length; i++) out[n++] = b[i] as Cell
  if (rt.credit < 0) rt.spend(out)
  return out
}
