// Shapes: the names of attribute sets, shared by all sets that have the same ones in the same order. A shape
// remembers what became of it before: which shape a `//` with another one gives and where its cells go, and what is
// left when names are removed. A package set makes 400,000 sets this way with 12,000 different lists of names.

import type { Symbols } from "../lang/symbol.ts"
import { type Origin, originOf } from "./origin.ts"

/** How many shapes or plans are remembered at one place before it starts anew. */
const MANY = 512
/** A dictionary that grows name by name would remember a shape per step; from this size on nothing is remembered. */
const LARGE = 256
/** So many names are always searched one by one. */
const FEW = 8
/** So many names are looked at one by one before an index is built: many shapes are asked once or twice. */
const MANY_LOOKS = 256
/** So many shapes may be looked through, one made of the other. */
const MAX_DEPTH = 3

/** How `left // right` is made for all sets of two shapes. */
export class MergePlan {
  /** By cell of the right set: its index in the result; null if all follow the left set's. */
  readonly places: readonly number[] | null
  /** The names that the left shape does not have. */
  readonly added: readonly string[]
  private readonly left: Shape
  private readonly right: Shape
  private whole: Shape | null = null
  /** The last origin that was made. Sets of one shape mostly come from one place of a program, and so do their results. */
  private origin: Origin = null
  private upper: Origin = null
  private lower: Origin = null

  constructor(left: Shape, right: Shape) {
    const { names } = right
    const places: number[] = new Array(names.length)
    const n = left.names.length
    let count = 0
    for (let i = 0; i < names.length; i++) {
      const k = left.find(names[i] as string)
      places[i] = k < 0 ? n + count++ : k
    }
    this.left = left
    this.right = right
    if (count === names.length) {
      this.places = null
      this.added = names
    } else {
      this.places = places
      this.added = count === 0 ? none : names.filter((_, i) => (places[i] as number) >= n)
    }
  }

  /** The shape of the result. */
  get shape(): Shape {
    if (this.whole === null) this.whole = this.added.length === 0 ? this.left : this.left.extend(this.added)
    return this.whole
  }

  /** Where the attributes of the result are defined, by where those of the right set (`upper`) and of the left one are. */
  originOf(upper: Origin, lower: Origin): Origin {
    if (upper === this.upper && lower === this.lower) return this.origin
    this.upper = upper
    this.lower = lower
    this.origin = originOf(this.right, upper, this.left, lower)
    return this.origin
  }
}

const none: readonly string[] = []

/** What was made at one place, by what it was made of. Mostly it is a single thing, for which a map would take eight times the memory. */
export class Memo<K, V> {
  private key: K | undefined = undefined
  private value: V | undefined = undefined
  private others: Map<K, V> | null = null

  /** What was made of this key before; undefined if nothing was. */
  get(key: K): V | undefined {
    if (this.key === key) return this.value
    return this.others === null ? undefined : this.others.get(key)
  }

  /** Remembers what was made, the last so many of them. */
  set(key: K, value: V): V {
    if (this.key === undefined) {
      this.key = key
      this.value = value
      return value
    }
    if (this.others === null) this.others = new Map()
    else if (this.others.size >= MANY) this.others.clear()
    this.others.set(key, value)
    return value
  }
}

/** What a shape has found out about itself. Made late: most shapes are never asked, and a field less counts among 130,000. */
class Memory {
  sorted: readonly string[] | null = null
  order: readonly number[] | null = null
  bySymbol: readonly string[] | null = null
  /** Shapes made of it, by the names that were added, or by the indexes that were left out. */
  extended: Memo<string, Shape> | null = null
  reduced: Memo<number | string, Shape> | null = null
  merged: Memo<Shape, MergePlan> | null = null
}

/** Distinct names in a fixed order, shared by sets. */
export class Shape {
  readonly names: readonly string[]
  /** The shape it was made of by adding names at the end, or by leaving out those at the indexes `gone`, sorted. */
  private readonly base: Shape | null
  private readonly gone: readonly number[] | null
  private readonly depth: number
  /** Of the names that `base` does not have. Built when there are more than eight and they were searched some times. */
  private index: Map<string, number> | null = null
  /** Names that were looked at so far, in vain or not. */
  private looked = 0
  private known: Memory | null = null

  constructor(names: readonly string[], base: Shape | null = null, gone: readonly number[] | null = null) {
    this.names = names
    const deep = base === null || base.depth >= (names.length > LARGE ? 2 * MAX_DEPTH : MAX_DEPTH)
    this.base = deep ? null : base
    this.gone = gone
    this.depth = this.base === null ? 0 : this.base.depth + 1
  }

  private get memory(): Memory {
    if (this.known === null) this.known = new Memory()
    return this.known
  }

  /** The index of a name, or -1. */
  find(name: string): number {
    const { names, base } = this
    let from = 0
    // An index of all names would be 40 bytes a name, a third of what shapes take.
    if (base !== null && names.length > FEW) {
      const i = base.find(name)
      if (this.gone !== null) return i < 0 ? i : shifted(i, this.gone)
      if (i >= 0) return i
      from = base.names.length
    }
    if (this.index === null) {
      if (names.length - from > FEW) this.looked += names.length - from
      if (this.looked < MANY_LOOKS) {
        for (let i = from; i < names.length; i++) if (names[i] === name) return i
        return -1
      }
      this.index = new Map<string, number>()
      for (let i = from; i < names.length; i++) this.index.set(names[i] as string, i)
    }
    const i = this.index.get(name)
    return i === undefined ? -1 : i
  }

  /** This shape with names that it does not have behind its own. */
  extend(added: readonly string[]): Shape {
    if (this.names.length + added.length > LARGE) return new Shape(this.names.concat(added), this)
    const { memory } = this
    if (memory.extended === null) memory.extended = new Memo()
    const key = added.length === 1 ? (added[0] as string) : added.join("\0")
    return memory.extended.get(key) ?? memory.extended.set(key, new Shape(this.names.concat(added), this))
  }

  /** This shape without the names at these indexes, which are sorted. */
  without(indexes: readonly number[]): Shape {
    const { memory } = this
    if (memory.reduced === null) memory.reduced = new Memo()
    const key = indexes.length === 1 ? (indexes[0] as number) : indexes.join()
    return memory.reduced.get(key) ?? memory.reduced.set(key, this.reduce(indexes))
  }

  private reduce(indexes: readonly number[]): Shape {
    const names: string[] = new Array(this.names.length - indexes.length)
    for (let i = 0, n = 0, next = 0; i < this.names.length; i++) {
      if (i === indexes[next]) next++
      else names[n++] = this.names[i] as string
    }
    return indexes.length <= FEW ? new Shape(names, this, indexes) : new Shape(names)
  }

  /** How sets of this shape take on the attributes of sets of another one. */
  merge(right: Shape): MergePlan {
    if (this.names.length + right.names.length > LARGE) return new MergePlan(this, right)
    const { memory } = this
    if (memory.merged === null) memory.merged = new Memo()
    return memory.merged.get(right) ?? memory.merged.set(right, new MergePlan(this, right))
  }

  get sorted(): readonly string[] {
    const { memory } = this
    if (memory.sorted === null) memory.sorted = sortNames([...this.names])
    return memory.sorted
  }

  /** The indexes of the names in their sorted order. */
  get order(): readonly number[] {
    const { memory, names } = this
    if (memory.order === null) memory.order = names.map((_, i) => i).sort((i, j) => ((names[i] as string) < (names[j] as string) ? -1 : 1))
    return memory.order
  }

  bySymbol(symbols: Symbols): readonly string[] {
    const { memory } = this
    if (memory.bySymbol === null) memory.bySymbol = symbols.sort([...this.names])
    return memory.bySymbol
  }
}

/** An index after what was at the indexes `gone` has been left out; -1 if it is one of them. */
function shifted(i: number, gone: readonly number[]): number {
  let before = 0
  while (before < gone.length && (gone[before] as number) < i) before++
  return gone[before] === i ? -1 : i - before
}

/** So many names are not looked up among the known shapes: writing the key would cost more than it saves. */
const TOO_MANY_NAMES = 64
/** So many shapes, and so many bytes of names, are known at once; a set of packages has 4,000 shapes. */
const MANY_SHAPES = 1 << 16
const MANY_BYTES = 1 << 24

/** The shapes of sets whose names are known only when they are made; one table per runtime. */
export class Shapes {
  private readonly known = new Map<string, Shape>()
  private bytes = 0

  /** The shape of distinct names. */
  of(names: readonly string[]): Shape {
    // No names would have the key of one empty name.
    if (names.length === 0 || names.length > TOO_MANY_NAMES) return new Shape(names)
    const key = names.length === 1 ? (names[0] as string) : names.join("\0")
    let shape = this.known.get(key)
    if (shape === undefined) {
      this.bytes += key.length
      if (this.known.size >= MANY_SHAPES || this.bytes > MANY_BYTES) {
        this.known.clear()
        this.bytes = key.length
      }
      // Exactly as long as it is: arrays that grew keep spare room.
      shape = new Shape(names.slice())
      this.known.set(key, shape)
    }
    return shape
  }
}

/** Sorts names as bytes, which is how Nix prints and lists them. */
export function sortNames(names: string[]): string[] {
  // Without a callback V8 compares strings by UTF-16 units, which for byte strings is bytewise.
  return names.sort()
}
