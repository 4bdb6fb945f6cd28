// Builtins on lists that call no functions (genList only prepares calls).

import { builtin, type PrimOp } from "../builtin.ts"
import { eqCells, stepEqualCells } from "../equal.ts"
import { NixError } from "../error.ts"
import { force, forceFunction, forceList } from "../force.ts"
import { concatLists as join } from "../list.ts"
import { COST, type Runtime } from "../runtime.ts"
import { need } from "../step.ts"
import { stepKind } from "../step-kind.ts"
import { applyThunk, type Cell, EMPTY_LIST, type List, type Value } from "../value.ts"

function elementAt(xs: List, n: number | bigint): Cell {
  if (n < 0 || n >= xs.length) throw new NixError("eval", `'builtins.elemAt' called with index ${n} on a list of size ${xs.length}`, 0)
  // Below the length, so a safe number.
  return xs[n as number] as Cell
}

const elemAt = builtin({
  name: "elemAt",
  args: [
    ["xs", "list", "while evaluating the first argument passed to 'builtins.elemAt'"],
    ["n", "int", "while evaluating the second argument passed to 'builtins.elemAt'"],
  ],
  order: [1, 0],
  doc: "Returns the element number `n` of the list `xs`, counting from 0. An index outside the list is an error.",
  see: "primops.cc prim_elemAt",
  examples: [
    { nix: 'builtins.elemAt [ "a" "b" ] 1', gives: '"b"' },
    { nix: "builtins.elemAt [ ] 0", fails: "'builtins.elemAt' called with index 0 on a list of size 0" },
  ],
  run: (rt, xs, n) => force(rt, elementAt(xs, n), 0),
  *step(_rt, xs, n) {
    return (yield need(elementAt(xs, n), 0)) as Value
  },
})

function first(list: List): Cell {
  if (list.length === 0) throw new NixError("eval", "'builtins.head' called on an empty list", 0)
  return list[0] as Cell
}

const head = builtin({
  name: "head",
  args: [["list", "list", "while evaluating the first argument passed to 'builtins.head'"]],
  doc: "Returns the first element of a list. An empty list is an error.",
  see: "primops.cc prim_head",
  examples: [
    { nix: "builtins.head [ 1 2 3 ]", gives: "1" },
    { nix: "builtins.head [ ]", fails: "'builtins.head' called on an empty list" },
  ],
  run: (rt, list) => force(rt, first(list), 0),
  *step(_rt, list) {
    return (yield need(first(list), 0)) as Value
  },
})

const tail = builtin({
  name: "tail",
  args: [["list", "list", "while evaluating the first argument passed to 'builtins.tail'"]],
  doc: "Returns a list without its first element. An empty list is an error. The rest is copied, so walking a list with `tail` takes quadratic time.",
  see: "primops.cc prim_tail",
  examples: [
    { nix: "builtins.tail [ 1 2 3 ]", gives: "[ 2 3 ]" },
    { nix: "builtins.tail [ ]", fails: "'builtins.tail' called on an empty list" },
  ],
  run(rt, list) {
    if (list.length === 0) throw new NixError("eval", "'builtins.tail' called on an empty list", 0)
    rt.charge(8 * list.length)
    return list.slice(1)
  },
})

const length = builtin({
  name: "length",
  args: [["e", "list", "while evaluating the first argument passed to builtins.length"]],
  doc: "Returns the number of elements of a list.",
  see: "primops.cc prim_length",
  examples: [{ nix: 'builtins.length [ 1 "a" (throw "never looked at") ]', gives: "3" }],
  run: (_rt, list) => list.length,
})

const elem = builtin({
  name: "elem",
  args: [
    ["x", "lazy"],
    ["xs", "list"],
  ],
  doc: "Returns `true` if an element of the list `xs` is equal to `x`. Elements are compared from left to right with the rules of `==`, until one is equal.",
  see: "primops.cc prim_elem",
  examples: [
    { nix: "builtins.elem 2 [ 1 2 3 ]", gives: "true" },
    { nix: "builtins.elem { a = 1; } [ { } ]", gives: "false" },
  ],
  run(rt, x, xs) {
    for (let i = 0; i < xs.length; i++) if (eqCells(rt, x, xs[i] as Cell, 0)) return true
    return false
  },
  *step(rt, x, xs) {
    for (let i = 0; i < xs.length; i++) if (yield stepEqualCells(rt, x, xs[i] as Cell, 0)) return true
    return false
  },
})

const concatFrame = "while evaluating a value of the list passed to builtins.concatLists"

const concatLists = builtin({
  name: "concatLists",
  args: [["lists", "list", "while evaluating the first argument passed to builtins.concatLists"]],
  doc: "Joins a list of lists to one list.",
  see: "primops.cc prim_concatLists",
  examples: [{ nix: "builtins.concatLists [ [ 1 2 ] [ ] [ 3 ] ]", gives: "[ 1 2 3 ]" }],
  run: (rt, lists) => join(rt, lists, 0, concatFrame),
  *step(rt, lists) {
    for (let i = 0; i < lists.length; i++) forceList(rt, (yield need(lists[i] as Cell, 0)) as Value, 0, concatFrame)
    return join(rt, lists, 0, concatFrame)
  },
})

const generatorFrame = "while evaluating the first argument passed to builtins.genList"

function checkLength(n: number | bigint): void {
  if (n < 0) throw new NixError("eval", `cannot create list of size ${n}`, 0)
}

function generate(rt: Runtime, f: Value, n: number | bigint): List {
  const length = Number(n)
  if (length === 0) return EMPTY_LIST
  rt.chargeList(length, COST.application + 8)
  const out: Cell[] = new Array(length)
  for (let i = 0; i < length; i++) out[i] = applyThunk(f, i)
  return out
}

const genList = builtin({
  name: "genList",
  args: [
    ["generator", "lazy"],
    ["length", "int"],
  ],
  doc: "Makes a list of `length` elements; element `i`, counting from 0, is `generator i`. The function is called when an element is used.",
  see: "primops.cc prim_genList",
  examples: [
    { nix: "builtins.genList (i: i * i) 4", gives: "[ 0 1 4 9 ]" },
    { nix: "builtins.genList (i: i) (-1)", fails: "cannot create list of size -1" },
  ],
  run(rt, f, n) {
    checkLength(n)
    return generate(rt, forceFunction(rt, f, 0, generatorFrame), n)
  },
  *step(rt, f, n) {
    checkLength(n)
    return generate(rt, (yield stepKind(rt, f, "function", 0, generatorFrame)) as Value, n)
  },
})

export const lists: readonly PrimOp[] = [concatLists, elem, elemAt, genList, head, length, tail]
