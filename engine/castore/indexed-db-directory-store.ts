// Directories in the browser's database, packed like small blobs: those that were stored together are read together.
// Decoded ones are kept while there is room, because an evaluation looks into the same directories again and again.

import type { DeletingStore } from "./blob-store.ts"
import { type B3Digest, b3 } from "./digest.ts"
import { directoryFromBytes } from "./directory.ts"
import { prepareDirectories, recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import type { Database } from "./indexed-db-database.ts"
import { IndexedDbPacks, putItems } from "./indexed-db-packs.ts"
import type { Directory } from "./node.ts"

/** Entries of decoded directories that are kept, about 200 bytes each. */
const cachedEntries = 100_000

export class IndexedDbDirectoryStore implements DirectoryStore, DeletingStore {
  readonly #database: Database
  readonly #packs: IndexedDbPacks
  readonly #decoded = new Map<B3Digest, Directory>()
  #entries = 0
  #generation: number | undefined

  constructor(database: Database) {
    this.#database = database
    this.#packs = new IndexedDbPacks({
      database,
      index: "directory-index",
      packs: "directory-packs",
      what: "directory",
      check: (digest, bytes) => b3(bytes) === digest,
      cacheSize: 4 << 20,
    })
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    return (await this.getMany([digest]))[0]!
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const result: (Directory | null)[] = digests.map((digest) => this.#decoded.get(digest) ?? null)
    const unread = digests.filter((_, i) => result[i] === null)
    if (unread.length === 0) return result
    const bytes = await this.#packs.getMany(unread)
    let next = 0
    for (let i = 0; i < digests.length; i++) {
      if (result[i] !== null) continue
      const stored = bytes[next++]
      if (stored == null) continue
      const directory = directoryFromBytes(stored)
      result[i] = directory
      this.#remember(digests[i]!, directory)
    }
    return result
  }

  /** Makes room by forgetting what has been there longest. */
  #remember(digest: B3Digest, directory: Directory): void {
    if (this.#decoded.has(digest)) return
    this.#decoded.set(digest, directory)
    this.#entries += directory.size + 1
    for (const [oldest, { size }] of this.#decoded) {
      if (this.#entries <= cachedEntries) return
      this.#decoded.delete(oldest)
      this.#entries -= size + 1
    }
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  async putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    // A child that another tab has deleted must not count as stored because it is remembered here.
    await this.#packs.refresh()
    if (this.#generation !== this.#packs.generation) {
      this.#decoded.clear()
      this.#entries = 0
      this.#generation = this.#packs.generation
    }
    const { distinct, digests } = await prepareDirectories(directories, (wanted) => this.getMany(wanted))
    await putItems(this.#database, [[this.#packs, distinct]], "strict")
    return digests
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    const doomed = new Set(digests)
    await this.#packs.deleteWhere((digest) => doomed.has(digest))
    for (const digest of doomed) {
      const directory = this.#decoded.get(digest)
      if (directory === undefined) continue
      this.#decoded.delete(digest)
      this.#entries -= directory.size + 1
    }
  }

  list(): AsyncIterable<readonly B3Digest[]> {
    return this.#packs.list()
  }
}
