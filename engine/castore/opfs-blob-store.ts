// Large blobs, each a file of the browser's private file system, for which the database keeps a record:
//
//   "private-files"   digest of the blob → { file, list }
//
// `file` is a name that is never used again; `list` tells the chunks as indexed-db-blob-store.ts stores them, so that a range is
// read and checked without the rest. The record is written when the file is on the disk: before, there is no blob, only a file
// that nobody names, and those are removed with the next removal. Nothing is renamed, because not every browser can.

import { promisifyRequest } from "idb-keyval"
import { BytesReader, ChunkedReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta, DeletingStore } from "./blob-store.ts"
import { ChunkingWriter, divide } from "./chunking-writer.ts"
import { type B3Digest, b3 } from "./digest.ts"
import { chunksFromList, listOfChunks } from "./indexed-db-blob-store.ts"
import type { Database } from "./indexed-db-database.ts"
import { openPrivateFile, PrivateFileWriter, privateFileNames, readPrivateFile, removePrivateFile } from "./opfs-file.ts"
import { verified } from "./verified.ts"

interface FileRecord {
  readonly file: string
  readonly list: Uint8Array
}

interface StoredFile {
  readonly file: string
  /** Empty if it is not divided. */
  readonly chunks: readonly ChunkMeta[]
}

/** How many files are read or written at once: each takes some milliseconds of waiting for the browser. */
const atOnce = 16

export class OpfsBlobStore implements BlobStore, DeletingStore {
  readonly #database: Database
  readonly #folder: FileSystemDirectoryHandle
  /** What the database said last. */
  #files = new Map<B3Digest, StoredFile>()
  /** A blob that has the chunk, and where in it. */
  #chunks = new Map<B3Digest, { readonly blob: B3Digest; readonly start: number; readonly size: number }>()
  #loaded = false
  /** Names of files that no record names yet. */
  readonly #writing = new Set<string>()

  /** `folder` belongs to this store alone (openPrivateFolder). */
  constructor(database: Database, folder: FileSystemDirectoryHandle) {
    this.#database = database
    this.#folder = folder
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    await this.#refresh()
    const names = await privateFileNames(this.#folder)
    const missing = new Set<B3Digest>()
    for (const digest of digests) {
      const stored = this.#files.get(digest) ?? this.#files.get(this.#chunks.get(digest)?.blob ?? digest)
      if (stored === undefined || !names.has(stored.file)) missing.add(digest)
    }
    return missing
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    if (!this.#loaded || !(this.#files.has(digest) || this.#chunks.has(digest))) await this.#refresh()
    const reader = await this.#open(digest)
    if (reader !== null || !this.#files.has(digest)) return reader
    // The file is not there: another tab wrote the blob again, or removed it.
    await this.#refresh()
    return this.#open(digest)
  }

  async #open(digest: B3Digest): Promise<BlobReader | null> {
    const place = this.#chunks.get(digest)
    const stored = this.#files.get(digest) ?? this.#files.get(place?.blob ?? digest)
    if (stored === undefined) return null
    const file = await openPrivateFile(this.#folder, stored.file)
    if (file === null) return null
    if (!this.#files.has(digest)) {
      const { start, size } = place! // else nothing would have been found
      return new BytesReader(verified(digest, await readPrivateFile(file, start, start + size), "chunk"))
    }
    if (stored.chunks.length === 0) return new BytesReader(verified(digest, await readPrivateFile(file, 0, file.size)))
    const starts = new Map<B3Digest, { readonly start: number; readonly size: number }>()
    let at = 0
    for (const chunk of stored.chunks) {
      starts.set(chunk.digest, { start: at, size: chunk.size })
      at += chunk.size
    }
    return new ChunkedReader(digest, stored.chunks, async (chunk) => {
      const { start, size } = starts.get(chunk)!
      return readPrivateFile(file, start, start + size)
    })
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const result: (Uint8Array | null)[] = []
    for (let from = 0; from < digests.length; from += atOnce) {
      const read = digests.slice(from, from + atOnce).map(async (digest) => {
        const reader = await this.open(digest)
        return reader === null ? null : verified(digest, await reader.read(0, reader.size))
      })
      result.push(...(await Promise.all(read)))
    }
    return result
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    if (!(this.#files.has(digest) || this.#chunks.has(digest))) await this.#refresh()
    return this.#files.get(digest)?.chunks ?? (this.#chunks.has(digest) ? [] : null)
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const digests = blobs.map((bytes) => b3(bytes))
    const distinct = [...new Map(blobs.map((bytes, i) => [digests[i]!, bytes]))]
    const records = new Map<B3Digest, FileRecord>()
    try {
      for (let from = 0; from < distinct.length; from += atOnce) {
        const written = await Promise.allSettled(
          distinct.slice(from, from + atOnce).map(([digest, bytes]) => this.#putFile(digest, bytes, records)),
        )
        for (const outcome of written) if (outcome.status === "rejected") throw outcome.reason
      }
      await this.#record(records)
    } catch (problem) {
      for (const { file } of records.values()) await removePrivateFile(this.#folder, file)
      throw problem
    } finally {
      for (const { file } of records.values()) this.#writing.delete(file)
    }
    return digests
  }

  async #putFile(digest: B3Digest, bytes: Uint8Array, records: Map<B3Digest, FileRecord>): Promise<void> {
    const file = await this.#create()
    const chunks = divide(bytes).map((chunk) => ({ digest: chunk.digest, size: chunk.bytes.length }))
    // The record is made first, so that a file that fails is removed like the others.
    records.set(digest, { file: file.name, list: listOfChunks(digest, chunks).bytes })
    await file.append(bytes.slice())
    await file.close()
  }

  write(): BlobWriter {
    let file: PrivateFileWriter | undefined
    const open = async (): Promise<PrivateFileWriter> => (file ??= await this.#create())
    return new ChunkingWriter({
      chunks: async (chunks) => {
        const to = await open()
        for (const { bytes } of chunks) await to.append(bytes)
      },
      commit: async ({ digest, chunks, bytes }) => {
        const to = await open()
        try {
          if (bytes !== null) await to.append(bytes)
          await to.close()
          await this.#record(new Map([[digest, { file: to.name, list: listOfChunks(digest, chunks).bytes }]]))
        } catch (problem) {
          await to.abort()
          throw problem
        } finally {
          this.#writing.delete(to.name)
        }
      },
      abort: async () => {
        if (file === undefined) return
        await file.abort()
        this.#writing.delete(file.name)
      },
    })
  }

  async #create(): Promise<PrivateFileWriter> {
    const name = `${crypto.randomUUID()}.blob`
    this.#writing.add(name)
    try {
      return await PrivateFileWriter.create(this.#folder, name)
    } catch (problem) {
      this.#writing.delete(name)
      throw problem
    }
  }

  /** Makes files blobs. A file that was the same blob before is removed: it may be damaged, and reading it would take as long. */
  async #record(records: ReadonlyMap<B3Digest, FileRecord>): Promise<void> {
    const replaced = await this.#database.getEach("private-files", [...records.keys()])
    await this.#database.transaction(
      ["private-files"],
      "readwrite",
      (transaction) => {
        for (const [digest, record] of records) transaction.objectStore("private-files").put(record, digest)
      },
      "strict",
    )
    for (const [digest, record] of records) this.#add(digest, record)
    for (const record of replaced) {
      const file = nameIn(record)
      if (file !== undefined) await removePrivateFile(this.#folder, file)
    }
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    await this.#database.transaction(
      ["private-files"],
      "readwrite",
      (transaction) => {
        for (const digest of digests) transaction.objectStore("private-files").delete(digest)
      },
      "strict",
    )
    await this.#refresh()
    const named = new Set([...this.#files.values()].map(({ file }) => file))
    for (const name of await privateFileNames(this.#folder)) {
      if (!named.has(name) && !this.#writing.has(name)) await removePrivateFile(this.#folder, name)
    }
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    await this.#refresh()
    if (this.#files.size > 0) yield [...this.#files.keys()]
  }

  /** Reads all records anew: there are only as many as large blobs. Those that make no sense are absent. */
  async #refresh(): Promise<void> {
    const keys = await this.#database.use("private-files")("readonly", (store) => promisifyRequest(store.getAllKeys()))
    const records = await this.#database.getEach("private-files", keys)
    this.#files = new Map()
    this.#chunks = new Map()
    // Keys are what this class wrote: digests.
    for (const [i, key] of keys.entries()) this.#add(key as B3Digest, records[i])
    this.#loaded = true
  }

  #add(blob: B3Digest, record: unknown): void {
    if (typeof record !== "object" || record === null) return
    const { file, list } = record as Partial<FileRecord>
    if (typeof file !== "string" || !(list instanceof Uint8Array)) return
    const chunks = chunksFromList(blob, list)
    if (chunks === undefined) return
    this.#files.set(blob, { file, chunks })
    let start = 0
    for (const chunk of chunks) {
      this.#chunks.set(chunk.digest, { blob, start, size: chunk.size })
      start += chunk.size
    }
  }
}

function nameIn(record: unknown): string | undefined {
  const { file } = (record ?? {}) as Partial<FileRecord>
  return typeof file === "string" ? file : undefined
}
