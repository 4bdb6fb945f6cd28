// Directories from whichever of several stores has them first.

import type { B3Digest } from "./digest.ts"
import { recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import type { Directory } from "./node.ts"
import { race } from "./race.ts"

export class FirstDirectoryStore implements DirectoryStore {
  readonly #stores: readonly DirectoryStore[]

  /** What is written goes to the first of `stores`. */
  constructor(stores: readonly DirectoryStore[]) {
    if (stores.length === 0) throw new RangeError("a list of stores has at least one")
    this.#stores = stores
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const [found] = await race(this.#stores, [digest], async (store) => [await store.get(digest)])
    return found ?? null
  }

  getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    return race(this.#stores, digests, (store, keys) => store.getMany(keys))
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    return this.#stores[0]!.putMany(directories)
  }
}
