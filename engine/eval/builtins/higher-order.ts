// Builtins on lists that call functions. The frequent ones have a direct form besides the generator; both
// call, force and fail in the same order.

import { Attrs } from "../attrs.ts"
import { builtin, type Example, type PrimOp } from "../builtin.ts"
import { call1, call2 } from "../call.ts"
import { lessThan, stepLessThan } from "../compare.ts"
import { force, forceBool, forceFunction, forceList, forcePlainString } from "../force.ts"
import { concatLists } from "../list.ts"
import { peekSort } from "../peek-sort.ts"
import { positionOf } from "../print-value.ts"
import { COST, type Runtime } from "../runtime.ts"
import { call, need } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { applyThunk, type Cell, type List, PrimOpValue, peek, type Value } from "../value.ts"
import { genericClosure } from "./generic-closure.ts"

function applyAll(rt: Runtime, f: Value, list: List): List {
  rt.chargeList(list.length, COST.application + 8)
  const out: Cell[] = new Array(list.length)
  for (let i = 0; i < list.length; i++) out[i] = applyThunk(f, list[i] as Cell)
  return out
}

const mapFrame = "while evaluating the first argument passed to builtins.map"

const map = builtin({
  name: "map",
  global: true,
  args: [
    ["f", "lazy"],
    ["list", "list"],
  ],
  doc: "Returns a list with `f x` for every element `x` of a list. The function is called when an element is used.",
  see: "primops.cc prim_map",
  examples: [{ nix: 'map (x: "foo" + x) [ "bar" "bla" ]', gives: '[ "foobar" "foobla" ]' }],
  run: (rt, f, list) => (list.length === 0 ? list : applyAll(rt, forceFunction(rt, f, 0, mapFrame), list)),
  *step(rt, f, list) {
    if (list.length === 0) return list
    return applyAll(rt, (yield stepKind(rt, f, "function", 0, mapFrame)) as Value, list)
  },
})

const filterFrame = "while evaluating the first argument passed to builtins.filter"
const filteredFrame = "while evaluating the return value of the filtering function passed to builtins.filter"

const filter = builtin({
  name: "filter",
  args: [
    ["f", "lazy"],
    ["list", "list"],
  ],
  doc: "Returns the elements of a list for which `f` returns `true`.",
  see: "primops.cc prim_filter",
  examples: [{ nix: "builtins.filter (x: x > 1) [ 1 2 3 ]", gives: "[ 2 3 ]" }],
  run(rt, f, list) {
    if (list.length === 0) return list
    const fun = forceFunction(rt, f, 0, filterFrame)
    const kept: Cell[] = []
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      if (forceBool(rt, call1(rt, fun, cell, 0), 0, filteredFrame)) kept.push(cell)
    }
    return keptOf(rt, list, kept)
  },
  *step(rt, f, list) {
    if (list.length === 0) return list
    const fun = (yield stepKind(rt, f, "function", 0, filterFrame)) as Value
    const kept: Cell[] = []
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      if (forceBool(rt, (yield call(fun, [cell], 0)) as Value, 0, filteredFrame)) kept.push(cell)
    }
    return keptOf(rt, list, kept)
  },
})

/** If all are kept, the list itself is the result: printing shows such sharing as «repeated». */
function keptOf(rt: Runtime, list: List, kept: List): List {
  if (kept.length === list.length) return list
  rt.charge(8 * kept.length)
  return kept
}

const foldl = builtin({
  name: "foldl'",
  args: [
    ["op", "function", "while evaluating the first argument passed to builtins.foldlStrict"],
    ["nul", "lazy"],
    ["list", "list", "while evaluating the third argument passed to builtins.foldlStrict"],
  ],
  doc: "Reduces a list from the left: `foldl' op nul [ a b ]` is `op (op nul a) b`. Every intermediate result is evaluated at once; `nul` itself only if `op` uses it or the list is empty.",
  see: "primops.cc prim_foldlStrict",
  examples: [
    { nix: "builtins.foldl' (x: y: x + y) 0 [ 1 2 3 ]", gives: "6" },
    { nix: 'builtins.foldl\' (x: y: y) (throw "not needed") [ 1 ]', gives: "1" },
  ],
  run(rt, op, nul, list) {
    if (list.length === 0) return force(rt, nul, 0)
    let value: Value = call2(rt, op, nul, list[0] as Cell, 0)
    for (let i = 1; i < list.length; i++) value = call2(rt, op, value, list[i] as Cell, 0)
    return value
  },
  *step(_rt, op, nul, list) {
    if (list.length === 0) return (yield need(nul, 0)) as Value
    let value = (yield call(op, [nul, list[0] as Cell], 0)) as Value
    for (let i = 1; i < list.length; i++) value = (yield call(op, [value, list[i] as Cell], 0)) as Value
    return value
  },
})

/** Declares `any` (which stops at the first `true`) or `all` (at the first `false`). */
function quantifier(name: "any" | "all", doc: string, examples: readonly Example[]): PrimOp {
  const stop = name === "any"
  const frame = `while evaluating the return value of the function passed to builtins.${name}`
  return builtin({
    name,
    args: [
      ["pred", "function"],
      ["list", "list"],
    ],
    doc,
    see: "primops.cc anyOrAll",
    examples,
    run(rt, pred, list) {
      for (let i = 0; i < list.length; i++) if (forceBool(rt, call1(rt, pred, list[i] as Cell, 0), 0, frame) === stop) return stop
      return !stop
    },
    *step(rt, pred, list) {
      for (let i = 0; i < list.length; i++)
        if (forceBool(rt, (yield call(pred, [list[i] as Cell], 0)) as Value, 0, frame) === stop) return stop
      return !stop
    },
  })
}

const concatMapFrame = "while evaluating the return value of the function passed to builtins.concatMap"

const concatMap = builtin({
  name: "concatMap",
  args: [
    ["f", "function"],
    ["list", "list"],
  ],
  doc: "Calls `f` for every element of a list and joins the lists it returns. The calls happen at once.",
  see: "primops.cc prim_concatMap",
  examples: [{ nix: "builtins.concatMap (x: [ x x ]) [ 1 2 ]", gives: "[ 1 1 2 2 ]" }],
  run(rt, f, list) {
    const parts: List[] = []
    for (let i = 0; i < list.length; i++) parts.push(checkPart(rt, f, call1(rt, f, list[i] as Cell, 0)))
    return joined(rt, parts)
  },
  *step(rt, f, list) {
    const parts: List[] = []
    for (let i = 0; i < list.length; i++) parts.push(checkPart(rt, f, (yield call(f, [list[i] as Cell], 0)) as Value))
    return joined(rt, parts)
  },
})

function checkPart(rt: Runtime, f: Value, v: Value): List {
  return forceList(rt, v, Array.isArray(v) ? 0 : positionOf(v) || positionOf(f), concatMapFrame)
}

/** Unlike concatLists of C++ Nix this always makes a new list. */
function joined(rt: Runtime, parts: readonly List[]): Value {
  const list = concatLists(rt, parts, 0, concatMapFrame)
  return Array.isArray(list) && list.length > 0 && parts.includes(list) ? list.slice() : list
}

const sortFrame = "while evaluating the first argument passed to builtins.sort"
const sortedFrame = "while evaluating the return value of the sorting function passed to builtins.sort"
const orderFrame = "while evaluating the ordering function passed to builtins.sort"

const sort = builtin({
  name: "sort",
  args: [
    ["comparator", "lazy"],
    ["list", "list"],
  ],
  doc: `Sorts a list: \`comparator a b\` tells whether \`a\` comes before \`b\`. Elements that are equal for the comparator keep
their order. All elements are evaluated before the first comparison.`,
  see: "primops.cc prim_sort, libutil/sort.hh peeksort",
  examples: [
    { nix: "builtins.sort builtins.lessThan [ 483 249 526 147 42 77 ]", gives: "[ 42 77 147 249 483 526 ]" },
    {
      nix: "builtins.sort (a: b: a.n < b.n) [ { n = 2; x = 0; } { n = 1; } { n = 2; x = 1; } ]",
      gives: "[ { n = 1; } { n = 2; x = 0; } { n = 2; x = 1; } ]",
    },
  ],
  run(rt, comparator, list) {
    if (list.length === 0) return list
    const f = forceFunction(rt, comparator, 0, sortFrame)
    for (let i = 0; i < list.length; i++) force(rt, list[i] as Cell, 0)
    rt.charge(24 * list.length)
    const quick = isLessThan(f) ? sortPlain(list) : undefined
    if (quick !== undefined) return quick
    const items = list.slice()
    const sorting = peekSort(items)
    const order = isLessThan(f)
    let r = sorting.next()
    while (r.done !== true) {
      const { a, b } = r.value
      const less = order
        ? lessThan(rt, peek(a) as Value, peek(b) as Value, orderFrame)
        : forceBool(rt, call2(rt, f, a, b, 0), 0, sortedFrame)
      r = sorting.next(less)
    }
    return items
  },
  *step(rt, comparator, list) {
    if (list.length === 0) return list
    const f = (yield stepKind(rt, comparator, "function", 0, sortFrame)) as Value
    for (let i = 0; i < list.length; i++) yield need(list[i] as Cell, 0)
    rt.charge(24 * list.length)
    const quick = isLessThan(f) ? sortPlain(list) : undefined
    if (quick !== undefined) return quick
    const items = list.slice()
    const sorting = peekSort(items)
    const order = isLessThan(f)
    let r = sorting.next()
    while (r.done !== true) {
      const { a, b } = r.value
      const less = order
        ? ((yield stepLessThan(rt, peek(a) as Value, peek(b) as Value, orderFrame)) as boolean)
        : forceBool(rt, (yield call(f, [a, b], 0)) as Value, 0, sortedFrame)
      r = sorting.next(less)
    }
    return items
  },
})

/** C++ Nix compares without calls when the comparator is the builtin itself. */
function isLessThan(f: Value): boolean {
  return f instanceof PrimOpValue && f.op.name === "lessThan"
}

/** Sorts by `lessThan` if all elements are small integers or all plain strings: then any stable sort will do. */
function sortPlain(list: List): List | undefined {
  const type = typeof peek(list[0] as Cell)
  if (type !== "number" && type !== "string") return undefined
  for (let i = 1; i < list.length; i++) if (typeof peek(list[i] as Cell) !== type) return undefined
  // All of one type, number or string.
  const key = (c: Cell) => peek(c) as number
  return list.slice().sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0))
}

const partitionFrame = "while evaluating the return value of the partition function passed to builtins.partition"

const partition = builtin({
  name: "partition",
  args: [
    ["pred", "function"],
    ["list", "list"],
  ],
  doc: "Splits a list in two: `right` has the elements for which `pred` returns `true`, `wrong` the others. All elements are evaluated.",
  see: "primops.cc prim_partition",
  examples: [{ nix: "builtins.partition (x: x > 10) [ 1 23 9 42 ]", gives: "{ right = [ 23 42 ]; wrong = [ 1 9 ]; }" }],
  *step(rt, pred, list) {
    const right: Cell[] = []
    const wrong: Cell[] = []
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      yield need(cell, 0)
      const yes = forceBool(rt, (yield call(pred, [cell], 0)) as Value, 0, partitionFrame)
      ;(yes ? right : wrong).push(cell)
    }
    rt.charge(8 * list.length)
    return Attrs.record(rt.shapes, { right, wrong })
  },
})

const groupFrame = "while evaluating the return value of the grouping function passed to builtins.groupBy"

const groupBy = builtin({
  name: "groupBy",
  args: [
    ["f", "function"],
    ["list", "list"],
  ],
  doc: "Groups the elements of a list by the string that `f` returns for each: the result is a set from these strings to lists.",
  see: "primops.cc prim_groupBy",
  examples: [{ nix: 'builtins.groupBy (builtins.substring 0 1) [ "foo" "bar" "baz" ]', gives: '{ b = [ "bar" "baz" ]; f = [ "foo" ]; }' }],
  *step(rt, f, list) {
    const groups = new Map<string, Cell[]>()
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      const name = forcePlainString(rt, (yield call(f, [cell], 0)) as Value, 0, groupFrame)
      rt.symbols.id(name)
      const known = groups.get(name)
      if (known === undefined) groups.set(name, [cell])
      else known.push(cell)
    }
    rt.charge(8 * list.length + 32 * groups.size)
    return Attrs.ofMap(groups, null)
  },
})

export const higherOrder: readonly PrimOp[] = [
  quantifier("all", "Returns `true` if `pred` returns `true` for all elements of a list. Stops at the first that does not fit.", [
    { nix: "builtins.all (x: x > 0) [ 1 2 ]", gives: "true" },
    { nix: "builtins.all (x: x) [ ]", gives: "true" },
  ]),
  quantifier("any", "Returns `true` if `pred` returns `true` for an element of a list. Stops at the first that fits.", [
    { nix: "builtins.any (x: x > 1) [ 1 2 ]", gives: "true" },
    { nix: 'builtins.any (x: x == 1) [ 1 (throw "not reached") ]', gives: "true" },
  ]),
  concatMap,
  filter,
  foldl,
  genericClosure,
  groupBy,
  map,
  partition,
  sort,
]
