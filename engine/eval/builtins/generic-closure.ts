// builtins.genericClosure: a breadth-first walk over sets with keys.

import type { Attrs } from "../attrs.ts"
import { builtin } from "../builtin.ts"
import { lessThan } from "../compare.ts"
import { NixError } from "../error.ts"
import { forceAttrs, forceList } from "../force.ts"
import { KeySet } from "../key-set.ts"
import { showValue } from "../print-value.ts"
import { COST, type Runtime } from "../runtime.ts"
import { call, need, type Step } from "../step.ts"
import { requiredAttr, stepKind } from "../step-kind.ts"
import type { Cell, List, Value } from "../value.ts"

const setFrame = "in the attrset passed as argument to builtins.genericClosure"
const startFrame = "while evaluating the 'startSet' attribute passed as argument to builtins.genericClosure"
const operatorFrame = "while evaluating the 'operator' attribute passed as argument to builtins.genericClosure"
const resultFrame = "while evaluating the return value of the `operator` passed to builtins.genericClosure"

export const genericClosure = builtin({
  name: "genericClosure",
  args: [["attrset", "attrs", "while evaluating the first argument passed to builtins.genericClosure"]],
  doc: `Walks a graph. The argument is a set with \`startSet\`, a list of sets, and \`operator\`, a function from such a set to a list of
further ones. Every set has an attribute \`key\`; sets with a key that was met before are left out. The result lists all sets in the order in which they
were found, breadth first. Keys are compared as by \`<\`, so they must be all numbers, all strings, all paths or all lists.`,
  see: "primops.cc prim_genericClosure",
  examples: [
    {
      nix: "map (x: x.key) (builtins.genericClosure { startSet = [ { key = 5; } ]; operator = item: [ { key = if item.key / 2 * 2 == item.key then item.key / 2 else 3 * item.key + 1; } ]; })",
      gives: "[ 5 16 8 4 2 1 ]",
    },
  ],
  *step(rt, set) {
    const start = (yield stepKind(rt, requiredAttr(set, "startSet", setFrame), "list", 0, startFrame)) as List
    if (start.length === 0) return start
    const operator = (yield stepKind(rt, requiredAttr(set, "operator", setFrame), "function", 0, operatorFrame)) as Value
    const queue: Cell[] = start.slice()
    const keys = new KeySet<Cell>(rt)
    const found: Cell[] = []
    for (let next = 0; next < queue.length; next++) {
      const element = queue[next] as Cell
      if (!(yield addKey(rt, keys, element))) continue
      found.push(element)
      try {
        const more = forceList(rt, (yield call(operator, [element], 0)) as Value, 0, resultFrame)
        rt.charge(COST.entry + 8 * more.length)
        for (let i = 0; i < more.length; i++) {
          const cell = more[i] as Cell
          yield need(cell, 0)
          queue.push(cell)
        }
      } catch (e) {
        if (e instanceof NixError) e.frame(0, `while calling operator on genericClosure element ${showValue(rt, element)}`)
        throw e
      }
    }
    return found
  },
})

/** Enters the key of an element; false if the key is known. */
function* addKey(rt: Runtime, keys: KeySet<Cell>, element: Cell): Step<boolean> {
  let keyCell: Cell
  try {
    const set: Attrs = forceAttrs(rt, (yield need(element, 0)) as Value, 0, "")
    keyCell = requiredAttr(set, "key", "")
  } catch (e) {
    if (e instanceof NixError) e.frame(0, `in genericClosure element ${showValue(rt, element)}`)
    throw e
  }
  const key = (yield need(keyCell, 0)) as Value
  const plain = keys.insertPlain(key, element)
  if (plain !== undefined) return plain
  try {
    return (yield keys.insert(key, element)) as boolean
  } catch (e) {
    if (e instanceof NixError) frameComparison(rt, e, keys, key, element)
    throw e
  }
}

/** Names the two elements whose keys cannot be compared; the first that fails is taken, as C++ Nix does. */
function frameComparison(rt: Runtime, e: NixError, keys: KeySet<Cell>, key: Value, element: Cell): void {
  const { stack, depth, current } = rt
  for (const other of keys.inOrder()) {
    try {
      lessThan(rt, key, other.key, "")
    } catch (again) {
      if (!(again instanceof NixError)) throw again
      rt.stack = stack
      rt.depth = depth
      rt.current = current
      e.frame(0, `with element ${showValue(rt, other.item)}`)
      e.frame(0, `while comparing element ${showValue(rt, element)}`)
      return
    }
  }
  e.frame(0, `while checking key of element ${showValue(rt, element)}`)
}
