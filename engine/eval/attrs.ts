// Attribute sets, behind a narrow interface so that the representation can change. Measured best (see
// the architecture): literals share a static shape and hold a value array; bigger dynamic sets are maps;
// `a // b` with a small b is a layer over a, flattened in place when it is walked.

import type { Symbols } from "../lang/symbol.ts"
import type { Cell } from "./value.ts"

/** Names (no duplicates) and positions shared by all sets of one literal. */
export class Shape {
  readonly names: readonly string[]
  readonly positions: ArrayLike<number> | null
  private readonly index: Map<string, number> | null
  private sortedCache: readonly string[] | undefined
  private symbolCache: readonly string[] | undefined
  private bareCache: Shape | undefined

  constructor(names: readonly string[], positions: ArrayLike<number> | null) {
    this.names = names
    this.positions = positions
    if (names.length > 8) {
      const index = new Map<string, number>()
      for (let i = 0; i < names.length; i++) index.set(names[i] as string, i)
      this.index = index
    } else this.index = null
  }

  /** The index of a name, or -1. Up to eight names are searched in a row, which beats a map. */
  find(name: string): number {
    if (this.index !== null) {
      const i = this.index.get(name)
      return i === undefined ? -1 : i
    }
    const names = this.names
    for (let i = 0; i < names.length; i++) if (names[i] === name) return i
    return -1
  }

  get sorted(): readonly string[] {
    if (this.sortedCache === undefined) this.sortedCache = sortNames([...this.names])
    return this.sortedCache
  }

  /** The same names without positions; made once, so that sets mapped from one literal share it. */
  get bare(): Shape {
    if (this.positions === null) return this
    if (this.bareCache === undefined) this.bareCache = new Shape(this.names, null)
    return this.bareCache
  }

  bySymbol(symbols: Symbols): readonly string[] {
    if (this.symbolCache === undefined) this.symbolCache = symbols.sort([...this.names])
    return this.symbolCache
  }
}

/** Sorts names as bytes, which is how Nix prints and lists them. */
export function sortNames(names: string[]): string[] {
  return names.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

const MAX_LAYERS = 6
const SMALL = 8

export class Attrs {
  /** Number of attributes. */
  readonly size: number
  /** Position of the set's literal, 0 if it has none. */
  readonly pos: number
  /** The shape of a literal or small set; null for maps and layers. */
  shape: Shape | null
  /** Values of the shape, the map, or the upper layer. */
  private data: readonly Cell[] | Map<string, Cell> | Attrs
  /** Positions of the map, or the lower layer. */
  private more: Map<string, number> | Attrs | null
  private readonly layers: number

  private constructor(
    size: number,
    pos: number,
    shape: Shape | null,
    data: readonly Cell[] | Map<string, Cell> | Attrs,
    more: Map<string, number> | Attrs | null,
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
  static readonly empty: Attrs = new Attrs(0, 0, new Shape([], null), [], null, 0)

  /** A set of a literal: `values[i]` belongs to `shape.names[i]`. The array is kept. */
  static ofShape(shape: Shape, values: readonly Cell[], pos: number): Attrs {
    return values.length === 0 ? Attrs.empty : new Attrs(values.length, pos, shape, values, null, 0)
  }

  /** A set of distinct names; `positions` may be null or hold only some. The maps are kept. */
  static ofMap(map: Map<string, Cell>, positions: Map<string, number> | null, pos = 0): Attrs {
    if (map.size === 0) return Attrs.empty
    if (map.size <= SMALL) {
      const names = [...map.keys()]
      const at = positions === null ? null : names.map((n) => positions.get(n) ?? 0)
      return new Attrs(map.size, pos, new Shape(names, at), [...map.values()], null, 0)
    }
    return new Attrs(map.size, pos, null, map, positions, 0)
  }

  /** A set from names (distinct) and cells side by side; both arrays are kept. */
  static of(names: readonly string[], values: readonly Cell[], positions: readonly number[] | null = null): Attrs {
    return Attrs.ofShape(new Shape(names, positions), values, 0)
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
      if (shape.positions === null) return 0
      const i = shape.find(name)
      return i < 0 ? 0 : (shape.positions[i] ?? 0)
    }
    const data = this.data
    if (data instanceof Map) return (this.more as Map<string, number> | null)?.get(name) ?? 0
    return (data as Attrs).has(name) ? (data as Attrs).posOf(name) : (this.more as Attrs).posOf(name)
  }

  /** All names in no particular order; the array must not be changed. */
  names(): readonly string[] {
    if (this.shape !== null) return this.shape.names
    this.flatten()
    return [...(this.data as Map<string, Cell>).keys()]
  }

  /** Names sorted as bytes. */
  sortedNames(): readonly string[] {
    return this.shape !== null ? this.shape.sorted : sortNames([...this.names()])
  }

  /** Names in Nix's in-memory order (symbol numbers), which equality and deepSeq follow. */
  symbolNames(symbols: Symbols): readonly string[] {
    return this.shape !== null ? this.shape.bySymbol(symbols) : symbols.sort([...this.names()])
  }

  /** A new map name → cell, to be changed by the caller. */
  toMap(): Map<string, Cell> {
    if (this.shape !== null) {
      const map = new Map<string, Cell>()
      const names = this.shape.names
      const values = this.data as readonly Cell[]
      for (let i = 0; i < names.length; i++) map.set(names[i] as string, values[i] as Cell)
      return map
    }
    this.flatten()
    return new Map(this.data as Map<string, Cell>)
  }

  /** A new map name → position (only known ones), to be changed by the caller. */
  positionMap(): Map<string, number> {
    const out = new Map<string, number>()
    for (const name of this.names()) {
      const pos = this.posOf(name)
      if (pos !== 0) out.set(name, pos)
    }
    return out
  }

  /** The same names, without positions, with other cells, made by `f` in no particular order. */
  mapCells(f: (name: string, cell: Cell) => Cell): Attrs {
    if (this.size === 0) return Attrs.empty
    if (this.shape !== null) {
      const names = this.shape.names
      const values = this.data as readonly Cell[]
      const out: Cell[] = new Array(values.length)
      for (let i = 0; i < values.length; i++) out[i] = f(names[i] as string, values[i] as Cell)
      return new Attrs(this.size, 0, this.shape.bare, out, null, 0)
    }
    this.flatten()
    const map = new Map<string, Cell>()
    for (const [name, cell] of this.data as Map<string, Cell>) map.set(name, f(name, cell))
    return new Attrs(this.size, 0, null, map, null, 0)
  }

  /** `this // right` for two non-empty sets. */
  update(right: Attrs): Attrs {
    let added = right.size
    if (right.size <= 24) {
      for (const name of right.names()) if (this.has(name)) added--
    }
    if (right.size <= 24 && this.size > SMALL && this.size > right.size && this.layers < MAX_LAYERS) {
      return new Attrs(this.size + added, 0, null, right, this, this.layers + 1)
    }
    if (right.size <= 24 && this.size + added <= SMALL && this.shape !== null) return this.updateSmall(right, added)
    const map = this.toMap()
    const at = this.positionMap()
    const names = right.names()
    for (let i = 0; i < names.length; i++) {
      const name = names[i] as string
      map.set(name, right.get(name) as Cell)
      const pos = right.posOf(name)
      if (pos !== 0) at.set(name, pos)
      else at.delete(name)
    }
    return Attrs.ofMap(map, at)
  }

  private updateSmall(right: Attrs, added: number): Attrs {
    const shape = this.shape as Shape
    const names = right.names()
    const values = (this.data as readonly Cell[]).slice()
    if (added === 0 && shape.positions === null) {
      for (const name of names) values[shape.find(name)] = right.get(name) as Cell
      return new Attrs(this.size, 0, shape, values, null, 0)
    }
    const outNames = shape.names.slice()
    const at: number[] = new Array(outNames.length)
    for (let i = 0; i < outNames.length; i++) at[i] = shape.positions === null ? 0 : (shape.positions[i] ?? 0)
    for (const name of names) {
      let i = shape.find(name)
      if (i < 0) i = outNames.push(name) - 1
      values[i] = right.get(name) as Cell
      at[i] = right.posOf(name)
    }
    return new Attrs(outNames.length, 0, new Shape(outNames, at), values, null, 0)
  }

  /** Turns layers into one map, in place: whoever walks a set once will walk it again. */
  private flatten(): void {
    if (this.data instanceof Map) return
    const upper = this.data as Attrs
    const lower = this.more as Attrs
    const map = lower.toMap()
    const at = lower.positionMap()
    for (const name of upper.names()) {
      map.set(name, upper.get(name) as Cell)
      const pos = upper.posOf(name)
      if (pos !== 0) at.set(name, pos)
      else at.delete(name)
    }
    this.data = map
    this.more = at
  }
}
