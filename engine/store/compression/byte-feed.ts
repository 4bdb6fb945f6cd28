// The input of a decoder: chunks of any size, taken as the decoder wants them.

import { joinBytes } from "../../formats/bytes.ts"

/** Reads a stream of chunks by the number of bytes wanted. Buffers only what was asked for, and the rest of one chunk. */
export class ByteFeed {
  readonly #chunks: AsyncIterator<Uint8Array>
  #buffer: Uint8Array = new Uint8Array(0)
  #ended = false

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]()
  }

  /** What is buffered; valid until the next call. */
  get buffered(): Uint8Array {
    return this.#buffer
  }

  /** Buffers at least `count` bytes, or all there are; says whether there are that many. */
  async fill(count: number): Promise<boolean> {
    if (this.#buffer.length >= count) return true
    const pieces = [this.#buffer]
    let size = this.#buffer.length
    while (size < count && !this.#ended) {
      const { done, value } = await this.#chunks.next()
      if (done === true) this.#ended = true
      else {
        pieces.push(value)
        size += value.length
      }
    }
    this.#buffer = joinBytes(pieces)
    return size >= count
  }

  /** Some bytes, at least one and at most `most`; null at the end. */
  async some(most: number): Promise<Uint8Array | null> {
    if (!(await this.fill(1))) return null
    const bytes = this.#buffer.subarray(0, most)
    this.skip(bytes.length)
    return bytes
  }

  /** Exactly `count` bytes; null if there are not so many left. */
  async take(count: number): Promise<Uint8Array | null> {
    if (!(await this.fill(count))) return null
    const bytes = this.#buffer.subarray(0, count)
    this.skip(count)
    return bytes
  }

  /** Forgets bytes that are buffered. */
  skip(count: number): void {
    this.#buffer = this.#buffer.subarray(count)
  }

  /** Gives back the bytes that some() or take() gave last, or their end. */
  unread(bytes: Uint8Array): void {
    this.#buffer = joinBytes([bytes, this.#buffer])
  }

  /** Tells the source that no more is wanted. */
  async cancel(): Promise<void> {
    if (!this.#ended) await this.#chunks.return?.()
  }
}
