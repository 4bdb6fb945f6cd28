// Readers of blobs that are in memory, or in chunks that are fetched as they are needed. Snix: castore/src/blobservice/chunked_reader.rs

import { Hasher } from "../formats/hash/digest.ts"
import type { BlobReader, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, digestFromBytes } from "./digest.ts"
import { StoreError } from "./error.ts"
import { verified } from "./verified.ts"

/** The largest piece that stream() hands out. */
export const streamPieceSize = 1 << 20

/** Throws RangeError unless `from` and `to` are a range. */
export function checkRange(from: number, to: number): void {
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to))
    throw new RangeError(`not a range of bytes: ${from} to ${to}`)
}

/** Reads bytes that are in memory and have been checked. What it hands out is a copy. */
export class BytesReader implements BlobReader {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get size(): number {
    return this.#bytes.length
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    checkRange(from, to)
    return this.#bytes.slice(from, to)
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    checkRange(from, Math.max(from, this.size))
    for (let at = from; at < this.size; at += streamPieceSize) yield this.#bytes.slice(at, at + streamPieceSize)
  }
}

/**
 * Reads a blob that is stored in chunks; each chunk is checked against its digest and size. That the list of chunks is that of the
 * blob is checked when all of the blob is read at once or as one stream, which then gives its last piece after the check.
 */
export class ChunkedReader implements BlobReader {
  readonly size: number
  readonly #blob: B3Digest
  readonly #chunks: readonly ChunkMeta[]
  /** Where each chunk begins. */
  readonly #starts: readonly number[]
  readonly #fetch: (chunk: B3Digest) => Promise<Uint8Array | null>
  /** The chunk read last: readers go through a blob in steps smaller than a chunk. */
  #last: { readonly index: number; readonly bytes: Uint8Array } | undefined

  /** `fetch` gives the bytes of a chunk, checked or not, or null if it is absent. */
  constructor(blob: B3Digest, chunks: readonly ChunkMeta[], fetch: (chunk: B3Digest) => Promise<Uint8Array | null>) {
    this.#blob = blob
    this.#chunks = chunks
    this.#fetch = fetch
    const starts: number[] = []
    let size = 0
    for (const chunk of chunks) {
      starts.push(size)
      size += chunk.size
    }
    this.#starts = starts
    this.size = size
  }

  async #chunk(index: number): Promise<Uint8Array> {
    if (this.#last?.index === index) return this.#last.bytes
    const { digest, size } = this.#chunks[index]!
    const bytes = await this.#fetch(digest)
    if (bytes === null) throw new StoreError("absent", `the chunk ${digest} of the blob ${this.#blob} is absent`)
    verified(digest, bytes, "chunk")
    if (bytes.length !== size) {
      throw new StoreError(
        "damaged",
        `the list of chunks of the blob ${this.#blob} is damaged: ${digest} has ${bytes.length} bytes, not ${size}`,
      )
    }
    this.#last = { index, bytes }
    return bytes
  }

  /** The chunk that byte `at` is in. */
  #indexOf(at: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#starts[middle]! <= at) low = middle
      else high = middle - 1
    }
    return low
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    checkRange(from, to)
    const end = Math.min(to, this.size)
    if (from >= end) return new Uint8Array(0)
    const result = new Uint8Array(end - from)
    for (let at = from, index = this.#indexOf(from); at < end; index++) {
      const start = this.#starts[index]!
      const bytes = await this.#chunk(index)
      const piece = bytes.subarray(at - start, Math.min(end - start, bytes.length))
      result.set(piece, at - from)
      at += piece.length
    }
    return result.length === this.size ? verified(this.#blob, result) : result
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    checkRange(from, Math.max(from, this.size))
    const hasher = from === 0 ? new Hasher("blake3") : undefined
    for (let at = from, index = this.#indexOf(from); at < this.size; index++) {
      const bytes = await this.#chunk(index)
      const start = this.#starts[index]!
      hasher?.update(bytes)
      if (hasher !== undefined && index === this.#chunks.length - 1 && digestFromBytes(hasher.digest()) !== this.#blob) {
        throw new StoreError("damaged", `the list of chunks of the blob ${this.#blob} is damaged: they make another blob`)
      }
      for (; at < start + bytes.length; at = Math.min(at + streamPieceSize, start + bytes.length)) {
        yield bytes.slice(at - start, at - start + streamPieceSize)
      }
    }
  }
}

/** All bytes of a blob. */
export async function readAll(reader: BlobReader): Promise<Uint8Array> {
  return reader.read(0, reader.size)
}
