// Attribute and variable names, numbered in the order in which they are first seen. Nix keeps sets
// sorted by that number, and it shows: equality, deepSeq and "unexpected argument" follow it.

/** The name table of one evaluator. */
export class Symbols {
  readonly #ids = new Map<string, number>()
  // The strings that `slice` gave, in a hash table with open addressing, and their hashes.
  #names: (string | undefined)[] = new Array(1024).fill(undefined)
  #hashes = new Int32Array(1024)
  #used = 0

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
   * The bytes `start`–`end` of a text as a string, the same string each time: it keeps its hash, and a
   * parser that cuts its names out afresh spends a fifth of its time hashing them (measured). `hash` is
   * any hash of these bytes. Gives no number.
   */
  slice(text: string, start: number, end: number, hash: number): string {
    const names = this.#names
    const hashes = this.#hashes
    const mask = names.length - 1
    let i = hash & mask
    // A text may be made so that its names collide; they are just cut out then.
    for (let tries = 0; tries < 16; tries++) {
      const name = names[i]
      if (name === undefined) return this.#add(text.slice(start, end), i, hash)
      if (hashes[i] === hash && name.length === end - start && sameAt(text, start, name)) return name
      i = (i + 1) & mask
    }
    return text.slice(start, end)
  }

  #add(name: string, i: number, hash: number): string {
    this.#names[i] = name
    this.#hashes[i] = hash
    this.#used++
    if (this.#used * 2 > this.#names.length) this.#grow()
    return name
  }

  #grow(): void {
    const { length } = this.#names
    const mask = length * 2 - 1
    const names: (string | undefined)[] = new Array(length * 2).fill(undefined)
    const hashes = new Int32Array(length * 2)
    for (let k = 0; k < length; k++) {
      const name = this.#names[k]
      if (name === undefined) continue
      const hash = this.#hashes[k] as number
      let i = hash & mask
      while (names[i] !== undefined) i = (i + 1) & mask
      names[i] = name
      hashes[i] = hash
    }
    this.#names = names
    this.#hashes = hashes
  }

  /** How many names there are. */
  get count(): number {
    return this.#ids.size
  }

  /** Sorts names by their number, in place. */
  sort(names: string[]): string[] {
    return names.sort((a, b) => this.id(a) - this.id(b))
  }
}

function sameAt(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) if (text.charCodeAt(start + i) !== name.charCodeAt(i)) return false
  return true
}
