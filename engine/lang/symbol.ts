// Attribute and variable names, numbered in the order in which they are first seen. Nix keeps sets
// sorted by that number, and it shows: equality, deepSeq and "unexpected argument" follow it.

/** So many things are sorted by insertion, with one look-up each. */
const FEW = 16

/** The name table of one evaluator. */
export class Symbols {
  readonly #ids = new Map<string, number>()
  // The names that `slice` gave: a hash table with open addressing of their entries (plus 1; 0 is free), and by
  // entry the name, its hash, and 1 if it has its number already.
  #table = new Int32Array(2048)
  readonly #names: string[] = []
  #hashes = new Int32Array(1024)
  #numbered = new Uint8Array(1024)
  /** The entry of the name that `slice` gave last; -1 if it has none. */
  entry = -1

  /** The number of a name; a new name gets the next one (C++ Nix: SymbolTable::create). */
  id(name: string): number {
    let id = this.#ids.get(name)
    if (id === undefined) {
      id = this.#ids.size + 1
      this.#ids.set(name, id)
    }
    return id
  }

  /**
   * The bytes `start`–`end` of a text as a string, the same string each time; `entry` then says which.
   * `hash` is any hash of these bytes. Gives no number: that is for `note`. A parser that cuts its names out
   * afresh and asks for `id` each time spends a fifth of its time there (measured over 2,000 files).
   */
  slice(text: string, start: number, end: number, hash: number): string {
    const table = this.#table
    const mask = table.length - 1
    let i = hash & mask
    // A text may be made so that its names collide; they are just cut out then.
    for (let tries = 0; tries < 16; tries++) {
      const entry = (table[i] as number) - 1
      if (entry < 0) return this.#add(text.slice(start, end), i, hash)
      if (this.#hashes[entry] === hash) {
        const name = this.#names[entry] as string
        if (name.length === end - start && sameAt(text, start, name)) {
          this.entry = entry
          return name
        }
      }
      i = (i + 1) & mask
    }
    this.entry = -1
    return text.slice(start, end)
  }

  /** Gives a name its number if it has none, as `id` does; `entry` is what `slice` said, or -1. */
  note(name: string, entry: number): void {
    if (entry >= 0) {
      if (this.#numbered[entry] === 1) return
      this.#numbered[entry] = 1
    }
    this.id(name)
  }

  #add(name: string, free: number, hash: number): string {
    const entry = this.#names.length
    this.#names.push(name)
    this.entry = entry
    if (entry < this.#hashes.length) this.#table[free] = entry + 1
    else {
      this.#grow()
      place(this.#table, hash, entry)
    }
    this.#hashes[entry] = hash
    return name
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2)
    hashes.set(this.#hashes)
    const numbered = new Uint8Array(hashes.length)
    numbered.set(this.#numbered)
    const table = new Int32Array(hashes.length * 2)
    for (let entry = 0; entry < this.#hashes.length; entry++) place(table, hashes[entry] as number, entry)
    this.#hashes = hashes
    this.#numbered = numbered
    this.#table = table
  }

  /** How many names there are. */
  get count(): number {
    return this.#ids.size
  }

  /** A new array of these things, sorted by the numbers of their names. */
  sorted<T extends { readonly name: string }>(things: readonly T[]): T[] {
    const out = things.slice()
    const ids: number[] = new Array(out.length)
    let ordered = true
    for (let i = 0; i < out.length; i++) {
      ids[i] = this.id((out[i] as T).name)
      if (i > 0 && (ids[i] as number) < (ids[i - 1] as number)) ordered = false
    }
    if (ordered) return out
    if (out.length > FEW) return out.sort((a, b) => this.id(a.name) - this.id(b.name))
    for (let i = 1; i < out.length; i++) {
      const thing = out[i] as T
      const id = ids[i] as number
      let at = i
      for (; at > 0 && (ids[at - 1] as number) > id; at--) {
        ids[at] = ids[at - 1] as number
        out[at] = out[at - 1] as T
      }
      ids[at] = id
      out[at] = thing
    }
    return out
  }

  /** Sorts names by their number, in place. */
  sort(names: string[]): string[] {
    return names.sort((a, b) => this.id(a) - this.id(b))
  }
}

function place(table: Int32Array, hash: number, entry: number): void {
  const mask = table.length - 1
  let i = hash & mask
  while (table[i] !== 0) i = (i + 1) & mask
  table[i] = entry + 1
}

function sameAt(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (text.charCodeAt(start + i) !== name.charCodeAt(i)) return false
  return true
}
