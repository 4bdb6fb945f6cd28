// Blobs of a far store kept in a near one: filled by reading, blob by blob or, where the far store knows chunks, chunk by chunk.
// Snix: castore/src/blobservice/combinator.rs CombinedBlobService

import { ChunkedReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { StoreError } from "./error.ts"
import { nearAnswers, type ReportFault } from "./near.ts"
import { verified } from "./verified.ts"

export class CacheBlobStore implements BlobStore {
  readonly #near: BlobStore
  readonly #far: BlobStore
  readonly #report: ReportFault

  /** What is written goes to `near` alone. That `near` cannot be filled or is damaged is no fault of a reading: it is reported. */
  constructor(near: BlobStore, far: BlobStore, report: ReportFault) {
    this.#near = near
    this.#far = far
    this.#report = report
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const missing = await this.#near.missing(digests)
    return missing.size === 0 ? missing : this.#far.missing(missing)
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const near = await this.#near.open(digest).catch((error) => this.#damaged(error, digest))
    if (near !== null) return new NearReader(digest, near, () => this.#openFar(digest), this.#report)
    return this.#openFar(digest)
  }

  async #openFar(digest: B3Digest): Promise<BlobReader | null> {
    const chunks = await this.#far.chunks(digest)
    if (chunks === null) return null
    if (chunks.length > 0) {
      const reader = new ChunkedReader(digest, chunks, async (chunk) => (await this.getMany([chunk]))[0] ?? null)
      return new FillingReader(digest, reader, this.#near, this.#report)
    }
    const reader = await this.#far.open(digest)
    return reader === null ? null : new FillingReader(digest, reader, this.#near, this.#report)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const found = await nearAnswers(this.#near, digests, (keys) => this.#near.getMany(keys), this.#report)
    const wanted = digests.filter((_, i) => found[i] === null)
    if (wanted.length === 0) return found
    const fetched = await this.#far.getMany(wanted)
    const fresh: Uint8Array[] = []
    let next = 0
    const all = found.map((near) => {
      if (near !== null) return near
      const digest = wanted[next]!
      const bytes = fetched[next++] ?? null
      if (bytes !== null) fresh.push(verified(digest, bytes))
      return bytes
    })
    if (fresh.length > 0) await this.#near.putMany(fresh).catch(this.#report)
    return all
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    return (await this.#near.chunks(digest)) ?? this.#far.chunks(digest)
  }

  putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    return this.#near.putMany(blobs)
  }

  write(): BlobWriter {
    return this.#near.write()
  }

  #damaged(error: unknown, digest: B3Digest): null {
    if (!(error instanceof StoreError)) throw error
    this.#report(new StoreError(error.code, `the near copy of ${digest} cannot be used: ${error.message}`, { cause: error }))
    return null
  }
}

/** Reads from near; if that turns out to be damaged, from far. */
class NearReader implements BlobReader {
  readonly size: number
  readonly #digest: B3Digest
  #reader: BlobReader
  #far: (() => Promise<BlobReader | null>) | undefined
  readonly #report: ReportFault

  constructor(digest: B3Digest, near: BlobReader, far: () => Promise<BlobReader | null>, report: ReportFault) {
    this.#digest = digest
    this.#reader = near
    this.#far = far
    this.#report = report
    this.size = near.size
  }

  async #goFar(error: unknown): Promise<void> {
    const open = this.#far
    this.#far = undefined
    if (open === undefined || !(error instanceof StoreError) || (error.code !== "damaged" && error.code !== "absent")) throw error
    this.#report(new StoreError(error.code, `the near copy of ${this.#digest} cannot be used: ${error.message}`, { cause: error }))
    const far = await open()
    if (far === null || far.size !== this.size) throw error
    this.#reader = far
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    try {
      return await this.#reader.read(from, to)
    } catch (error) {
      await this.#goFar(error)
      return this.#reader.read(from, to)
    }
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    let at = from
    try {
      for await (const bytes of this.#reader.stream(from)) {
        at += bytes.length
        yield bytes
      }
    } catch (error) {
      await this.#goFar(error)
      yield* this.#reader.stream(at)
    }
  }
}

/** Reads from far; who reads the whole from its beginning leaves a copy in near. */
class FillingReader implements BlobReader {
  readonly #digest: B3Digest
  readonly #reader: BlobReader
  readonly #near: BlobStore
  readonly #report: ReportFault

  constructor(digest: B3Digest, reader: BlobReader, near: BlobStore, report: ReportFault) {
    this.#digest = digest
    this.#reader = reader
    this.#near = near
    this.#report = report
  }

  get size(): number {
    return this.#reader.size
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    const bytes = await this.#reader.read(from, to)
    if (from === 0 && bytes.length === this.size) {
      verified(this.#digest, bytes)
      await this.#near.putMany([bytes]).catch(this.#report)
    }
    return bytes
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    if (from > 0) {
      yield* this.#reader.stream(from)
      return
    }
    let writer = this.#begin()
    const give = async (): Promise<void> => {
      const given = writer
      writer = undefined
      await given?.abort()
    }
    try {
      for await (const bytes of this.#reader.stream()) {
        await writer?.write(bytes).catch(async (error) => {
          this.#report(error)
          await give()
        })
        yield bytes
      }
      const digest = await writer?.close().catch(this.#report)
      writer = undefined
      if (typeof digest === "string" && digest !== this.#digest) {
        throw new StoreError("damaged", `the blob ${this.#digest} is damaged: its ${this.size} bytes have the digest ${digest}`)
      }
    } finally {
      await give()
    }
  }

  #begin(): BlobWriter | undefined {
    try {
      return this.#near.write()
    } catch (error) {
      this.#report(error)
      return undefined
    }
  }
}
