// The last steps of decoding a bzip2 block: undoing the Burrows-Wheeler transform and the first run-length coding.

import { corrupt } from "./fault.ts"

const PIECE = 1 << 16

const table = new Uint32Array(256)
for (let i = 0; i < 256; i++) {
  let value = i << 24
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0)
  table[i] = value
}

/** The text of one block, in pieces of about 64 KiB: a block of 900,000 bytes can hold runs that make 46 MB. */
export class BlockOutput {
  readonly #links: Uint32Array
  /** Of the block, not yet read. */
  #left: number
  #at: number
  #crc = -1
  #last = -1
  /** How often the last byte was seen one after the other; at 4 a count follows. */
  #same = 0
  /** How often the last byte is still to be written. */
  #repeat = 0

  /** `block`: one byte in each of the first `size` words; they are written over. `origin`: which rotation is the text. */
  constructor(block: Uint32Array, size: number, origin: number) {
    const starts = new Uint32Array(256)
    for (let i = 0; i < size; i++) starts[block[i]!]!++
    for (let byte = 0, sum = 0; byte < 256; byte++) {
      const count = starts[byte]!
      starts[byte] = sum
      sum += count
    }
    // The upper 24 bits of each word become a link to the word with the next byte.
    for (let i = 0; i < size; i++) {
      const byte = block[i]! & 255
      const place = starts[byte]!++
      block[place] = block[place]! | (i << 8)
    }
    this.#links = block
    this.#left = size
    this.#at = size === 0 ? 0 : block[origin]! >>> 8
  }

  /** The checksum of what was given out. */
  get crc(): number {
    return ~this.#crc >>> 0
  }

  /** The next piece; empty at the end. */
  next(): Uint8Array {
    const piece = new Uint8Array(PIECE)
    const links = this.#links
    let crc = this.#crc
    let used = 0
    while (used < PIECE) {
      if (this.#repeat > 0) {
        this.#repeat--
        piece[used++] = this.#last
        crc = (crc << 8) ^ table[(crc >>> 24) ^ this.#last]!
        continue
      }
      if (this.#left === 0) break
      this.#left--
      const word = links[this.#at]!
      const byte = word & 255
      this.#at = word >>> 8
      if (this.#same === 4) {
        this.#repeat = byte
        this.#same = 0
        continue
      }
      this.#same = byte === this.#last && this.#same > 0 ? this.#same + 1 : 1
      this.#last = byte
      piece[used++] = byte
      crc = (crc << 8) ^ table[(crc >>> 24) ^ byte]!
    }
    this.#crc = crc
    if (used === 0 && this.#same === 4) throw corrupt("bzip2", "a run without its length")
    return piece.subarray(0, used)
  }
}
