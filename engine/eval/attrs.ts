// Attribute sets, behind a narrow interface so that the representation can change. Measured best (see the
// architecture, and tests/bench): a set is a *shape* (names and their index, shared) and an array of cells;
// `a // b` whose names `a` has already keeps the shape and copies the arrays, which is by far the most
// frequent case; with new names a small b becomes a layer over a, flattened in place when it is walked;
// sets built name by name are maps until they are first updated.

import type { Symbols } from "../lang/symbol.ts"
import type { Cell } from "./value.ts"

/** Distinct names in a fixed order, shared by sets. */
export class Shape {
  readonly names: readonly string[]
  /** Built at the first look-up in more than eight names; many sets are only walked. */
  private index: Map<string, number> | null = null
  private sortedCache: readonly string[] | undefined
  private symbolCache: readonly string[] | undefined
  /**
   * Shapes made of this one before, by the names that were added or kept. A package set makes 400,000 sets this
   * way with 12,000 different lists of names: shared, they need a tenth of the indexes.
   */
  private extended: Map<string, Shape> | null = null
  private kept: Map<string, Shape> | null = null

  constructor(names: readonly string[]) {
    this.names = names
  }

  /** The index of a name, or -1. Up to eight names are searched in a row, which beats a map. */
  find(name: string): number {
    let index = this.index
    if (index === null) {
      const names = this.names
      if (names.length <= 8) {
        for (let i = 0; i < names.length; i++) if (names[i] === name) return i
        return -1
      }
      index = new Map<string, number>()
      for (let i = 0; i < names.length; i++) index.set(names[i] as string, i)
      this.index = index
    }
    const i = index.get(name)
    return i === undefined ? -1 : i
  }

  /** This shape with names that it does not have behind its own. */
  extend(added: readonly string[]): Shape {
    if (this.extended === null) this.extended = new Map()
    const key = added.length === 1 ? (added[0] as string) : added.join("\0")
    return remembered(this.extended, key, () => this.names.concat(added))
  }

  /** The shape of some of these names, in their order. */
  keep(names: readonly string[]): Shape {
    if (this.kept === null) this.kept = new Map()
    return remembered(this.kept, names.join("\0"), () => names)
  }

  get sorted(): readonly string[] {
    if (this.sortedCache === undefined) this.sortedCache = sortNames([...this.names])
    return this.sortedCache
  }

  bySymbol(symbols: Symbols): readonly string[] {
    if (this.symbolCache === undefined) this.symbolCache = symbols.sort([...this.names])
    return this.symbolCache
  }
}

/** How many shapes are remembered at one place before it starts anew. */
const MANY = 512

function remembered(known: Map<string, Shape>, key: string, names: () => readonly string[]): Shape {
  let shape = known.get(key)
  if (shape === undefined) {
    if (known.size >= MANY) known.clear()
    shape = new Shape(names())
    known.set(key, shape)
  }
  return shape
}

/** The shapes of sets that builtins make name by name; one table per runtime. */
export class Shapes {
  private readonly root = new Shape([])

  /** The shape of distinct names. */
  of(names: readonly string[]): Shape {
    return names.length > 64 ? new Shape(names) : this.root.keep(names)
  }
}

/** Sorts names as bytes, which is how Nix prints and lists them. */
export function sortNames(names: string[]): string[] {
  // Without a callback V8 compares strings by UTF-16 units, which for byte strings is bytewise.
  return names.sort()
}

type Positions = readonly number[]

const MAX_LAYERS = 6
/** A right operand up to this size is looked at name by name. */
const FEW = 24

export class Attrs {
  /** Number of attributes. */
  readonly size: number
  /** Position of the set's literal, 0 if it has none. */
  readonly pos: number
  /** The names; null for maps and layers (a call of `settle` gives them one). */
  shape: Shape | null
  /** Cells of the shape, or the map, or the upper layer. */
  private data: readonly Cell[] | Map<string, Cell> | Attrs
  /** Positions side by side with the cells, or of the map, or the lower layer; null if there are none. */
  private more: Positions | Map<string, number> | Attrs | null
  private readonly layers: number

  private constructor(
    size: number,
    pos: number,
    shape: Shape | null,
    data: readonly Cell[] | Map<string, Cell> | Attrs,
    more: Positions | Map<string, number> | Attrs | null,
    layers: number,
  ) {
    this.size = size
    this.pos = pos
    this.shape = shape
    this.data = data
    this.more = more
    this.layers = layers
  }

  /** The empty set; there is only one, as in Nix (visible as «repeated»). */
  static readonly empty: Attrs = new Attrs(0, 0, new Shape([]), [], null, 0)

  /** A set of a shape: `cells[i]` and `positions[i]` belong to `shape.names[i]`. The arrays are kept. */
  static ofShape(shape: Shape, cells: readonly Cell[], positions: Positions | null, pos: number): Attrs {
    return cells.length === 0 ? Attrs.empty : new Attrs(cells.length, pos, shape, cells, positions, 0)
  }

  /** A set of distinct names; `positions` may be null or hold only some. The maps are kept. */
  static ofMap(map: Map<string, Cell>, positions: Map<string, number> | null, pos = 0): Attrs {
    if (map.size === 0) return Attrs.empty
    const set = new Attrs(map.size, pos, null, map, positions, 0)
    if (map.size <= 8) set.settle()
    return set
  }

  /** A set from names (distinct) and cells side by side; the arrays are kept. */
  static of(names: readonly string[], cells: readonly Cell[], positions: Positions | null = null): Attrs {
    return Attrs.ofShape(new Shape(names), cells, positions, 0)
  }

  /** A set from an object, for builtins that return fixed names. */
  static record(fields: Readonly<Record<string, Cell>>): Attrs {
    return Attrs.of(Object.keys(fields), Object.values(fields))
  }

  /** The cell of a name, or undefined. */
  get(name: string): Cell | undefined {
    const shape = this.shape
    if (shape !== null) {
      const i = shape.find(name)
      return i < 0 ? undefined : (this.data as readonly Cell[])[i]
    }
    const data = this.data
    if (data instanceof Map) return data.get(name)
    const upper = (data as Attrs).get(name)
    return upper !== undefined ? upper : (this.more as Attrs).get(name)
  }

  /** The cell at an index of `shape` (for inline caches; the shape must be this set's). */
  at(index: number): Cell {
    return (this.data as readonly Cell[])[index] as Cell
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  /** Where an attribute was defined; 0 if unknown. */
  posOf(name: string): number {
    const shape = this.shape
    if (shape !== null) {
      if (this.more === null) return 0
      const i = shape.find(name)
      return i < 0 ? 0 : ((this.more as Positions)[i] ?? 0)
    }
    const data = this.data
    if (data instanceof Map) return (this.more as Map<string, number> | null)?.get(name) ?? 0
    return (data as Attrs).has(name) ? (data as Attrs).posOf(name) : (this.more as Attrs).posOf(name)
  }

  /** All names in no particular order; the array must not be changed. */
  names(): readonly string[] {
    return this.settle().names
  }

  /** Names sorted as bytes. */
  sortedNames(): readonly string[] {
    return this.settle().sorted
  }

  /** Names in Nix's in-memory order (symbol numbers), which equality and deepSeq follow. */
  symbolNames(symbols: Symbols): readonly string[] {
    return this.settle().bySymbol(symbols)
  }

  /** The cells side by side with `names()`; the array must not be changed. */
  cells(): readonly Cell[] {
    this.settle()
    return this.data as readonly Cell[]
  }

  /** A new map name → cell, to be changed by the caller. */
  toMap(): Map<string, Cell> {
    const names = this.names()
    const cells = this.cells()
    const map = new Map<string, Cell>()
    for (let i = 0; i < names.length; i++) map.set(names[i] as string, cells[i] as Cell)
    return map
  }

  /** A new map name → position (only known ones), to be changed by the caller. */
  positionMap(): Map<string, number> {
    const names = this.names()
    const at = this.more as Positions | null
    const out = new Map<string, number>()
    if (at !== null) for (let i = 0; i < names.length; i++) if (at[i]) out.set(names[i] as string, at[i] as number)
    return out
  }

  /** The same names, without positions, with other cells, made by `f` in no particular order. */
  mapCells(f: (name: string, cell: Cell) => Cell): Attrs {
    if (this.size === 0) return Attrs.empty
    const { names } = this.settle()
    const cells = this.data as readonly Cell[]
    const out: Cell[] = new Array(cells.length)
    for (let i = 0; i < cells.length; i++) out[i] = f(names[i] as string, cells[i] as Cell)
    return new Attrs(this.size, 0, this.shape, out, null, 0)
  }

  /** A new set of the attributes whose names `keep` accepts. */
  filter(keep: (name: string) => boolean): Attrs {
    const { names } = this.settle()
    const cells = this.data as readonly Cell[]
    const at = this.more as Positions | null
    const outNames: string[] = []
    const out: Cell[] = []
    const outAt: number[] = []
    for (let i = 0; i < cells.length; i++) {
      if (!keep(names[i] as string)) continue
      outNames.push(names[i] as string)
      out.push(cells[i] as Cell)
      if (at !== null) outAt.push(at[i] ?? 0)
    }
    if (out.length === 0) return Attrs.empty
    // Another object even if nothing went: «repeated» is told by identity.
    const shape = out.length === cells.length ? (this.shape as Shape) : (this.shape as Shape).keep(outNames)
    return new Attrs(out.length, 0, shape, out, at === null ? null : outAt, 0)
  }

  /** `this // right` for two non-empty sets. */
  update(right: Attrs): Attrs {
    const few = right.size <= FEW
    if (few && this.shape === null && this.layers >= MAX_LAYERS) this.settle()
    if (few && this.shape === null && this.data instanceof Map) this.settle()
    const names = right.names()
    const shape = this.shape
    if (few && shape !== null) {
      // Names of the right side that are all there keep the shape.
      let added = 0
      for (let i = 0; i < names.length; i++) if (shape.find(names[i] as string) < 0) added++
      if (added === 0) return this.replace(shape, right, names)
      if (this.size > 8) return new Attrs(this.size + added, 0, null, right, this, 1)
    } else if (few && this.layers < MAX_LAYERS) {
      let added = 0
      for (let i = 0; i < names.length; i++) if (!this.has(names[i] as string)) added++
      return new Attrs(this.size + added, 0, null, right, this, this.layers + 1)
    }
    return merge(this, right)
  }

  private replace(shape: Shape, right: Attrs, names: readonly string[]): Attrs {
    const cells = (this.data as readonly Cell[]).slice()
    const rightCells = right.cells()
    const at = this.more as Positions | null
    const rightAt = right.more as Positions | null
    const positions: number[] | null = at === null && rightAt === null ? null : at === null ? new Array(cells.length).fill(0) : at.slice()
    for (let i = 0; i < names.length; i++) {
      const k = shape.find(names[i] as string)
      cells[k] = rightCells[i] as Cell
      if (positions !== null) positions[k] = rightAt === null ? 0 : (rightAt[i] ?? 0)
    }
    return new Attrs(cells.length, 0, shape, cells, positions, 0)
  }

  /** Gives this set a shape, in place: whoever walks a set once will walk it again. */
  private settle(): Shape {
    if (this.shape !== null) return this.shape
    const data = this.data
    if (data instanceof Map) {
      const map = this.more as Map<string, number> | null
      const names = [...data.keys()]
      const cells = [...data.values()]
      this.more = map === null || map.size === 0 ? null : names.map((n) => map.get(n) ?? 0)
      this.data = cells
      this.shape = new Shape(names)
    } else {
      const whole = merge(this.more as Attrs, data as Attrs)
      this.data = whole.data
      this.more = whole.more
      this.shape = whole.shape as Shape
    }
    return this.shape
  }

  /** Positions side by side with `names()`, or null. */
  positionList(): Positions | null {
    this.settle()
    return this.more as Positions | null
  }
}

/** `left // right` written out. */
function merge(left: Attrs, right: Attrs): Attrs {
  const leftCells = left.cells()
  const shape = left.shape as Shape
  const names = right.names()
  const rightCells = right.cells()
  const leftAt = left.positionList()
  const rightAt = right.positionList()
  const n = leftCells.length
  // The names come first, so that the arrays are made as long as they get.
  const added: string[] = []
  for (let i = 0; i < names.length; i++) if (shape.find(names[i] as string) < 0) added.push(names[i] as string)
  const length = n + added.length
  const cells: Cell[] = new Array(length)
  for (let i = 0; i < n; i++) cells[i] = leftCells[i] as Cell
  let at: number[] | null = null
  if (leftAt !== null || rightAt !== null) {
    at = new Array(length)
    for (let i = 0; i < n; i++) at[i] = leftAt === null ? 0 : (leftAt[i] ?? 0)
  }
  let next = n
  for (let i = 0; i < names.length; i++) {
    let k = shape.find(names[i] as string)
    if (k < 0) k = next++
    cells[k] = rightCells[i] as Cell
    if (at !== null) at[k] = rightAt === null ? 0 : (rightAt[i] ?? 0)
  }
  // A dictionary that grows name by name would remember a shape per step.
  const whole = added.length === 0 ? shape : length > 256 ? new Shape(shape.names.concat(added)) : shape.extend(added)
  return Attrs.ofShape(whole, cells, at, 0)
}
