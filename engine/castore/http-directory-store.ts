// Directories of a castore-aware HTTP server or static host (http-source.ts), read-only.

import type { B3Digest } from "./digest.ts"
import { checkedDirectory } from "./directory.ts"
import { recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import { HttpSource, type HttpSourceOptions } from "./http-source.ts"
import type { Directory } from "./node.ts"
import { inParallel } from "./rpc-companion.ts"

/** How many requests are under way at once. */
const width = 6

export class HttpDirectoryStore implements DirectoryStore {
  readonly #source: HttpSource

  /** `base` is the URL of the folder that `directories` is in. */
  constructor(base: string, options?: HttpSourceOptions) {
    this.#source = new HttpSource(base, options)
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const bytes = await this.#source.bytes(`directories/${digest}`)
    return bytes === null ? null : checkedDirectory(digest, bytes)
  }

  getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    return inParallel(digests, width, (digest) => this.get(digest))
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  async putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    if (directories.length === 0) return []
    throw new StoreError("read-only", `nothing can be written to ${this.#source.url("directories")}`)
  }
}
