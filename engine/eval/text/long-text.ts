// A text that is built piece by piece, and may become long. V8 makes a rope of 20 bytes a node for every `+=`: 5 GB for 2^28 single
// bytes. So what has been added is flattened in blocks.

const BLOCK = 2 ** 16
/** V8's longest string. */
const LONGEST = 2 ** 29 - 24

export class LongText {
  #blocks: string[] = []
  #tail = ""
  #flat = 0

  /** Bytes so far. */
  get length(): number {
    return this.#flat + this.#tail.length
  }

  /** Throws RangeError, as `+=` does, when the text becomes longer than a string can be. */
  add(piece: string): void {
    if (this.length + piece.length > LONGEST) throw new RangeError("Invalid string length")
    const tail = this.#tail + piece
    if (tail.length < BLOCK) {
      this.#tail = tail
      return
    }
    // A regular expression looks at flat texts only, so V8 flattens this one in place.
    ;/^/.test(tail)
    this.#blocks.push(tail)
    this.#flat += tail.length
    this.#tail = ""
  }

  /** The whole text. */
  toString(): string {
    return this.#blocks.length === 0 ? this.#tail : this.#blocks.join("") + this.#tail
  }
}
