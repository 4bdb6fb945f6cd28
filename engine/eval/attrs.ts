// Attribute sets, behind a narrow interface so that the representation can change. Measured best (see the
// architecture, and tests/bench): a set is a *shape* (names and their index, shared) and an array of cells;
// `a // b` whose names `a` has already keeps the shape and copies the arrays, which is by far the most
// frequent case; with new names a small b becomes a layer over a, flattened in place when it is walked;
// sets built name by name are maps until they are first updated.

import type { Symbols } from "../lang/symbol.ts"
import { type Origin, originOfPart, positionIn, positionsIn } from "./origin.ts"
import { Shape, type Shapes } from "./shape.ts"
import type { Cell } from "./value.ts"

const MAX_LAYERS = 6
/** A right operand up to this size is looked at name by name. */
const FEW = 24

export class Attrs {
  /** The names; null for maps and layers (a call of `settle` gives them one). */
  shape: Shape | null
  /** Cells of the shape, or the map, or the upper layer. */
  private data: readonly Cell[] | Map<string, Cell> | Attrs
  /** Where the attributes of a shape are defined, or those of the map, or the lower layer. */
  private more: Origin | Map<string, number> | Attrs
  /**
   * Of layers, which have no literal: the number of attributes, times eight, and of layers. Else the position of the literal, 0 without
   * one. Sets are a tenth of all memory, so they have no field that only some of them need.
   */
  private extra: number

  private constructor(
    shape: Shape | null,
    data: readonly Cell[] | Map<string, Cell> | Attrs,
    more: Origin | Map<string, number> | Attrs,
    extra: number,
  ) {
    this.shape = shape
    this.data = data
    this.more = more
    this.extra = extra
  }

  /** Number of attributes. */
  get size(): number {
    const data = this.data
    return this.shape !== null ? (data as readonly Cell[]).length : data instanceof Map ? data.size : this.extra >> 3
  }

  /** Position of the set's literal, 0 if it has none. */
  get pos(): number {
    return this.shape !== null || this.data instanceof Map ? this.extra : 0
  }

  /** Layers over a set that has none. */
  private get layers(): number {
    return this.shape !== null || this.data instanceof Map ? 0 : this.extra & 7
  }

  /** The empty set; there is only one, as in Nix (visible as «repeated»). */
  static readonly empty: Attrs = new Attrs(new Shape([]), [], null, 0)

  /** A set of a shape: `cells[i]` and `positions[i]` belong to `shape.names[i]`. The arrays are kept. */
  static ofShape(shape: Shape, cells: readonly Cell[], positions: Origin, pos: number): Attrs {
    return cells.length === 0 ? Attrs.empty : new Attrs(shape, cells, positions, pos)
  }

  /** A set of distinct names; `positions` may be null or hold only some. The maps are kept. */
  static ofMap(map: Map<string, Cell>, positions: Map<string, number> | null, pos = 0): Attrs {
    if (map.size === 0) return Attrs.empty
    const set = new Attrs(null, map, positions, pos)
    if (map.size <= 8) set.settle()
    return set
  }

  /** A set from names (distinct) and cells side by side; the arrays are kept. */
  static of(names: readonly string[], cells: readonly Cell[], positions: Origin = null): Attrs {
    return Attrs.ofShape(new Shape(names), cells, positions, 0)
  }

  /** A set from an object, for builtins that return fixed names. */
  static record(shapes: Shapes, fields: Readonly<Record<string, Cell>>): Attrs {
    return Attrs.ofShape(shapes.of(Object.keys(fields)), Object.values(fields), null, 0)
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
    if (shape !== null) return positionIn(shape, this.more as Origin, name)
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

  /** The indexes in `names()` and `cells()` in the order of `sortedNames()`. */
  sortedIndexes(): readonly number[] {
    return this.settle().order
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

  /** The same names, without positions, with other cells, made by `f` in no particular order. */
  mapCells(f: (name: string, cell: Cell) => Cell): Attrs {
    if (this.size === 0) return Attrs.empty
    const { names } = this.settle()
    const cells = this.data as readonly Cell[]
    const out: Cell[] = new Array(cells.length)
    for (let i = 0; i < cells.length; i++) out[i] = f(names[i] as string, cells[i] as Cell)
    return new Attrs(this.shape, out, null, 0)
  }

  /** A new set of all attributes but these. Another object even if nothing goes: «repeated» is told by identity. */
  without(removed: readonly string[]): Attrs {
    const shape = this.settle()
    const cells = this.data as readonly Cell[]
    let gone: number[] = []
    for (let i = 0; i < removed.length; i++) {
      const k = shape.find(removed[i] as string)
      if (k >= 0) gone.push(k)
    }
    if (gone.length > 1) gone = distinct(gone)
    if (gone.length === cells.length) return Attrs.empty
    if (gone.length === 0) return new Attrs(shape, cells, this.more, 0)
    const out: Cell[] = new Array(cells.length - gone.length)
    let n = 0
    let next = 0
    for (let i = 0; i < cells.length; i++) {
      if (i === gone[next]) next++
      else out[n++] = cells[i] as Cell
    }
    return new Attrs(shape.without(gone), out, originOfPart(shape, this.more as Origin), 0)
  }

  /** A new set of the attributes whose names `other` has too. */
  common(other: Attrs, shapes: Shapes): Attrs {
    const shape = this.settle()
    const cells = this.data as readonly Cell[]
    const otherShape = other.settle()
    const fewer = shape.names.length < otherShape.names.length
    const names: string[] = []
    const indexes: number[] = []
    for (const name of fewer ? shape.names : otherShape.names) {
      const i = shape.find(name)
      if (i < 0 || (fewer && otherShape.find(name) < 0)) continue
      names.push(name)
      indexes.push(i)
    }
    if (names.length === 0) return Attrs.empty
    // Exactly as long as it is: arrays that grew keep spare room.
    const out: Cell[] = new Array(indexes.length)
    for (let i = 0; i < out.length; i++) out[i] = cells[indexes[i] as number] as Cell
    return new Attrs(shapes.of(names), out, originOfPart(shape, this.more as Origin), 0)
  }

  /** `this // right` for two non-empty sets. */
  update(right: Attrs): Attrs {
    if (right.size <= FEW) {
      if (this.shape === null && (this.layers >= MAX_LAYERS || this.data instanceof Map)) this.settle()
      const names = right.names()
      const shape = this.shape
      if (shape === null) {
        let added = 0
        for (let i = 0; i < names.length; i++) if (!this.has(names[i] as string)) added++
        return new Attrs(null, right, this, ((this.size + added) << 3) | (this.layers + 1))
      }
      // Names of the right side that are all there keep the shape.
      if (this.size > 8) {
        const added = shape.merge(right.shape as Shape).added.length
        if (added > 0) return new Attrs(null, right, this, ((this.size + added) << 3) | 1)
      }
    }
    return this.merge(right)
  }

  /** `this // right` written out. */
  private merge(right: Attrs): Attrs {
    const shape = this.settle()
    const rightShape = right.settle()
    const leftCells = this.data as readonly Cell[]
    const rightCells = right.data as readonly Cell[]
    const plan = shape.merge(rightShape)
    const { places } = plan
    const n = leftCells.length
    const cells: Cell[] = new Array(n + plan.added.length)
    for (let i = 0; i < n; i++) cells[i] = leftCells[i] as Cell
    if (places === null) for (let i = 0; i < rightCells.length; i++) cells[n + i] = rightCells[i] as Cell
    else for (let i = 0; i < places.length; i++) cells[places[i] as number] = rightCells[i] as Cell
    return new Attrs(plan.shape, cells, plan.originOf(right.more as Origin, this.more as Origin), 0)
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
      const whole = (this.more as Attrs).merge(data as Attrs)
      this.data = whole.data
      this.more = whole.more
      this.shape = whole.shape as Shape
      this.extra = 0
    }
    return this.shape
  }

  /** Positions side by side with `names()`, or null. */
  positionList(): readonly number[] | null {
    return positionsIn(this.settle(), this.more as Origin)
  }
}

/** Sorts numbers and drops what is there twice. */
function distinct(numbers: number[]): number[] {
  numbers.sort((a, b) => a - b)
  for (let i = 1; i < numbers.length; i++) if (numbers[i] === numbers[i - 1]) return [...new Set(numbers)]
  return numbers
}
