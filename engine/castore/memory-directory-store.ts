// Directories in memory: for sessions without storage, for tests, and as the near side of a cache.
// They are kept as bytes and checked at each reading, like everywhere else.

import type { DeletingStore } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { checkedDirectory } from "./directory.ts"
import { prepareDirectories, recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import type { Directory } from "./node.ts"

export class MemoryDirectoryStore implements DirectoryStore, DeletingStore {
  readonly #stored: Map<B3Digest, Uint8Array>

  /** The caller may give (and keep) the map of bytes by digest. */
  constructor(stored = new Map<B3Digest, Uint8Array>()) {
    this.#stored = stored
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const bytes = this.#stored.get(digest)
    return bytes === undefined ? null : checkedDirectory(digest, bytes)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    return Promise.all(digests.map((digest) => this.get(digest)))
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  async putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    const { distinct, digests } = await prepareDirectories(directories, (wanted) => this.getMany(wanted))
    for (const { digest, bytes } of distinct) this.#stored.set(digest, bytes)
    return digests
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    for (const digest of digests) this.#stored.delete(digest)
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    if (this.#stored.size > 0) yield [...this.#stored.keys()]
  }
}
