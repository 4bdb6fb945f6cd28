// Reads a blob that is on a server, by its list of chunks. The list comes from the server and is not proved by itself, so:
// each chunk is checked against its digest and size; and who reads the blob from its beginning to its end gets the last piece
// only after all of it had the digest of the blob.

import { Hasher } from "../formats/hash/digest.ts"
import { ChunkedReader, checkRange, streamPieceSize } from "./blob-reader.ts"
import type { BlobReader, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, b3, digestFromBytes } from "./digest.ts"
import { StoreError } from "./error.ts"
import { verified } from "./verified.ts"

/** How the bytes come. Nothing of it needs to be checked; faults are StoreErrors. */
export interface RemoteBlob {
  /** All bytes of the blob from byte `from` on, in pieces of any size. */
  stream(from: number): AsyncIterable<Uint8Array>
  /** One chunk, which begins at byte `at` of the blob; null if it is absent. */
  chunk(chunk: ChunkMeta, at: number): Promise<Uint8Array | null>
}

export class RemoteBlobReader implements BlobReader {
  readonly #digest: B3Digest
  readonly #chunks: readonly ChunkMeta[]
  readonly #remote: RemoteBlob
  readonly #chunked: ChunkedReader

  /** `chunks` has at least one, which may be the blob itself. */
  constructor(digest: B3Digest, chunks: readonly ChunkMeta[], remote: RemoteBlob) {
    this.#digest = digest
    this.#chunks = chunks
    this.#remote = remote
    const places = new Map<B3Digest, { readonly chunk: ChunkMeta; readonly at: number }>()
    let at = 0
    for (const chunk of chunks) {
      places.set(chunk.digest, { chunk, at })
      at += chunk.size
    }
    this.#chunked = new ChunkedReader(digest, chunks, (chunk) => {
      const place = places.get(chunk)!
      return remote.chunk(place.chunk, place.at)
    })
  }

  get size(): number {
    return this.#chunked.size
  }

  read(from: number, to: number): Promise<Uint8Array> {
    return this.#chunked.read(from, to)
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    checkRange(from, Math.max(from, this.size))
    if (from >= this.size && from > 0) return
    if (from === 0) yield* this.#whole()
    else yield* this.#rest(from)
  }

  /** From byte `from` on: whole chunks come in one stream, what is before `from` in its chunk is dropped. */
  async *#rest(from: number): AsyncGenerator<Uint8Array> {
    let start = 0
    let index = 0
    while (start + this.#chunks[index]!.size <= from) start += this.#chunks[index++]!.size
    let skip = from - start
    for await (const chunk of this.#verifiedChunks(index, start)) {
      for (let at = skip; at < chunk.length; at += streamPieceSize) yield chunk.slice(at, at + streamPieceSize)
      skip = 0
    }
  }

  async *#whole(): AsyncGenerator<Uint8Array> {
    const hasher = new Hasher("blake3")
    let held: Uint8Array | undefined
    for await (const chunk of this.#verifiedChunks(0, 0)) {
      hasher.update(chunk)
      for (let at = 0; at < chunk.length; at += streamPieceSize) {
        if (held !== undefined) yield held
        held = chunk.subarray(at, at + streamPieceSize)
      }
    }
    const found = digestFromBytes(hasher.digest())
    if (found !== this.#digest) {
      throw new StoreError("damaged", `the blob ${this.#digest} is damaged: its ${hasher.size} bytes have the digest ${found}`)
    }
    if (held !== undefined) yield held
  }

  /** The bytes of the chunks from `index` on, each checked. `start` is where that chunk begins. */
  async *#verifiedChunks(index: number, start: number): AsyncGenerator<Uint8Array> {
    let buffer = new Uint8Array(0)
    let filled = 0
    let current = index
    const begin = (): void => {
      buffer = new Uint8Array(this.#chunks[current]?.size ?? 0)
      filled = 0
    }
    begin()
    for await (const piece of this.#remote.stream(start)) {
      for (let at = 0; at < piece.length; ) {
        const meta = this.#chunks[current]
        if (meta === undefined) throw this.#wrongLength("more")
        const part = piece.subarray(at, at + meta.size - filled)
        buffer.set(part, filled)
        filled += part.length
        at += part.length
        if (filled < meta.size) continue
        yield verified(meta.digest, buffer, "chunk")
        current++
        begin()
      }
    }
    // A chunk without bytes is complete before it begins; there is at most one, for the empty blob.
    const meta = this.#chunks[current]
    if (meta !== undefined && (meta.size > 0 || meta.digest !== b3(buffer))) throw this.#wrongLength("less")
  }

  #wrongLength(than: "more" | "less"): StoreError {
    return new StoreError("damaged", `the blob ${this.#digest} is damaged: it has ${than} than the ${this.size} bytes of its chunks`)
  }
}
