// Blobs from a list of stores by priority, with retries; a store that fails in the middle of a blob is replaced by the next.

import { checkRange } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { StoreError } from "./error.ts"
import { Failover, type Patience } from "./failover.ts"

export class PriorityBlobStore implements BlobStore {
  readonly #failover: Failover<BlobStore>

  /** `stores` with the most preferred first; what is written goes to the first that takes it. */
  constructor(stores: readonly BlobStore[], patience: Patience) {
    this.#failover = new Failover(stores, patience)
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const wanted = [...new Set(digests)]
    const found = await this.#failover.find(wanted, async (store, keys) => {
      const missing = await store.missing(keys)
      return keys.map((key) => (missing.has(key) ? null : true))
    })
    return new Set(wanted.filter((_, i) => found[i] === null))
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const { stores } = this.#failover
    const [found] = await this.#failover.find([digest], async (store) => {
      const reader = await store.open(digest)
      return [reader === null ? null : { reader, place: stores.indexOf(store) }]
    })
    return found == null ? null : new PriorityReader(digest, this.#failover, found.reader, found.place)
  }

  getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return this.#failover.find(digests, (store, keys) => store.getMany(keys))
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const [found] = await this.#failover.find([digest], async (store) => [await store.chunks(digest)])
    return found ?? null
  }

  putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    return this.#failover.put((store) => store.putMany(blobs))
  }

  write(): BlobWriter {
    return this.#failover.begin((store) => store.write())
  }
}

class PriorityReader implements BlobReader {
  readonly size: number
  readonly #digest: B3Digest
  readonly #failover: Failover<BlobStore>
  #reader: BlobReader
  #place: number

  constructor(digest: B3Digest, failover: Failover<BlobStore>, reader: BlobReader, place: number) {
    this.#digest = digest
    this.#failover = failover
    this.#reader = reader
    this.#place = place
    this.size = reader.size
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    checkRange(from, to)
    for (;;) {
      try {
        return await this.#failover.ask(this.#failover.stores[this.#place]!, () => this.#reader.read(from, to))
      } catch (error) {
        await this.#replace(error)
      }
    }
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    let at = from
    for (;;) {
      try {
        for await (const bytes of this.#reader.stream(at)) {
          at += bytes.length
          yield bytes
        }
        return
      } catch (error) {
        // Whoever reads may also have thrown into the generator; that ends it and does not come here.
        await this.#replace(error)
      }
    }
  }

  /** Goes on with the next store that has the blob; throws the fault if there is none. */
  async #replace(error: unknown): Promise<void> {
    for (;;) {
      this.#place = this.#failover.nextAfter(error, this.#place)
      try {
        const reader = await this.#failover.stores[this.#place]!.open(this.#digest)
        if (reader === null || reader.size !== this.size) continue
        this.#reader = reader
        return
      } catch (fault) {
        if (!(fault instanceof StoreError)) throw fault
      }
    }
  }
}
