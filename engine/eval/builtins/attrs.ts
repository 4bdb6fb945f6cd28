// Builtins on attribute sets. Every name that C++ Nix enters into its symbol table is entered into ours at
// the same moment: the numbers decide the order of comparison and deepSeq.

import { Attrs } from "../attrs.ts"
import { builtin, type PrimOp } from "../builtin.ts"
import { NixError } from "../error.ts"
import { force, forceAttrs, forcePlainString } from "../force.ts"
import { COST, type Runtime } from "../runtime.ts"
import { need } from "../step.ts"
import { requiredAttr, stepKind } from "../step-kind.ts"
import { applyThunk, type Cell, Lambda, type List, PrimOpApp, PrimOpValue, Thunk, type Value } from "../value.ts"
import { positionValue } from "../variable.ts"

const attrNames = builtin({
  name: "attrNames",
  args: [["set", "attrs"]],
  doc: "Returns the names of the attributes of a set as a list, sorted by their bytes.",
  see: "primops.cc prim_attrNames",
  examples: [{ nix: "builtins.attrNames { y = 1; x = 2; }", gives: '[ "x" "y" ]' }],
  run(rt, set) {
    rt.charge(8 * set.size)
    return set.sortedNames()
  },
})

const attrValues = builtin({
  name: "attrValues",
  args: [["set", "attrs"]],
  doc: "Returns the values of the attributes of a set as a list, in the order of `builtins.attrNames`.",
  see: "primops.cc prim_attrValues",
  examples: [{ nix: "builtins.attrValues { y = 1; x = 2; }", gives: "[ 2 1 ]" }],
  run(rt, set) {
    rt.charge(8 * set.size)
    const order = set.sortedIndexes()
    const cells = set.cells()
    const out: Cell[] = new Array(order.length)
    for (let i = 0; i < order.length; i++) out[i] = cells[order[i] as number] as Cell
    return out
  },
})

function lookUp(rt: Runtime, name: string, set: Attrs): Cell {
  rt.symbols.id(name)
  return requiredAttr(set, name, "in the attribute set under consideration")
}

const getAttr = builtin({
  name: "getAttr",
  args: [
    ["s", "plain"],
    ["set", "attrs"],
  ],
  doc: "Returns the attribute named `s` of a set, like `set.NAME` with a name that is computed. An attribute that is not there is an error.",
  see: "primops.cc prim_getAttr",
  examples: [
    { nix: 'builtins.getAttr "a" { a = 1; }', gives: "1" },
    { nix: 'builtins.getAttr "b" { a = 1; }', fails: "attribute 'b' missing" },
  ],
  run: (rt, name, set) => force(rt, lookUp(rt, name, set), 0),
  *step(rt, name, set) {
    return (yield need(lookUp(rt, name, set), 0)) as Value
  },
})

const hasAttr = builtin({
  name: "hasAttr",
  args: [
    ["s", "plain"],
    ["set", "attrs"],
  ],
  doc: "Returns `true` if a set has an attribute named `s`. Unlike `set ? a.b`, the name is one attribute, not a path.",
  see: "primops.cc prim_hasAttr",
  examples: [
    { nix: 'builtins.hasAttr "a" { a = 1; }', gives: "true" },
    { nix: 'builtins.hasAttr "a.b" { a.b = 1; }', gives: "false" },
  ],
  run(rt, name, set) {
    rt.symbols.id(name)
    return set.has(name)
  },
})

const unsafeGetAttrPos = builtin({
  name: "unsafeGetAttrPos",
  args: [
    ["s", "plain"],
    ["set", "attrs"],
  ],
  doc: "Returns where the attribute named `s` of a set was defined, as `{ column; file; line; }`, or `null` if that is unknown or not in a file. Unsafe, because the result depends on the layout of the source.",
  see: "primops.cc prim_unsafeGetAttrPos",
  examples: [
    { nix: 'builtins.unsafeGetAttrPos "b" { a = 1; }', gives: "null" },
    { nix: 'builtins.unsafeGetAttrPos "a" (builtins.mapAttrs (n: v: v) { a = 1; })', gives: "null" },
  ],
  run(rt, name, set) {
    rt.symbols.id(name)
    return set.has(name) ? positionValue(rt, set.posOf(name)) : null
  },
})

const removeFrame = "while evaluating the values of the second argument passed to builtins.removeAttrs"

function without(rt: Runtime, set: Attrs, removed: readonly string[]): Attrs {
  rt.charge(32 * set.size)
  return set.without(removed)
}

const removeAttrs = builtin({
  name: "removeAttrs",
  global: true,
  args: [
    ["set", "attrs"],
    ["list", "list"],
  ],
  doc: "Returns a set without the attributes named in a list. Names that the set does not have are ignored.",
  see: "primops.cc prim_removeAttrs",
  examples: [{ nix: 'removeAttrs { x = 1; y = 2; z = 3; } [ "a" "x" "z" ]', gives: "{ y = 2; }" }],
  // One of the most called builtins of package sets; the generator costs three times as much.
  run(rt, set, list) {
    const removed: string[] = new Array(list.length)
    for (let i = 0; i < list.length; i++) {
      const name = forcePlainString(rt, list[i] as Cell, 0, removeFrame)
      rt.symbols.id(name)
      removed[i] = name
    }
    return without(rt, set, removed)
  },
  *step(rt, set, list) {
    const removed: string[] = new Array(list.length)
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      const name = typeof cell === "string" ? cell : ((yield stepKind(rt, cell, "plain", 0, removeFrame)) as string)
      rt.symbols.id(name)
      removed[i] = name
    }
    return without(rt, set, removed)
  },
})

const elementFrame = "while evaluating an element of the list passed to builtins.listToAttrs"
const nameFrame = "while evaluating the `name` attribute of an element of the list passed to builtins.listToAttrs"
const pairFrame = "in a {name=...; value=...;} pair"

const listToAttrs = builtin({
  name: "listToAttrs",
  args: [["e", "list"]],
  doc: "Makes a set of a list of sets `{ name = …; value = …; }`. If a name occurs more than once, the first one counts.",
  see: "primops.cc prim_listToAttrs",
  examples: [
    {
      nix: 'builtins.listToAttrs [ { name = "a"; value = 1; } { name = "b"; value = 2; } { name = "a"; value = 3; } ]',
      gives: "{ a = 1; b = 2; }",
    },
    { nix: 'builtins.listToAttrs [ { name = "a"; } ]', fails: "attribute 'value' missing" },
  ],
  run(rt, list) {
    const pairs = new Map<string, Attrs>()
    for (let i = 0; i < list.length; i++) {
      const pair = forceAttrs(rt, list[i] as Cell, 0, elementFrame)
      const name = forcePlainString(rt, requiredAttr(pair, "name", pairFrame), pair.posOf("name"), nameFrame)
      rt.symbols.id(name)
      if (!pairs.has(name)) pairs.set(name, pair)
    }
    return fromPairs(rt, pairs)
  },
  *step(rt, list) {
    const pairs = new Map<string, Attrs>()
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      const element = cell instanceof Thunk ? ((yield need(cell, 0)) as Value) : cell
      const pair = forceAttrs(rt, element, 0, elementFrame)
      const nameCell = requiredAttr(pair, "name", pairFrame)
      const name =
        typeof nameCell === "string" ? nameCell : ((yield stepKind(rt, nameCell, "plain", pair.posOf("name"), nameFrame)) as string)
      rt.symbols.id(name)
      if (!pairs.has(name)) pairs.set(name, pair)
    }
    return fromPairs(rt, pairs)
  },
})

function fromPairs(rt: Runtime, pairs: ReadonlyMap<string, Attrs>): Attrs {
  rt.charge(32 * pairs.size)
  if (pairs.size === 0) return Attrs.empty
  // Arrays that grow keep spare room, and most of these have one element.
  const names: string[] = new Array(pairs.size)
  const cells: Cell[] = new Array(pairs.size)
  const positions: number[] = new Array(pairs.size)
  let n = 0
  for (const [name, pair] of pairs) {
    const value = pair.get("value")
    if (value === undefined) {
      // C++ Nix looks at the pairs in symbol order; the fault is the same for all, so only its place differs.
      throw new NixError("type", "attribute 'value' missing", 0).frame(0, pairFrame)
    }
    names[n] = name
    cells[n] = value
    positions[n++] = pair.posOf("value")
  }
  return Attrs.ofShape(rt.shapes.of(names), cells, positions, 0)
}

const intersectAttrs = builtin({
  name: "intersectAttrs",
  args: [
    ["e1", "attrs"],
    ["e2", "attrs"],
  ],
  doc: "Returns the attributes of the set `e2` whose names are in the set `e1` too.",
  see: "primops.cc prim_intersectAttrs",
  examples: [{ nix: "builtins.intersectAttrs { a = 1; b = 1; } { b = 2; c = 2; }", gives: "{ b = 2; }" }],
  run(rt, left, right) {
    const common = right.common(left, rt.shapes)
    rt.charge(32 * common.size)
    return common
  },
})

const catFrame = "while evaluating an element in the list passed as second argument to builtins.catAttrs"

const catAttrs = builtin({
  name: "catAttrs",
  args: [
    ["attr", "plain"],
    ["list", "list"],
  ],
  doc: "Collects the attribute named `attr` of each set in a list. Sets without it are left out.",
  see: "primops.cc prim_catAttrs",
  examples: [{ nix: 'builtins.catAttrs "a" [ { a = 1; } { b = 0; } { a = 2; } ]', gives: "[ 1 2 ]" }],
  *step(rt, name, list) {
    rt.symbols.id(name)
    const out: Cell[] = []
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      const element = cell instanceof Thunk ? ((yield need(cell, 0)) as Value) : cell
      const found = forceAttrs(rt, element, 0, catFrame).get(name)
      if (found !== undefined) out.push(found)
    }
    rt.charge(8 * out.length)
    return out
  },
})

const functionArgs = builtin({
  name: "functionArgs",
  args: [["f", "any"]],
  doc: "Returns the names of the arguments that the function `f` takes from a set; each value tells whether there is a default. For a function `x: …` and for a builtin the result is empty.",
  see: "primops.cc prim_functionArgs",
  examples: [
    { nix: "builtins.functionArgs ({ x, y ? 123 }: x)", gives: "{ x = false; y = true; }" },
    { nix: "builtins.functionArgs (x: x)", gives: "{ }" },
    { nix: "builtins.functionArgs 1", fails: "'functionArgs' requires a function" },
  ],
  run(rt, f) {
    if (f instanceof PrimOpValue || f instanceof PrimOpApp) return Attrs.empty
    if (!(f instanceof Lambda)) throw new NixError("type", "'functionArgs' requires a function", 0)
    const formals = f.code.expr.formals
    if (formals === null) return Attrs.empty
    return Attrs.ofShape(
      rt.shapes.of(formals.list.map((formal) => formal.name)),
      formals.list.map((formal) => formal.fallback !== null),
      formals.list.map((formal) => formal.pos),
      0,
    )
  },
})

const mapAttrs = builtin({
  name: "mapAttrs",
  args: [
    ["f", "lazy"],
    ["attrset", "attrs"],
  ],
  doc: "Returns a set with the same names; the value of each is `f name value`. The function is called when an attribute is used.",
  see: "primops.cc prim_mapAttrs",
  examples: [{ nix: "builtins.mapAttrs (name: value: value * 10) { a = 1; b = 2; }", gives: "{ a = 10; b = 20; }" }],
  run(rt, f, set) {
    rt.charge((COST.application + 8) * set.size)
    return set.mapCells((name, cell) => applyThunk(f, name, cell))
  },
})

const zipFrame = "while evaluating a value of the list passed as second argument to builtins.zipAttrsWith"

const zipAttrsWith = builtin({
  name: "zipAttrsWith",
  args: [
    ["f", "function"],
    ["list", "list"],
  ],
  doc: "Turns a list of sets into one set. For every name that occurs, the value is `f name values`, where `values` are all values of that name in the order of the list.",
  see: "primops.cc prim_zipAttrsWith",
  examples: [
    {
      nix: 'builtins.zipAttrsWith (name: values: { inherit name values; }) [ { a = "x"; } { a = "y"; b = "z"; } ]',
      gives: '{ a = { name = "a"; values = [ "x" "y" ]; }; b = { name = "b"; values = [ "z" ]; }; }',
    },
  ],
  *step(rt, f, list) {
    const values = new Map<string, Cell[]>()
    for (let i = 0; i < list.length; i++) {
      const cell = list[i] as Cell
      const element = cell instanceof Thunk ? ((yield need(cell, 0)) as Value) : cell
      collect(values, forceAttrs(rt, element, 0, zipFrame))
    }
    return zipped(rt, f, values)
  },
})

function collect(values: Map<string, Cell[]>, set: Attrs): void {
  for (const name of set.names()) {
    const cell = set.get(name) as Cell
    const known = values.get(name)
    if (known === undefined) values.set(name, [cell])
    else known.push(cell)
  }
}

function zipped(rt: Runtime, f: Value, values: ReadonlyMap<string, List>): Attrs {
  rt.charge((COST.application + COST.entry) * values.size)
  const cells = new Map<string, Cell>()
  for (const [name, list] of values) cells.set(name, applyThunk(f, name, list))
  return Attrs.ofMap(cells, null)
}

export const attrs: readonly PrimOp[] = [
  attrNames,
  attrValues,
  catAttrs,
  functionArgs,
  getAttr,
  hasAttr,
  intersectAttrs,
  listToAttrs,
  mapAttrs,
  removeAttrs,
  unsafeGetAttrPos,
  zipAttrsWith,
]
