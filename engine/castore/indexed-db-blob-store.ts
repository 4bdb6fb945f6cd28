// Blobs in the browser's database. Small ones are packed (indexed-db-packs.ts); larger ones are divided by FastCDC, each chunk
// is stored once however many blobs have it, and a list says which chunks make the blob:
//
//   blob-*         digest of the blob → its bytes
//   chunk-list-*   digest of the blob → for each chunk 32 bytes of digest and 4 of size (low byte first); then the BLAKE3 of
//                  the blob's digest and all that, because the blob's digest cannot tell a damaged list
//   chunk-*        digest of the chunk → its bytes
//
// Chunks and small blobs are written "relaxed": a crash of the whole machine, not one of tab or browser, can lose those of the
// last seconds, which are then absent or damaged, never wrong. What makes use of them (directories, path infos) is "strict".
//
// Removing must not go on beside another tab's import: callers hold the lock for it (storage.ts).

import { BytesReader, ChunkedReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta, DeletingStore } from "./blob-store.ts"
import { type Chunk, ChunkingWriter, divide } from "./chunking-writer.ts"
import { type B3Digest, b3, digestBytes } from "./digest.ts"
import { StoreError } from "./error.ts"
import { avgChunkSize } from "./fast-cdc.ts"
import type { Database } from "./indexed-db-database.ts"
import { digestAt } from "./indexed-db-pack-index.ts"
import type { Item } from "./indexed-db-pack-record.ts"
import { IndexedDbPacks, putItems } from "./indexed-db-packs.ts"
import { verified } from "./verified.ts"

/** Chunks are written when a writer holds this many bytes of them. */
const batchSize = 4 << 20

export class IndexedDbBlobStore implements BlobStore, DeletingStore {
  readonly #database: Database
  readonly #blobs: IndexedDbPacks
  readonly #lists: IndexedDbPacks
  readonly #chunks: IndexedDbPacks
  /** The chunks of blobs that are being written: no list names them yet. */
  readonly #writing = new Set<readonly ChunkMeta[]>()

  constructor(database: Database) {
    this.#database = database
    const check = (digest: B3Digest, bytes: Uint8Array): boolean => b3(bytes) === digest
    this.#blobs = new IndexedDbPacks({ database, index: "blob-index", packs: "blob-packs", what: "blob", check, cacheSize: 64 << 20 })
    this.#chunks = new IndexedDbPacks({ database, index: "chunk-index", packs: "chunk-packs", what: "chunk", check, cacheSize: 8 << 20 })
    this.#lists = new IndexedDbPacks({
      database,
      index: "chunk-list-index",
      packs: "chunk-list-packs",
      what: "list of chunks of the blob",
      check: (digest, bytes) => chunksFromList(digest, bytes) !== undefined,
      cacheSize: 1 << 20,
    })
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    // Another tab may have deleted what this one knows.
    for (const packs of [this.#blobs, this.#lists, this.#chunks]) await packs.refresh()
    const missing = new Set<B3Digest>()
    for (const digest of digests) {
      if (this.#blobs.known(digest) !== undefined || this.#chunks.known(digest) !== undefined) continue
      if (this.#lists.known(digest) === undefined || !(await this.#hasChunks(digest))) missing.add(digest)
    }
    return missing
  }

  /** Whether the list of a blob's chunks can be read and none of them is absent. */
  async #hasChunks(digest: B3Digest): Promise<boolean> {
    const chunks = await this.#soundChunks(digest)
    return chunks.length > 0 && chunks.every((chunk) => this.#chunks.known(chunk.digest) !== undefined)
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const [bytes] = await this.#blobs.getMany([digest])
    if (bytes != null) return new BytesReader(bytes)
    const chunks = await this.#listOf(digest)
    if (chunks !== null) return new ChunkedReader(digest, chunks, async (chunk) => (await this.#chunks.getMany([chunk]))[0] ?? null)
    const [chunk] = await this.#chunks.getMany([digest])
    return chunk == null ? null : new BytesReader(chunk)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const result: (Uint8Array | null)[] = await this.#blobs.getMany(digests)
    for (let i = 0; i < result.length; i++) {
      if (result[i] !== null) continue
      const reader = await this.open(digests[i]!)
      if (reader !== null) result[i] = verified(digests[i]!, await reader.read(0, reader.size))
    }
    return result
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const [size] = await this.#blobs.sizes([digest])
    if (size !== undefined) return []
    const chunks = await this.#listOf(digest)
    if (chunks !== null) return chunks
    const [chunk] = await this.#chunks.sizes([digest])
    return chunk === undefined ? null : []
  }

  async #listOf(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const [list] = await this.#lists.getMany([digest])
    return list == null ? null : chunksFromList(digest, list)!
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const whole: Item[] = []
    const lists: Item[] = []
    const chunks: Chunk[] = []
    const digests = blobs.map((bytes) => {
      const digest = b3(bytes)
      const divided = bytes.length > avgChunkSize ? divide(bytes) : []
      if (divided.length === 0) whole.push({ digest, bytes })
      else lists.push(listOfChunks(digest, divided.map(metaOf)))
      for (const chunk of divided) chunks.push(chunk)
      return digest
    })
    if (lists.length === 0) await putItems(this.#database, [[this.#blobs, whole]], "relaxed")
    else
      await putItems(
        this.#database,
        [
          [this.#blobs, whole],
          [this.#lists, lists],
          [this.#chunks, chunks],
        ],
        "relaxed",
      )
    return digests
  }

  write(): BlobWriter {
    let held: Chunk[] = []
    let size = 0
    const given: ChunkMeta[] = []
    this.#writing.add(given)
    return new ChunkingWriter({
      chunks: async (chunks) => {
        for (const chunk of chunks) {
          given.push(metaOf(chunk))
          held.push(chunk)
          size += chunk.bytes.length
        }
        if (size < batchSize) return
        await putItems(this.#database, [[this.#chunks, held]], "relaxed")
        held = []
        size = 0
      },
      commit: async ({ digest, chunks, bytes }) => {
        try {
          if (bytes !== null) await putItems(this.#database, [[this.#blobs, [{ digest, bytes }]]], "relaxed")
          else await this.#commit(digest, chunks, held)
        } finally {
          this.#writing.delete(given)
        }
      },
      // The chunks stay until chunks that no list names are collected: another blob may be just now relying on them.
      abort: async () => void this.#writing.delete(given),
    })
  }

  async #commit(digest: B3Digest, chunks: readonly ChunkMeta[], held: readonly Chunk[]): Promise<void> {
    const kinds = [
      [this.#lists, [listOfChunks(digest, chunks)]],
      [this.#chunks, held],
    ] as const
    const inHand = new Set(held.map((chunk) => chunk.digest))
    await putItems(this.#database, kinds, "relaxed", () => {
      // The index has just been brought up to date in this transaction.
      const lost = chunks.find((chunk) => !inHand.has(chunk.digest) && this.#chunks.known(chunk.digest) === undefined)
      if (lost !== undefined)
        throw new StoreError(
          "absent",
          `while the blob ${digest} was being written, another tab deleted its chunk ${lost.digest}; try again`,
        )
    })
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    const doomed = new Set(digests)
    await this.#blobs.deleteWhere((digest) => doomed.has(digest))
    await this.#lists.deleteWhere((digest) => doomed.has(digest))
    const needed = new Set<B3Digest>()
    for (const chunks of this.#writing) for (const { digest } of chunks) needed.add(digest)
    for await (const batch of this.#lists.list()) {
      for (const digest of batch) for (const chunk of await this.#soundChunks(digest)) needed.add(chunk.digest)
    }
    await this.#chunks.deleteWhere((digest) => !needed.has(digest))
  }

  /** The chunks that a list names; none if it is damaged, because then nobody can read the blob and another import brings its chunks. */
  async #soundChunks(digest: B3Digest): Promise<readonly ChunkMeta[]> {
    try {
      return (await this.#listOf(digest)) ?? []
    } catch (problem) {
      if (problem instanceof StoreError && problem.code === "damaged") return []
      throw problem
    }
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    yield* this.#blobs.list()
    yield* this.#lists.list()
  }
}

function metaOf({ digest, bytes }: Chunk): ChunkMeta {
  return { digest, size: bytes.length }
}

/** The list of a blob's chunks as it is stored. */
export function listOfChunks(blob: B3Digest, chunks: readonly ChunkMeta[]): Item {
  const bytes = new Uint8Array(chunks.length * 36 + 32)
  const view = new DataView(bytes.buffer)
  chunks.forEach(({ digest, size }, i) => {
    bytes.set(digestBytes(digest), i * 36)
    view.setUint32(i * 36 + 32, size, true)
  })
  bytes.set(sumOf(blob, bytes.subarray(0, -32)), chunks.length * 36)
  return { digest: blob, bytes }
}

/** The chunks of a stored list; undefined if it is damaged. */
export function chunksFromList(blob: B3Digest, list: Uint8Array): ChunkMeta[] | undefined {
  const count = (list.length - 32) / 36
  if (!Number.isInteger(count) || count < 0) return undefined
  const sum = sumOf(blob, list.subarray(0, -32))
  if (sum.some((byte, i) => byte !== list[count * 36 + i])) return undefined
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength)
  return Array.from({ length: count }, (_, i) => ({ digest: digestAt(list, i * 36), size: view.getUint32(i * 36 + 32, true) }))
}

function sumOf(blob: B3Digest, entries: Uint8Array): Uint8Array {
  const all = new Uint8Array(32 + entries.length)
  all.set(digestBytes(blob))
  all.set(entries, 32)
  return digestBytes(b3(all))
}
