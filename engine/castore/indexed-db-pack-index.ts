// Where each item of a kind is stored, in memory: a hash table over plain arrays.
//
// All digests of a kind are held, 52 bytes each with their place: a package set of 40,000 files takes 2 MB and loads in a few
// milliseconds. A Map of strings would take three times that and the making of every string at each start.

import type { B3Digest } from "./digest.ts"

/** Where an item is: bytes `start` to `start + size` of the pack with this number. */
export interface Place {
  readonly pack: number
  readonly start: number
  readonly size: number
}

export class PackIndex {
  #count = 0
  #digests = new Uint8Array(32 * 256)
  #packs = new Float64Array(256)
  #starts = new Uint32Array(256)
  #sizes = new Uint32Array(256)
  /** Ordinal + 1 of the item at this place of the hash table, 0 for nobody. At most half full. */
  #slots = new Uint32Array(1024)
  /** A digest that is looked for. */
  readonly #wanted = new Uint8Array(32)

  /** How many items there are. */
  get size(): number {
    return this.#count
  }

  clear(): void {
    this.#count = 0
    this.#slots.fill(0)
  }

  /** Where the item is; undefined if it is unknown. */
  find(digest: B3Digest): Place | undefined {
    for (let i = 0; i < 32; i++) this.#wanted[i] = (nibble(digest.charCodeAt(2 * i)) << 4) | nibble(digest.charCodeAt(2 * i + 1))
    const ordinal = this.#slots[this.#slot(this.#wanted, 0)]! - 1
    if (ordinal < 0) return undefined
    return { pack: this.#packs[ordinal]!, start: this.#starts[ordinal]!, size: this.#sizes[ordinal]! }
  }

  /** Says where the item is whose digest are the 32 bytes from `at`; what was known of it before is forgotten. */
  set(digests: Uint8Array, at: number, place: Place): void {
    const slot = this.#slot(digests, at)
    let ordinal = this.#slots[slot]! - 1
    if (ordinal < 0) {
      if (this.#count * 32 === this.#digests.length) {
        this.#grow()
        this.set(digests, at, place)
        return
      }
      ordinal = this.#count++
      this.#slots[slot] = ordinal + 1
      this.#digests.set(digests.subarray(at, at + 32), ordinal * 32)
    }
    this.#packs[ordinal] = place.pack
    this.#starts[ordinal] = place.start
    this.#sizes[ordinal] = place.size
  }

  /** The digests of all items, in batches. What is set meanwhile may be among them. */
  *digests(): Generator<B3Digest[]> {
    for (let from = 0; from < this.#count; from += 1000) {
      const batch: B3Digest[] = []
      for (let i = from; i < Math.min(from + 1000, this.#count); i++) batch.push(digestAt(this.#digests, i * 32))
      yield batch
    }
  }

  /** The slot where this digest is, or the empty one where it would be. */
  #slot(digests: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1
    // Digests are random already: their first bytes are the hash.
    let slot = (digests[at]! | (digests[at + 1]! << 8) | (digests[at + 2]! << 16) | (digests[at + 3]! << 24)) & mask
    for (;;) {
      const ordinal = this.#slots[slot]! - 1
      if (ordinal < 0 || this.#isAt(ordinal * 32, digests, at)) return slot
      slot = (slot + 1) & mask
    }
  }

  #isAt(own: number, digests: Uint8Array, at: number): boolean {
    for (let i = 0; i < 32; i++) if (this.#digests[own + i] !== digests[at + i]) return false
    return true
  }

  #grow(): void {
    const capacity = (this.#digests.length / 32) * 2
    this.#digests = copied(new Uint8Array(capacity * 32), this.#digests)
    this.#packs = copied(new Float64Array(capacity), this.#packs)
    this.#starts = copied(new Uint32Array(capacity), this.#starts)
    this.#sizes = copied(new Uint32Array(capacity), this.#sizes)
    this.#slots = new Uint32Array(capacity * 4)
    for (let i = 0; i < this.#count; i++) this.#slots[this.#slot(this.#digests, i * 32)] = i + 1
  }
}

/** The digest whose 32 bytes begin at `at`. */
export function digestAt(digests: Uint8Array, at: number): B3Digest {
  let text = ""
  for (let i = at; i < at + 32; i++) {
    const byte = digests[i]!
    text += digits[byte >> 4]! + digits[byte & 15]!
  }
  // 32 bytes in lower-case hexadecimal are a digest's text.
  return text as B3Digest
}

const digits = "0123456789abcdef"

function nibble(code: number): number {
  return code < 58 ? code - 48 : code - 87
}

function copied<Numbers extends Uint8Array | Uint32Array | Float64Array>(to: Numbers, from: Numbers): Numbers {
  to.set(from)
  return to
}
