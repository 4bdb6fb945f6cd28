// String contexts: what a string refers to in the store. An element is interned per runtime and has a
// number, a context is an array of elements sorted by that number; a union returns an operand when it can.

import type { SingleDerivedPath } from "../formats/store-path/derived-path.ts"

/** One reference. `path` is the full store path of a source or `.drv`; `output` is for kind "built". */
export class ContextElem {
  readonly kind: "opaque" | "drv-deep" | "built"
  readonly path: string
  readonly output: string
  readonly id: number
  /** What derived-path.ts makes of it, once: every derivation with this input asks. */
  derived: SingleDerivedPath | null = null

  constructor(kind: ContextElem["kind"], path: string, output: string, id: number) {
    this.kind = kind
    this.path = path
    this.output = output
    this.id = id
  }
}

export type Context = readonly ContextElem[]

/** The table of context elements of one runtime. */
export class Contexts {
  /** By path; by path and output. */
  readonly #opaque = new Map<string, ContextElem>()
  readonly #drvDeep = new Map<string, ContextElem>()
  readonly #built = new Map<string, ContextElem[]>()
  #count = 0

  /** A store path itself. */
  opaque(path: string): ContextElem {
    let elem = this.#opaque.get(path)
    if (elem === undefined) this.#opaque.set(path, (elem = new ContextElem("opaque", path, "", this.#count++)))
    return elem
  }

  /** A derivation with its whole closure. */
  drvDeep(drvPath: string): ContextElem {
    let elem = this.#drvDeep.get(drvPath)
    if (elem === undefined) this.#drvDeep.set(drvPath, (elem = new ContextElem("drv-deep", drvPath, "", this.#count++)))
    return elem
  }

  /** An output of a derivation; `drvPath` may itself be an output (`drv^out`, dynamic derivations). */
  built(drvPath: string, output: string): ContextElem {
    let outputs = this.#built.get(drvPath)
    if (outputs === undefined) this.#built.set(drvPath, (outputs = []))
    for (const elem of outputs) if (elem.output === output) return elem
    const elem = new ContextElem("built", drvPath, output, this.#count++)
    outputs.push(elem)
    return elem
  }
}

/** The union of two contexts; null stands for none. An operand that has everything is returned as it is. */
export function unionContext(a: Context | null, b: Context | null): Context | null {
  if (a === null || a === b || a.length === 0) return b
  if (b === null || b.length === 0) return a
  // Counted first: most unions add nothing, and an array of the exact length costs no spare room.
  let common = 0
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const x = (a[i] as ContextElem).id
    const y = (b[j] as ContextElem).id
    if (x === y) common++
    if (x <= y) i++
    if (y <= x) j++
  }
  if (common === b.length) return a
  if (common === a.length) return b
  const out: ContextElem[] = new Array(a.length + b.length - common)
  let n = 0
  let i = 0
  let j = 0
  while (i < a.length && j < b.length) {
    const x = a[i] as ContextElem
    const y = b[j] as ContextElem
    out[n++] = x.id <= y.id ? x : y
    if (x.id <= y.id) i++
    if (y.id <= x.id) j++
  }
  while (i < a.length) out[n++] = a[i++] as ContextElem
  while (j < b.length) out[n++] = b[j++] as ContextElem
  return out
}

/** So many contexts are kept side by side at most: mostly the same ones come again and again. */
const MANY = 256

/** The union of many contexts, made once at the end: a text of n parts would otherwise make n arrays. */
export class ContextUnion {
  private first: Context | null = null
  private others: Context[] | null = null

  /** Adds one; null stands for none. */
  add(context: Context | null): void {
    if (context === null || context === this.first || context.length === 0) return
    if (this.first === null) this.first = context
    else if (this.others === null) this.others = [context]
    else if (this.others[this.others.length - 1] !== context && this.others.push(context) >= MANY) this.first = this.value
  }

  /** All that were added; one of them if that has everything. */
  get value(): Context | null {
    const { first, others } = this
    if (others === null) return first
    let sum: Context | null = first
    if (others.length <= 2) for (const context of others) sum = unionContext(sum, context)
    else sum = unionOfMany([first as Context, ...others])
    this.first = sum
    this.others = null
    return sum
  }
}

function unionOfMany(contexts: readonly Context[]): Context {
  const all = contexts.flat().sort((a, b) => a.id - b.id)
  let n = 1
  for (let i = 1; i < all.length; i++) if (all[i] !== all[i - 1]) all[n++] = all[i] as ContextElem
  for (const context of contexts) if (context.length === n) return context
  // Exactly as long as it is: contexts are kept.
  return all.slice(0, n)
}

const rank = { opaque: 0, "drv-deep": 1, built: 2 } as const

/** A context in Nix's own order: kind, then path, then output (C++ Nix: NixStringContextElem comparison). */
export function sortedContext(context: Context): ContextElem[] {
  return [...context].sort(
    (a, b) =>
      rank[a.kind] - rank[b.kind] ||
      (a.path < b.path ? -1 : a.path > b.path ? 1 : 0) ||
      (a.output < b.output ? -1 : a.output > b.output ? 1 : 0),
  )
}

/** How messages show an element (C++ Nix: NixStringContextElem::display). */
export function displayContextElem(elem: ContextElem): string {
  return elem.kind === "built" ? `${elem.path}^${elem.output}` : elem.kind === "drv-deep" ? `${elem.path} (deep)` : elem.path
}

/** The canonical text of an element (C++ Nix: NixStringContextElem::to_string), store directory left out. */
export function encodeContextElem(elem: ContextElem): string {
  const base = elem.path.slice(elem.path.lastIndexOf("/") + 1)
  switch (elem.kind) {
    case "opaque":
      return base
    case "drv-deep":
      return `=${base}`
    case "built": {
      const parts = base.split("^")
      return `!${elem.output}!${parts
        .slice(1)
        .reverse()
        .map((o) => `${o}!`)
        .join("")}${parts[0]}`
    }
  }
}
