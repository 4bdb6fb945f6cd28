// Directories from a list of stores by priority, with retries.

import type { B3Digest } from "./digest.ts"
import { recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import { Failover, type Patience } from "./failover.ts"
import type { Directory } from "./node.ts"

export class PriorityDirectoryStore implements DirectoryStore {
  readonly #failover: Failover<DirectoryStore>

  /** `stores` with the most preferred first; what is written goes to the first that takes it. */
  constructor(stores: readonly DirectoryStore[], patience: Patience) {
    this.#failover = new Failover(stores, patience)
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const [found] = await this.#failover.find([digest], async (store) => [await store.get(digest)])
    return found ?? null
  }

  getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    return this.#failover.find(digests, (store, keys) => store.getMany(keys))
  }

  /** From the first store that has the root; if that fails on the way, what is left comes from all. */
  async *getRecursive(root: B3Digest): AsyncGenerator<readonly [B3Digest, Directory]> {
    const given = new Set<B3Digest>()
    for (const store of this.#failover.stores) {
      try {
        for await (const item of store.getRecursive(root)) {
          given.add(item[0])
          yield item
        }
        if (given.size > 0) return
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        break
      }
    }
    for await (const item of recursively((digests) => this.getMany(digests), root)) if (!given.has(item[0])) yield item
  }

  putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    return this.#failover.put((store) => store.putMany(directories))
  }
}
