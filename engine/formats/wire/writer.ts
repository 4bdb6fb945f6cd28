// Writes the primitives of Nix's protocols (see reading.ts) into a growing buffer.
// C++ Nix: libutil/serialise.cc

/** Collects bytes; take() gives them out. */
export class WireWriter {
  #buffer = new Uint8Array(256)
  #view = new DataView(this.#buffer.buffer)
  #used = 0

  #room(size: number): number {
    const at = this.#used
    this.#used += size
    if (this.#used > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#used, this.#buffer.length * 2))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
      this.#view = new DataView(larger.buffer)
    }
    return at
  }

  /** How many bytes wait. */
  get size(): number {
    return this.#used
  }

  /** An integer: not negative and safe, or a bigint of 64 bits, signed or not. */
  integer(value: number | bigint): this {
    if (typeof value === "number" && !Number.isSafeInteger(value)) throw new RangeError(`not an integer of 64 bits: ${value}`)
    const at = this.#room(8)
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true)
    return this
  }

  /** A truth value. */
  bool(value: boolean): this {
    return this.integer(value ? 1 : 0)
  }

  /** Bytes as they are. */
  bytes(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    this.#buffer.set(bytes, at)
    return this
  }

  /** A byte string. */
  string(text: string): this {
    this.integer(text.length)
    const padded = Math.ceil(text.length / 8) * 8
    const at = this.#room(padded)
    for (let i = 0; i < text.length; i++) this.#buffer[at + i] = text.charCodeAt(i)
    this.#buffer.fill(0, at + text.length, at + padded)
    return this
  }

  /** A list; `item` writes one. */
  list<T>(items: readonly T[], item: (item: T) => void): this {
    this.integer(items.length)
    for (const one of items) item(one)
    return this
  }

  /** A list of strings in their order. */
  strings(texts: readonly string[]): this {
    return this.list(texts, (text) => this.string(text))
  }

  /** A map, sorted by key; `value` writes a value. */
  map<T>(map: ReadonlyMap<string, T>, value: (value: T) => void): this {
    return this.list([...map.keys()].sort(), (key) => {
      this.string(key)
      value(map.get(key)!)
    })
  }

  /** Gives out what was written, and begins anew. */
  take(): Uint8Array {
    const bytes = this.#buffer.slice(0, this.#used)
    this.#used = 0
    return bytes
  }
}
