// The syntax tree of sets and bindings.

import type { Expr, Node } from "./expr.ts"

/** A static attribute. Its place in the environment of a `rec` or `let` is its place among the sorted ones, from 1. */
export interface AttrDef {
  readonly name: string
  readonly kind: "plain" | "inherited" | "inherited-from"
  readonly expr: Expr
  readonly pos: number
  /** Range of the name itself, for editors; 0,0 for a set made by a nested path. */
  readonly start: number
  readonly end: number
}

export interface DynamicAttr {
  readonly name: Expr
  readonly value: Expr
  readonly pos: number
}

/** So many definitions are looked through one by one. */
const FEW_DEFS = 8

/** `{ … }`, `rec { … }`, and the bindings of a `let`. */
export class AttrsExpr implements Node {
  readonly kind = "attrs"
  pos: number
  start: number
  end: number
  height = 0
  code: unknown = null
  cell: unknown = null
  recursive: boolean
  /** The static attributes, in source order of first definition; the binder sorts them by symbol number. */
  attrs: AttrDef[] = []
  /** Where many names are, while they are read. Most sets are small: a map for each took a tenth of all memory. */
  private index: Map<string, AttrDef> | null = null
  readonly dynamic: DynamicAttr[] = []
  /** The `e` of each `inherit (e) …`, by InheritFromExpr.index. */
  readonly inheritFrom: Expr[] = []
  /** What the evaluator knows of this set before it runs; nobody else looks at it. */
  plan: unknown = null
  constructor(recursive: boolean, pos: number, start: number, end: number) {
    this.pos = pos
    this.start = start
    this.end = end
    this.recursive = recursive
  }

  /** The definition of a static attribute, or undefined. */
  find(name: string): AttrDef | undefined {
    if (this.index !== null) return this.index.get(name)
    for (const def of this.attrs) if (def.name === name) return def
    return undefined
  }

  /** Adds a definition; there is none of this name yet. */
  define(def: AttrDef): void {
    this.attrs.push(def)
    if (this.index !== null) this.index.set(def.name, def)
    else if (this.attrs.length > FEW_DEFS) this.index = new Map(this.attrs.map((known) => [known.name, known]))
  }

  /** Puts the definitions in their final order; none may be added after it. An empty array forgets them. */
  settle(attrs: AttrDef[]): void {
    this.attrs = attrs
    this.index = null
  }
}
