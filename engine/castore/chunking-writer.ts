// A writer that divides what is written into chunks: the part that all stores with chunks share. Where the chunks go is the store's.

import { Hasher } from "../formats/hash/digest.ts"
import type { BlobWriter, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, b3, digestFromBytes } from "./digest.ts"
import { FastCdc } from "./fast-cdc.ts"

/** A chunk with its bytes, which belong to whoever gets it. */
export interface Chunk {
  readonly digest: B3Digest
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Where a ChunkingWriter puts what it is given. Calls come one after the other, each awaited. */
export interface ChunkSink {
  /** Takes chunks of a blob that will have at least two. They may become visible as chunks, never as a blob. */
  chunks(chunks: readonly Chunk[]): Promise<void>
  /** Makes the blob visible and durable. `chunks` is empty if it was not divided; then `bytes` is the blob. */
  commit(blob: {
    readonly digest: B3Digest
    readonly size: number
    readonly chunks: readonly ChunkMeta[]
    readonly bytes: Uint8Array<ArrayBuffer> | null
  }): Promise<void>
  /** Forgets the chunks given so far, as far as nobody else needs them. */
  abort(chunks: readonly ChunkMeta[]): Promise<void>
}

/** Divides with FastCDC and hands the chunks to a sink. Holds about a megabyte. */
export class ChunkingWriter implements BlobWriter {
  readonly #sink: ChunkSink
  readonly #cdc = new FastCdc()
  readonly #hasher = new Hasher("blake3")
  readonly #metas: ChunkMeta[] = []
  /** The first chunk waits here: if no second comes, the blob is not divided. */
  #first: Chunk | undefined
  #result: Promise<B3Digest> | undefined
  #aborted = false
  /** A write that failed leaves the blob incomplete, so that close() must not make it one. */
  #broken: unknown

  constructor(sink: ChunkSink) {
    this.#sink = sink
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#result !== undefined || this.#aborted) throw new RangeError("the blob is already finished")
    if (this.#broken !== undefined) throw this.#broken
    this.#hasher.update(bytes)
    await this.#take(this.#cdc.push(bytes))
  }

  async #take(pieces: readonly Uint8Array<ArrayBuffer>[]): Promise<void> {
    const chunks: Chunk[] = pieces.map((bytes) => ({ digest: b3(bytes), bytes }))
    if (this.#metas.length === 0 && chunks.length > 0) {
      const first = chunks.shift()!
      this.#first = first
      this.#metas.push({ digest: first.digest, size: first.bytes.length })
    }
    if (chunks.length === 0) return
    if (this.#first !== undefined) chunks.unshift(this.#first)
    for (const chunk of this.#first === undefined ? chunks : chunks.slice(1)) {
      this.#metas.push({ digest: chunk.digest, size: chunk.bytes.length })
    }
    this.#first = undefined
    try {
      await this.#sink.chunks(chunks)
    } catch (error) {
      this.#broken = error
      throw error
    }
  }

  close(): Promise<B3Digest> {
    if (this.#aborted) throw new RangeError("the blob was given up")
    this.#result ??= this.#close()
    return this.#result
  }

  async #close(): Promise<B3Digest> {
    if (this.#broken !== undefined) throw this.#broken
    await this.#take(this.#cdc.finish())
    const digest = digestFromBytes(this.#hasher.digest())
    const divided = this.#metas.length > 1
    const bytes = divided ? null : (this.#first?.bytes ?? new Uint8Array(0))
    this.#first = undefined
    await this.#sink.commit({ digest, size: this.#hasher.size, chunks: divided ? this.#metas : [], bytes })
    return digest
  }

  async abort(): Promise<void> {
    if (this.#aborted || this.#result !== undefined) return
    this.#aborted = true
    const stored = this.#first === undefined ? this.#metas : []
    this.#first = undefined
    await this.#sink.abort(stored)
  }
}

/** The chunks of a blob that is in memory; empty if it is not divided. */
export function divide(bytes: Uint8Array): Chunk[] {
  const cdc = new FastCdc()
  const pieces = [...cdc.push(bytes), ...cdc.finish()]
  return pieces.length < 2 ? [] : pieces.map((piece) => ({ digest: b3(piece), bytes: piece }))
}
