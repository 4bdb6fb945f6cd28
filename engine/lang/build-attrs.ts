// Putting definitions into attribute sets: nested paths, merging, inherit, duplicates.
// C++ Nix: parser-state.hh addAttr and dupAttr, parser.y binds1.

import { type AttrDef, AttrsExpr } from "./attrs-expr.ts"
import type { Builder, InheritName } from "./build.ts"
import { type AttrName, type Expr, InheritFromExpr, SelectExpr, VarExpr } from "./expr.ts"
import { printIdentifier } from "./identifier.ts"
import { showAttrPath } from "./show.ts"
import { printPlace } from "./source-text.ts"

/** `path = value;` with the path at `pos` and its last step at `nameStart`–`nameEnd`. */
export function addAttr(
  builder: Builder,
  attrs: AttrsExpr,
  path: readonly AttrName[],
  pos: number,
  value: Expr,
  nameStart: number,
  nameEnd: number,
): void {
  let set = attrs
  const last = path.length - 1
  for (let i = 0; i < last; i++) {
    const name = path[i] as AttrName
    let nested: AttrsExpr
    if (typeof name === "string") {
      const old = set.find(name)
      if (old === undefined) {
        nested = new AttrsExpr(false, 0, pos, value.end)
        set.define({ name, kind: "plain", expr: nested, pos, start: 0, end: 0 })
      } else if (old.expr.kind === "attrs") nested = old.expr
      else {
        duplicate(builder, showAttrPath(path.slice(0, i + 1)), pos, nameEnd, old.pos)
        return
      }
    } else {
      nested = new AttrsExpr(false, 0, pos, value.end)
      set.dynamic.push({ name, value: nested, pos })
    }
    set = nested
  }
  const name = path[last] as AttrName
  if (typeof name !== "string") {
    set.dynamic.push({ name, value, pos })
    return
  }
  insert(builder, set, path, { name, kind: "plain", expr: value, pos, start: nameStart, end: nameEnd })
}

/** A merge in progress: `defs` of `from`, in symbol order, go into `into`. */
interface Merge {
  readonly into: AttrsExpr
  readonly from: AttrsExpr
  readonly defs: readonly AttrDef[]
  next: number
}

/** Defines one name, or merges two sets, to any depth. `path` (the last step is the name) is for messages. */
function insert(builder: Builder, set: AttrsExpr, path: readonly AttrName[], def: AttrDef): void {
  const first = define(builder, set, path, def)
  if (first === null) return
  const names = [...path]
  const merges = [first]
  for (;;) {
    const merge = merges[merges.length - 1]
    if (merge === undefined) return
    const inner = merge.defs[merge.next++]
    if (inner === undefined) {
      merge.from.settle([])
      for (const attr of merge.from.dynamic.splice(0)) merge.into.dynamic.push(attr)
      for (const from of merge.from.inheritFrom.splice(0)) merge.into.inheritFrom.push(from)
      merges.pop()
      names.pop()
      continue
    }
    names.push(inner.name)
    const deeper = define(builder, merge.into, names, inner)
    if (deeper === null) names.pop()
    else merges.push(deeper)
  }
}

/** Puts a definition into a set; if there is one and both are sets, gives the merge to be done. */
function define(builder: Builder, set: AttrsExpr, path: readonly AttrName[], def: AttrDef): Merge | null {
  const old = set.find(def.name)
  if (old === undefined) {
    set.define(def)
    setName(def.expr, def.name)
    return null
  }
  const into = old.expr
  const from = def.expr
  if (into.kind !== "attrs" || from.kind !== "attrs") {
    duplicate(builder, showAttrPath(path), def.pos, def.end, old.pos)
    return null
  }
  // C++ Nix: the `rec` of the second set is lost (NixOS/nix issue 9020).
  const { symbols } = builder
  const defs = symbols.sorted(from.attrs)
  if (into.inheritFrom.length > 0) shiftInheritFrom(defs, into.inheritFrom.length)
  return { into, from, defs, next: 0 }
}

/** `inherit names;` */
export function addInherited(builder: Builder, attrs: AttrsExpr, names: readonly InheritName[]): void {
  for (const { name, start, end } of names) {
    const old = attrs.find(name)
    if (old !== undefined) {
      duplicate(builder, printIdentifier(name), start, end, old.pos)
      continue
    }
    const expr = new VarExpr(name, start, start, end)
    attrs.define({ name, kind: "inherited", expr, pos: start, start, end })
  }
}

/** `inherit (from) names;` with `from` at `fromPos`. */
export function addInheritedFrom(builder: Builder, attrs: AttrsExpr, from: Expr, fromPos: number, names: readonly InheritName[]): void {
  attrs.inheritFrom.push(from)
  const source = new InheritFromExpr(attrs.inheritFrom.length - 1, fromPos)
  for (const { name, start, end } of names) {
    const old = attrs.find(name)
    if (old !== undefined) {
      duplicate(builder, printIdentifier(name), start, end, old.pos)
      continue
    }
    const expr = new SelectExpr(source, [name], null, start, start, end)
    attrs.define({ name, kind: "inherited-from", expr, pos: start, start, end })
  }
}

/** Makes the `inherit (e)` of a set that is merged count on from those of the set it goes into. */
function shiftInheritFrom(defs: readonly AttrDef[], shift: number): void {
  // The names of one clause share the node. (C++ Nix shifts it once per name, and then reads past the end.)
  const sources = new Set<InheritFromExpr>()
  for (const def of defs)
    if (def.kind === "inherited-from" && def.expr.kind === "select" && def.expr.target.kind === "inherit-from") sources.add(def.expr.target)
  for (const source of sources) source.index += shift
}

/** Tells lambdas what they are bound to (C++ Nix: setName): also those that are their bodies. */
function setName(expr: Expr, name: string): void {
  let e = expr
  while (e.kind === "lambda") {
    e.name = name
    e = e.body
  }
}

function duplicate(builder: Builder, shown: string, pos: number, end: number, previous: number): void {
  const at = printPlace(builder.source, previous)
  builder.fail("name/duplicate", `attribute '${shown}' already defined at ${at}`, pos, end)
}
