// Which archive a stream is, told by its first bytes, inside of any compression (also several in one another).

import { TrailingBytes } from "../store/compression/fault.ts"
import { decompress, sniffCompression } from "../store/decompress.ts"

/** As many compressions may be in one another. */
const maxLayers = 5
/** A block of a tar archive; enough to know any format by. */
const headSize = 512

/** What a stream holds. */
export type ArchiveFormat = "tar" | "zip" | "nar" | "empty" | "unknown"

/** A stream that is known. */
export interface OpenArchive {
  readonly format: ArchiveFormat
  /** Decompressed. */
  readonly chunks: AsyncGenerator<Uint8Array>
}

/** The first bytes of a stream, `size` of them if there are as many, and the whole stream. */
async function peek(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
): Promise<{ readonly head: Uint8Array; readonly all: AsyncGenerator<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]()
  let head = new Uint8Array(0)
  while (head.length < size) {
    const { value, done } = await iterator.next()
    if (done === true) break
    const joined = new Uint8Array(head.length + value.length)
    joined.set(head)
    joined.set(value, head.length)
    head = joined
  }
  const first = head
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      if (first.length > 0) yield first
      for (;;) {
        const { value, done } = await iterator.next()
        if (done === true) break
        yield value
      }
    } finally {
      await iterator.return?.()
    }
  }
  return { head: head.subarray(0, size), all: all() }
}

/** What follows the compressed data does not matter to an archive. */
async function* withoutTrailer(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks
  } catch (e) {
    if (!(e instanceof TrailingBytes)) throw e
  }
}

/** Whether a block can be the first of a tar archive: its checksum, of bytes with or without sign, is right, or it is all zeros. */
function isTar(block: Uint8Array): boolean {
  if (block.every((byte) => byte === 0)) return true
  let unsigned = 0
  let signed = 0
  let digits = ""
  for (let i = 0; i < block.length; i++) {
    const inSum = i >= 148 && i < 156
    const byte = inSum ? 0x20 : (block[i] as number)
    if (inSum) digits += String.fromCharCode(block[i] as number)
    unsigned += byte
    signed += byte < 128 ? byte : byte - 256
  }
  const sum = Number.parseInt(/^[ \0]*([0-7]+)/.exec(digits)?.[1] ?? "", 8)
  return block.length === headSize && (sum === unsigned || sum === signed)
}

function isZip(head: Uint8Array): boolean {
  const signature = String.fromCharCode(...head.subarray(0, 4))
  return ["PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "PK00"].includes(signature)
}

function isNar(head: Uint8Array): boolean {
  const magic = "\r\0\0\0\0\0\0\0nix-archive-1"
  return String.fromCharCode(...head.subarray(0, magic.length)) === magic
}

function formatOf(head: Uint8Array): ArchiveFormat {
  if (head.length === 0) return "empty"
  if (isZip(head)) return "zip"
  if (isNar(head)) return "nar"
  return isTar(head) ? "tar" : "unknown"
}

/** Reads as much as it takes to know what a stream is. Throws what decompression and the stream throw. */
export async function openArchive(body: AsyncIterable<Uint8Array>): Promise<OpenArchive> {
  let { head, all } = await peek(body, headSize)
  for (let layer = 0; layer < maxLayers; layer++) {
    const compression = sniffCompression(head)
    if (compression === "none") break
    ;({ head, all } = await peek(withoutTrailer(decompress(compression, all)), headSize))
  }
  return { format: formatOf(head), chunks: all }
}
