// gzip: members, each with a header, deflate data, CRC-32 and length (RFC 1952).
//
// fflate decodes, not the platform's DecompressionStream: that one refuses a second member in Chromium, and in Node
// it ignores whatever follows the first. fflate does not look at CRC and length: that is done here.

import { Gunzip } from "fflate"
import type { ByteFeed } from "./byte-feed.ts"
import { Crc32 } from "./crc32.ts"
import { corrupt, trailing, truncated } from "./fault.ts"

/** Input per step: deflate makes at most 1032 bytes of one, so a step makes at most 8 MB. */
const STEP = 8192

const FOOTER = 8

/** Decodes gzip data of one or more members. */
export async function* decodeGzip(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  let crc = new Crc32()
  let size = 0
  /** The input's last bytes and where they begin. */
  let recent: Uint8Array = new Uint8Array(0)
  let recentAt = 0
  const footerFits = (before: number): boolean => {
    const from = before - FOOTER - recentAt
    if (from < 0) return false
    const view = new DataView(recent.buffer, recent.byteOffset + from, FOOTER)
    return view.getUint32(0, true) === crc.value && view.getUint32(4, true) === size >>> 0
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
  for (let input = await feed.some(STEP); input !== null; input = await feed.some(STEP)) {
    // What fflate may still look back at: a header that was cut, and the footer before it.
    const kept = recent.subarray(Math.max(0, recent.length - KEPT))
    recentAt += recent.length - kept.length
    const joined = new Uint8Array(kept.length + input.length)
    joined.set(kept)
    joined.set(input, kept.length)
    recent = joined
    try {
      decoder.push(input.slice())
    } catch (error) {
      // What came before the fault is good: there may be those who do not mind what follows the data.
      yield* ready
      if (error instanceof Error && "code" in error && typeof error.code === "number") throw fault(error, members, size)
      throw error
    }
    yield* ready
    ready = []
  }
  if (recent.length === 0 || !footerFits(recentAt + recent.length)) throw truncated("gzip")
}

/** A header that is longer (a file name of 64 KiB) is nobody's. */
const KEPT = 1 << 16

/** fflate's errors by number: 6 is a header without the magic number. */
function fault(error: Error & { code?: unknown }, members: number, size: number): Error {
  if (error.code === 6 && (members > 0 || size > 0)) return trailing("gzip")
  return corrupt("gzip", error.message)
}
