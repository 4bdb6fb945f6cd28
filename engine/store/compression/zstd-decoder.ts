// Zstandard: frames, each a header, blocks of at most 128 KiB and perhaps a checksum; between them skippable frames
// (RFC 8878). fzstd decodes the blocks. It is given one block at a time, so that a block of a few bytes cannot become
// gigabytes at once; the checksum, which it ignores, is checked here.

import { Decompress } from "fzstd"
import { StoreError } from "../../castore/error.ts"
import type { ByteFeed } from "./byte-feed.ts"
import { corrupt, trailing, truncated } from "./fault.ts"
import { XxHash64 } from "./xxhash64.ts"

const MAGIC = 0xfd2fb528
/** The sixteen magic numbers of frames to be skipped, without the last four bits. */
const SKIPPABLE = 0x184d2a50
/** What `zstd -d` accepts without being told otherwise: 128 MiB. */
const MAX_WINDOW = 2 ** 27
const MAX_BLOCK = 1 << 17

/** Decodes zstd data of one or more frames. */
export async function* decodeZstd(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  for (let frames = 0; await feed.fill(1); frames++) {
    if (!(await feed.fill(4))) throw frames === 0 ? truncated("zstd") : trailing("zstd")
    const magic = uint32(feed.buffered, 0)
    if (magic === MAGIC) yield* decodeFrame(feed)
    else if ((magic & ~15) >>> 0 === SKIPPABLE) await skipFrame(feed)
    else throw frames === 0 ? corrupt("zstd", "no frame begins here") : trailing("zstd")
  }
}

async function skipFrame(feed: ByteFeed): Promise<void> {
  const head = await feed.take(8)
  if (head === null) throw truncated("zstd")
  for (let left = uint32(head, 4); left > 0; ) {
    const bytes = await feed.some(left)
    if (bytes === null) throw truncated("zstd")
    left -= bytes.length
  }
}

interface FrameHeader {
  /** Bytes of the header, with the magic number. */
  readonly length: number
  readonly window: number
  readonly hasChecksum: boolean
  /** Of the content, if it is told. */
  readonly size: number | undefined
}

async function readHeader(feed: ByteFeed): Promise<FrameHeader> {
  if (!(await feed.fill(5))) throw truncated("zstd")
  const flags = feed.buffered[4]!
  if ((flags & 8) !== 0) throw corrupt("zstd", "a reserved bit of a frame's header is set")
  const isSingle = (flags & 32) !== 0
  const idSize = [0, 1, 2, 4][flags & 3]!
  const sizeSize = [isSingle ? 1 : 0, 2, 4, 8][flags >> 6]!
  const length = 5 + (isSingle ? 0 : 1) + idSize + sizeSize
  if (!(await feed.fill(length))) throw truncated("zstd")
  const bytes = feed.buffered
  let at = 5
  let window = 0
  if (!isSingle) {
    const descriptor = bytes[at++]!
    const base = 2 ** (10 + (descriptor >> 3))
    window = base + (base / 8) * (descriptor & 7)
  }
  for (let i = 0; i < idSize; i++)
    if (bytes[at + i] !== 0) throw new StoreError("unsupported", "the zstd data needs a dictionary to be decompressed")
  at += idSize
  let size: number | undefined
  if (sizeSize > 0) {
    size = sizeSize === 2 ? 256 : 0
    for (let i = 0; i < sizeSize; i++) size += bytes[at + i]! * 256 ** i
  }
  if (isSingle) window = size ?? 0
  if (window > MAX_WINDOW)
    throw new StoreError("unsupported", `the zstd data needs a window of ${window} bytes; more than 128 MiB are not given`)
  return { length, window, hasChecksum: (flags & 4) !== 0, size }
}

async function* decodeFrame(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  const header = await readHeader(feed)
  let ready: Uint8Array[] = []
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) ready.push(bytes)
  })
  const hash = header.hasChecksum ? new XxHash64() : undefined
  let size = 0
  push(decoder, (await feed.take(header.length)) ?? new Uint8Array(0))
  for (let isLast = false; !isLast; ) {
    if (!(await feed.fill(3))) throw truncated("zstd")
    const [a, b, c] = feed.buffered as unknown as [number, number, number] // just filled
    const word = a | (b << 8) | (c << 16)
    isLast = (word & 1) === 1
    const kind = (word >> 1) & 3
    const blockSize = word >> 3
    if (kind === 3) throw corrupt("zstd", "a block of an unknown kind")
    if (blockSize > MAX_BLOCK) throw corrupt("zstd", "a block is too large")
    const block = await feed.take(3 + (kind === 1 ? 1 : blockSize))
    if (block === null) throw truncated("zstd")
    push(decoder, block)
    if (isLast) finish(decoder, header)
    for (const bytes of ready) {
      size += bytes.length
      hash?.update(bytes)
    }
    if (header.size !== undefined && size > header.size) throw corrupt("zstd", "a frame is longer than it says")
    yield* ready
    ready = []
  }
  if (header.size !== undefined && size !== header.size) throw corrupt("zstd", "a frame is shorter than it says")
  if (hash === undefined) return
  const checksum = await feed.take(4)
  if (checksum === null) throw truncated("zstd")
  if (uint32(checksum, 0) !== hash.low) throw corrupt("zstd", "wrong checksum")
}

/** Gives fzstd the end of the frame: it waits for 18 bytes before it looks at anything. */
function finish(decoder: Decompress, header: FrameHeader): void {
  push(decoder, new Uint8Array(header.hasChecksum ? 4 : 0), true)
}

function push(decoder: Decompress, bytes: Uint8Array, isFinal = false): void {
  try {
    decoder.push(bytes.slice(), isFinal)
  } catch (error) {
    if (error instanceof Error && "code" in error) throw corrupt("zstd", error.message)
    // Tables that cannot be: fzstd reads and writes beyond its arrays.
    if (error instanceof TypeError || error instanceof RangeError) throw corrupt("zstd", "it cannot be decoded")
    throw error
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true)
}
