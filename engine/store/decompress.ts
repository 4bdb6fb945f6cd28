// Decompression of streams, the same in Node and in the worker: bounded memory, nothing read ahead of what is wanted,
// and every fault of the data is a StoreError `damaged`. The decoders are in compression/.

import { StoreError } from "../castore/error.ts"
import { ByteFeed } from "./compression/byte-feed.ts"
import { decodeGzip } from "./compression/gzip-decoder.ts"
import { decodeXz } from "./compression/xz-decoder.ts"
import { decodeZstd } from "./compression/zstd-decoder.ts"

/** The compressions that can be read, by Nix's names. */
export const readableCompressions = ["none", "gzip", "xz", "zstd", "bzip2", "br"] as const

/** One of them. */
export type ReadableCompression = (typeof readableCompressions)[number]

/**
 * Decompresses a stream. Concatenated members (gzip, xz, zstd, bzip2) are one after the other in the output.
 * Throws StoreError: `damaged` for corrupt or truncated data and for anything that follows it,
 * `unsupported` for what the decoder cannot do (a window of over 128 MiB, an unknown filter). Faults of `chunks` pass through.
 * If the output is abandoned, the input's return() is called.
 */
export async function* decompress(method: ReadableCompression, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const feed = new ByteFeed(chunks)
  try {
    switch (method) {
      case "none":
        for (let bytes = await feed.some(PIECE); bytes !== null; bytes = await feed.some(PIECE)) yield bytes
        break
      case "gzip":
        yield* decodeGzip(feed)
        break
      case "xz":
        yield* decodeXz(feed)
        break
      case "zstd":
        yield* decodeZstd(feed)
        break
      case "bzip2":
        yield* (await import("./compression/bzip2-decoder.ts")).decodeBzip2(feed)
        break
      case "br":
        yield* (await import("./compression/brotli-decoder.ts")).decodeBrotli(feed)
        break
      default:
        throw new StoreError("unsupported", `compression '${String(method satisfies never)}' is not supported`)
    }
  } finally {
    await feed.cancel()
  }
}

const PIECE = 1 << 20

/** The compression whose magic number these first bytes begin with (six are enough); "none" if they are none's. Brotli has none. */
export function sniffCompression(first: Uint8Array): ReadableCompression {
  const begins = (...magic: number[]): boolean => magic.every((byte, i) => first[i] === byte)
  if (begins(0x1f, 0x8b)) return "gzip"
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)) return "xz"
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return "zstd"
  if (begins(0x42, 0x5a, 0x68) && first[3]! >= 0x31 && first[3]! <= 0x39) return "bzip2"
  return "none"
}

/** Whether a compression of a narinfo can be read. */
export function isReadableCompression(name: string): name is ReadableCompression {
  return (readableCompressions as readonly string[]).includes(name)
}
