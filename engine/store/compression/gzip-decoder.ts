// gzip: members, each with a header, deflate data, CRC-32 and length (RFC 1952).
//
// fflate decodes, not the platform's DecompressionStream: that one refuses a second member in Chromium, and in Node
// it ignores whatever follows the first. fflate does not look at CRC and length: that is done here.

import { Gunzip } from "fflate"
import type { ByteFeed } from "./byte-feed.ts"
import { Crc32 } from "./crc32.ts"
import { corrupt, trailing, truncated } from "./fault.ts"

/** Input per step. Deflate makes at most 1032 bytes of one: while it makes many, steps are small, and no step makes over 34 MB. */
const STEPS = { least: 4096, most: 32_768, manyfold: 20 }

const FOOTER = 8

/** A header that is longer (a file name of 64 KiB) is nobody's. */
const KEPT = 1 << 16

/** Decodes gzip data of one or more members. */
export async function* decodeGzip(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  let crc = new Crc32()
  let size = 0
  const recent = new Recent()
  const footerFits = (before: number): boolean => {
    const footer = recent.before(before, FOOTER)
    return footer !== null && footer.getUint32(0, true) === crc.value && footer.getUint32(4, true) === size
  }
  const decoder = new Gunzip((bytes) => {
    if (bytes.length === 0) return
    crc.update(bytes)
    size = (size + bytes.length) % 2 ** 32
    ready.push(bytes)
  })
  let members = 0
  decoder.onmember = (offset) => {
    if (!footerFits(offset)) throw corrupt("gzip", "wrong checksum")
    crc = new Crc32()
    size = 0
    members++
  }
  let step = STEPS.least
  for (let input = await feed.some(step); input !== null; input = await feed.some(step)) {
    recent.push(input)
    try {
      decoder.push(input)
    } catch (error) {
      // What was decoded before the fault is given first: whoever does not mind bytes behind the data (archives) needs all of it.
      yield* ready
      if (error instanceof Error && "code" in error && typeof error.code === "number") throw fault(error, members, size)
      throw error
    }
    const made = ready.reduce((sum, bytes) => sum + bytes.length, 0)
    step = made > STEPS.manyfold * input.length ? STEPS.least : Math.min(2 * step, STEPS.most)
    yield* ready
    ready = []
  }
  if (!footerFits(recent.end)) throw truncated("gzip")
}

/** The last bytes of the input: fflate tells of a footer only when it has read the whole header after it. */
class Recent {
  #pieces: Uint8Array[] = []
  #size = 0
  /** How many bytes there were in all. */
  end = 0

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes)
    this.#size += bytes.length
    this.end += bytes.length
    while (this.#size - this.#pieces[0]!.length >= KEPT) this.#size -= this.#pieces.shift()!.length
  }

  /** The `count` bytes before a place in the input; null if they are not kept, or were never there. */
  before(place: number, count: number): DataView | null {
    const bytes = new Uint8Array(count)
    let at = this.end - this.#size
    if (place - count < at) return null
    for (const piece of this.#pieces) {
      for (let i = Math.max(0, place - count - at); i < piece.length && at + i < place; i++) bytes[at + i - (place - count)] = piece[i]!
      at += piece.length
    }
    return new DataView(bytes.buffer)
  }
}

/** fflate's errors by number: 6 is a header without the magic number. */
function fault(error: Error & { code?: unknown }, members: number, size: number): Error {
  if (error.code === 6 && (members > 0 || size > 0)) return trailing("gzip")
  return corrupt("gzip", error.message)
}
