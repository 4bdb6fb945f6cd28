// Blobs in memory: for sessions without storage, for tests, and as the near side of a cache.
// Bytes are checked at each reading, like everywhere else, so that whoever changed an array by mistake is found out.

import { BytesReader, ChunkedReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta, DeletingStore } from "./blob-store.ts"
import { type Chunk, ChunkingWriter, divide } from "./chunking-writer.ts"
import { type B3Digest, b3 } from "./digest.ts"
import { avgChunkSize } from "./fast-cdc.ts"
import { verified } from "./verified.ts"

/** What is kept in memory. The caller of MemoryBlobStore may give it, and so look into it. */
export interface MemoryBlobs {
  /** Whole blobs, and the lists of chunks of divided ones. */
  readonly blobs: Map<B3Digest, Uint8Array | readonly ChunkMeta[]>
  /** The bytes of chunks, and how many times lists name them. */
  readonly chunks: Map<B3Digest, { readonly bytes: Uint8Array; uses: number }>
}

export class MemoryBlobStore implements BlobStore, DeletingStore {
  readonly #blobs: MemoryBlobs["blobs"]
  readonly #chunks: MemoryBlobs["chunks"]

  constructor(memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }) {
    this.#blobs = memory.blobs
    this.#chunks = memory.chunks
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const missing = new Set<B3Digest>()
    for (const digest of digests) if (!this.#blobs.has(digest) && !this.#chunks.has(digest)) missing.add(digest)
    return missing
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const stored = this.#blobs.get(digest) ?? this.#chunks.get(digest)?.bytes
    if (stored === undefined) return null
    if (stored instanceof Uint8Array) return new BytesReader(verified(digest, stored))
    return new ChunkedReader(digest, stored, async (chunk) => this.#chunks.get(chunk)?.bytes ?? null)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return Promise.all(
      digests.map(async (digest) => {
        const reader = await this.open(digest)
        return reader === null ? null : reader.read(0, reader.size)
      }),
    )
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const stored = this.#blobs.get(digest) ?? this.#chunks.get(digest)?.bytes
    if (stored === undefined) return null
    return stored instanceof Uint8Array ? [] : stored
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    return blobs.map((blob) => {
      const digest = b3(blob)
      const chunks = blob.length > avgChunkSize ? divide(blob) : []
      if (chunks.length === 0) this.#replace(digest, blob.slice())
      else this.#commit(digest, chunks)
      return digest
    })
  }

  write(): BlobWriter {
    const held: Chunk[] = []
    return new ChunkingWriter({
      chunks: async (chunks) => void held.push(...chunks),
      commit: async ({ digest, bytes }) => {
        if (bytes === null) this.#commit(digest, held)
        else this.#replace(digest, bytes)
      },
      abort: async () => void held.splice(0),
    })
  }

  #commit(digest: B3Digest, chunks: readonly Chunk[]): void {
    // What is here already is replaced: it may have been damaged, the new bytes are sound.
    for (const { digest, bytes } of chunks) this.#chunks.set(digest, { bytes, uses: (this.#chunks.get(digest)?.uses ?? 0) + 1 })
    this.#replace(
      digest,
      chunks.map((chunk) => ({ digest: chunk.digest, size: chunk.bytes.length })),
    )
  }

  #replace(digest: B3Digest, stored: Uint8Array | readonly ChunkMeta[]): void {
    this.#release(this.#blobs.get(digest))
    this.#blobs.set(digest, stored)
  }

  #release(stored: Uint8Array | readonly ChunkMeta[] | undefined): void {
    if (stored === undefined || stored instanceof Uint8Array) return
    for (const { digest } of stored) {
      const chunk = this.#chunks.get(digest)
      if (chunk !== undefined && --chunk.uses === 0) this.#chunks.delete(digest)
    }
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    for (const digest of digests) {
      this.#release(this.#blobs.get(digest))
      this.#blobs.delete(digest)
    }
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    if (this.#blobs.size > 0) yield [...this.#blobs.keys()]
  }
}
