// Blobs from whichever of several stores has them first.

import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { race } from "./race.ts"

export class FirstBlobStore implements BlobStore {
  readonly #stores: readonly BlobStore[]

  /** What is written goes to the first of `stores`. */
  constructor(stores: readonly BlobStore[]) {
    if (stores.length === 0) throw new RangeError("a list of stores has at least one")
    this.#stores = stores
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const wanted = [...new Set(digests)]
    const found = await race(this.#stores, wanted, async (store, keys) => {
      const missing = await store.missing(keys)
      return keys.map((key) => (missing.has(key) ? null : true))
    })
    return new Set(wanted.filter((_, i) => found[i] === null))
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const [found] = await race(this.#stores, [digest], async (store) => [await store.open(digest)])
    return found ?? null
  }

  getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return race(this.#stores, digests, (store, keys) => store.getMany(keys))
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const [found] = await race(this.#stores, [digest], async (store) => [await store.chunks(digest)])
    return found ?? null
  }

  putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    return this.#stores[0]!.putMany(blobs)
  }

  write(): BlobWriter {
    return this.#stores[0]!.write()
  }
}
