// Two stores of blobs that divide the work by size: small blobs where many of them are cheap, large ones where bytes are.

import type { BlobReader, BlobStore, BlobWriter, ChunkMeta, DeletingStore } from "./blob-store.ts"
import { type B3Digest, b3 } from "./digest.ts"

/** Below some megabytes a file of its own costs more time than the bytes in it. */
const defaultLargeSize = 4 << 20

type Store = BlobStore & DeletingStore

export class SizedBlobStore implements BlobStore, DeletingStore {
  readonly #small: Store
  readonly #large: Store
  readonly #largeSize: number

  /** Blobs of `largeSize` bytes or more go to the large side; writers hold up to this much in memory. */
  constructor(small: Store, large: Store, largeSize: number = defaultLargeSize) {
    this.#small = small
    this.#large = large
    this.#largeSize = largeSize
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const missing = await this.#small.missing(digests)
    return missing.size === 0 ? missing : this.#large.missing(missing)
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    return (await this.#small.open(digest)) ?? (await this.#large.open(digest))
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const result = await this.#small.getMany(digests)
    const others = digests.filter((_, i) => result[i] === null)
    if (others.length === 0) return result
    const found = await this.#large.getMany(others)
    let next = 0
    return result.map((bytes) => bytes ?? found[next++]!)
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    return (await this.#small.chunks(digest)) ?? (await this.#large.chunks(digest))
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const large = blobs.filter((bytes) => bytes.length >= this.#largeSize)
    if (large.length === 0) return this.#small.putMany(blobs)
    const added = await this.#large.missing(large.map((bytes) => b3(bytes)))
    const largeDigests = await this.#large.putMany(large)
    try {
      const smallDigests = await this.#small.putMany(blobs.filter((bytes) => bytes.length < this.#largeSize))
      let nextLarge = 0
      let nextSmall = 0
      return blobs.map((bytes) => (bytes.length >= this.#largeSize ? largeDigests[nextLarge++]! : smallDigests[nextSmall++]!))
    } catch (problem) {
      // All or none.
      await this.#large.deleteMany(added)
      throw problem
    }
  }

  write(): BlobWriter {
    return new SizedBlobWriter(this.#small, this.#large, this.#largeSize)
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    const doomed = [...digests]
    await this.#small.deleteMany(doomed)
    await this.#large.deleteMany(doomed)
  }

  async *list(): AsyncGenerator<readonly B3Digest[]> {
    yield* this.#small.list()
    yield* this.#large.list()
  }
}

/** Holds what is written until it is clear which store it is for. */
class SizedBlobWriter implements BlobWriter {
  readonly #small: Store
  readonly #large: Store
  readonly #largeSize: number
  #held: Uint8Array[] = []
  #size = 0
  #to: BlobWriter | undefined
  #result: Promise<B3Digest> | undefined
  #aborted = false

  constructor(small: Store, large: Store, largeSize: number) {
    this.#small = small
    this.#large = large
    this.#largeSize = largeSize
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#result !== undefined || this.#aborted) throw new RangeError("the blob is already finished")
    if (this.#to !== undefined) return this.#to.write(bytes)
    this.#held.push(bytes.slice())
    this.#size += bytes.length
    if (this.#size >= this.#largeSize) await this.#pourInto(this.#large.write())
  }

  async #pourInto(writer: BlobWriter): Promise<BlobWriter> {
    this.#to = writer
    const held = this.#held
    this.#held = []
    for (const bytes of held) await writer.write(bytes)
    return writer
  }

  close(): Promise<B3Digest> {
    if (this.#aborted) throw new RangeError("the blob was given up")
    this.#result ??= this.#close()
    return this.#result
  }

  async #close(): Promise<B3Digest> {
    return (this.#to ?? (await this.#pourInto(this.#small.write()))).close()
  }

  async abort(): Promise<void> {
    if (this.#aborted || this.#result !== undefined) return
    this.#aborted = true
    this.#held = []
    await this.#to?.abort()
  }
}
