// Blobs in a folder: small ones as they are, larger ones as a list of chunks, each chunk once.
//
//   blobs/ab/…    the bytes          chunks/ab/…   the bytes
//   lists/ab/…    the chunks of a blob, as in the browser's database (indexed-db-blob-store.ts)
//
// Removing must not go on beside another process that writes: callers see to that.

import { join } from "node:path"
import { BytesReader, ChunkedReader } from "../castore/blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta, DeletingStore } from "../castore/blob-store.ts"
import { type Chunk, ChunkingWriter, divide } from "../castore/chunking-writer.ts"
import { type B3Digest, b3 } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import { avgChunkSize } from "../castore/fast-cdc.ts"
import { chunksFromList, listOfChunks } from "../castore/indexed-db-blob-store.ts"
import { verified } from "../castore/verified.ts"
import { FolderFiles, type FolderUse } from "./folder-files.ts"

/** Chunks are written when a writer holds this many bytes of them: each writing waits for the disk. */
const batchSize = 4 << 20

export class FolderBlobStore implements BlobStore, DeletingStore {
  readonly #blobs: FolderFiles
  readonly #lists: FolderFiles
  readonly #chunks: FolderFiles
  /** The chunks of blobs that are being written: no list names them yet. */
  readonly #writing = new Set<readonly ChunkMeta[]>()

  /** `folder` is made when the first blob is written. */
  constructor(folder: string, use: FolderUse = {}) {
    this.#blobs = new FolderFiles(join(folder, "blobs"), use)
    this.#lists = new FolderFiles(join(folder, "lists"), use)
    this.#chunks = new FolderFiles(join(folder, "chunks"), use)
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const missing = new Set<B3Digest>()
    const unknown = await this.#chunks.missing(await this.#blobs.missing([...digests]))
    for (const digest of unknown) {
      const chunks = await this.#soundChunks(digest)
      const absent = await this.#chunks.missing(chunks.map((chunk) => chunk.digest))
      if (chunks.length === 0 || absent.length > 0) missing.add(digest)
    }
    return missing
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const bytes = await this.#blobs.read(digest)
    if (bytes !== null) return new BytesReader(plain(verified(digest, bytes)))
    const chunks = await this.#listOf(digest)
    if (chunks !== null) return new ChunkedReader(digest, chunks, (chunk) => this.#chunks.read(chunk))
    const chunk = await this.#chunks.read(digest)
    return chunk === null ? null : new BytesReader(plain(verified(digest, chunk, "chunk")))
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const stored = await this.#blobs.readMany(digests)
    const result: (Uint8Array | null)[] = []
    for (const [i, digest] of digests.entries()) {
      const bytes = stored[i] ?? null
      if (bytes !== null) {
        result.push(plain(verified(digest, bytes)))
        continue
      }
      const reader = await this.open(digest)
      result.push(reader === null ? null : verified(digest, await reader.read(0, reader.size)))
    }
    return result
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    if (await this.#blobs.has(digest)) return []
    return (await this.#listOf(digest)) ?? ((await this.#chunks.has(digest)) ? [] : null)
  }

  async #listOf(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const list = await this.#lists.read(digest)
    if (list === null) return null
    const chunks = chunksFromList(digest, list)
    if (chunks === undefined) throw new StoreError("damaged", `the stored list of chunks of the blob ${digest} is damaged`)
    return chunks
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const whole: { digest: B3Digest; bytes: Uint8Array }[] = []
    const lists: { digest: B3Digest; bytes: Uint8Array }[] = []
    const chunks: Chunk[] = []
    const digests = blobs.map((bytes) => {
      const digest = b3(bytes)
      const divided = bytes.length > avgChunkSize ? divide(bytes) : []
      if (divided.length === 0) whole.push({ digest, bytes })
      else lists.push(listOfChunks(digest, divided.map(metaOf)))
      for (const chunk of divided) chunks.push(chunk)
      return digest
    })
    await this.#chunks.write(chunks)
    await this.#lists.write(lists)
    try {
      await this.#blobs.write(whole)
    } catch (problem) {
      await this.#lists.delete(lists.map((list) => list.digest))
      throw problem
    }
    return digests
  }

  write(): BlobWriter {
    const given: ChunkMeta[] = []
    let held: Chunk[] = []
    let size = 0
    this.#writing.add(given)
    return new ChunkingWriter({
      chunks: async (chunks) => {
        for (const chunk of chunks) {
          given.push(metaOf(chunk))
          held.push(chunk)
          size += chunk.bytes.length
        }
        if (size < batchSize) return
        await this.#chunks.write(held)
        held = []
        size = 0
      },
      commit: async ({ digest, chunks, bytes }) => {
        try {
          await this.#chunks.write(held)
          if (bytes !== null) await this.#blobs.write([{ digest, bytes }])
          else await this.#lists.write([listOfChunks(digest, chunks)])
        } finally {
          this.#writing.delete(given)
        }
      },
      // The chunks stay until the next removal: another blob may be just now relying on them.
      abort: async () => void this.#writing.delete(given),
    })
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    const doomed = [...digests]
    await this.#blobs.delete(doomed)
    await this.#lists.delete(doomed)
    const needed = new Set<B3Digest>()
    for (const chunks of this.#writing) for (const { digest } of chunks) needed.add(digest)
    for await (const batch of this.#lists.list()) {
      for (const list of batch) for (const chunk of await this.#soundChunks(list)) needed.add(chunk.digest)
    }
    for await (const batch of this.#chunks.list()) await this.#chunks.delete(batch.filter((digest) => !needed.has(digest)))
    for (const files of [this.#blobs, this.#lists, this.#chunks]) await files.tidy()
  }

  /** The chunks that a blob's list names; none if there is no list or it is damaged, because then nobody can read the blob. */
  async #soundChunks(digest: B3Digest): Promise<readonly ChunkMeta[]> {
    const list = await this.#lists.read(digest)
    return (list === null ? undefined : chunksFromList(digest, list)) ?? []
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    yield* this.#blobs.list()
    yield* this.#lists.list()
  }
}

function metaOf({ digest, bytes }: Chunk): ChunkMeta {
  return { digest, size: bytes.length }
}

/** Without Node's own methods: a Buffer's slice() does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
