// Blobs on a server over Connect, gRPC-web or gRPC, whichever the transport speaks. Reads go through snix.castore.v1.BlobService,
// which any server of Snix has; batches and writes through the gateway's companion (rpc-companion.ts), because no browser can
// stream a request. Where there is no companion, writes stream (so from Node only). All that is read is checked.

import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { joinBytes } from "../formats/bytes.ts"
import { BlobService } from "../proto/gen/castore_pb.ts"
import { BytesReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, b3, digestBytes, digestFromBytes } from "./digest.ts"
import { StoreError } from "./error.ts"
import { RemoteBlobReader } from "./remote-blob-reader.ts"
import { RpcBlobWriter, StreamingBlobWriter } from "./rpc-blob-writer.ts"
import { batches, CompanionSource, inParallel } from "./rpc-companion.ts"
import { defaultRetry, failing, type RetryPolicy, retrying } from "./rpc-retry.ts"
import { verified } from "./verified.ts"

/** How many calls are under way at once: browsers allow six connections to a server without HTTP/2. */
const width = 4
const streams = 16

export class RpcBlobStore implements BlobStore {
  readonly #client: Client<typeof BlobService>
  readonly #companion: CompanionSource
  readonly #retry: RetryPolicy

  constructor(transport: Transport, retry: RetryPolicy = defaultRetry) {
    this.#client = createClient(BlobService, transport)
    this.#companion = new CompanionSource(transport, retry)
    this.#retry = retry
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const wanted = [...new Set(digests)]
    const missing = new Set<B3Digest>()
    const companion = await this.#companion.get()
    if (companion === null) {
      const stats = await inParallel(wanted, width, (digest) => this.#stat(digest))
      for (const [i, digest] of wanted.entries()) if (stats[i] === null) missing.add(digest)
      return missing
    }
    const groups = [...batches(wanted, () => 34, { items: companion.limits.items, bytes: companion.limits.messageBytes })]
    await inParallel(groups, width, async (group) => {
      const answer = await retrying(this.#retry, "asking which blobs are missing", () =>
        companion.client.findMissing({ blobs: group.map(digestBytes) }),
      )
      for (const bytes of answer.blobs) missing.add(digestOf(bytes))
    })
    return missing
  }

  /** The chunks, in which a blob that is not divided is its own only chunk; empty if the server does not tell; null if it is absent. */
  async #stat(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    try {
      const answer = await retrying(this.#retry, `looking for the blob ${digest}`, () =>
        this.#client.stat({ digest: digestBytes(digest), sendChunks: true }),
      )
      return answer.chunks.map((chunk) => ({ digest: digestOf(chunk.digest), size: sizeOf(chunk.size, digest) }))
    } catch (error) {
      if (error instanceof StoreError && error.code === "absent") return null
      throw error
    }
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const chunks = await this.#stat(digest)
    if (chunks === null) return null
    if (chunks.length === 0) {
      const bytes = await this.#readWhole(digest)
      return bytes === null ? null : new BytesReader(verified(digest, bytes))
    }
    return new RemoteBlobReader(digest, chunks, {
      stream: (from) => this.#stream(digest, chunks, from),
      chunk: (chunk) => this.#readWhole(chunk.digest),
    })
  }

  /** The bytes of a blob from the beginning of a chunk on. */
  async *#stream(digest: B3Digest, chunks: readonly ChunkMeta[], from: number): AsyncGenerator<Uint8Array> {
    if (from === 0) {
      for await (const { data } of failing(`reading the blob ${digest}`, this.#client.read({ digest: digestBytes(digest) }))) yield data
      return
    }
    // The service has no ranges: the chunks one by one.
    let start = 0
    for (const chunk of chunks) {
      if (start >= from) {
        const bytes = await this.#readWhole(chunk.digest)
        if (bytes === null) throw new StoreError("absent", `the chunk ${chunk.digest} of the blob ${digest} is absent`)
        yield bytes
      }
      start += chunk.size
    }
  }

  /** All bytes of a blob or chunk, unchecked; null if it is absent. */
  async #readWhole(digest: B3Digest): Promise<Uint8Array | null> {
    try {
      return await retrying(this.#retry, `reading the blob ${digest}`, async () => {
        const pieces: Uint8Array[] = []
        for await (const { data } of this.#client.read({ digest: digestBytes(digest) })) pieces.push(data)
        return joinBytes(pieces)
      })
    } catch (error) {
      if (error instanceof StoreError && error.code === "absent") return null
      throw error
    }
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const companion = await this.#companion.get()
    const checked = async (digest: B3Digest): Promise<Uint8Array | null> => {
      const bytes = await this.#readWhole(digest)
      return bytes === null ? null : verified(digest, bytes)
    }
    if (companion === null) return inParallel(digests, width, checked)
    const groups = [...batches(digests, () => 34, { items: companion.limits.items, bytes: companion.limits.messageBytes })]
    const found = await inParallel(groups, width, async (group) => {
      const results: (Uint8Array | null)[] = []
      while (results.length < group.length) {
        const rest = group.slice(results.length)
        const { blobs } = await retrying(this.#retry, "reading blobs", () => companion.client.getBlobs({ digests: rest.map(digestBytes) }))
        if (blobs.length === 0 || blobs.length > rest.length) throw new StoreError("unreachable", "reading blobs: a senseless answer")
        for (const [i, blob] of blobs.entries()) {
          const digest = rest[i]!
          if (blob.tooLarge) results.push(await checked(digest))
          else results.push(blob.data === undefined ? null : verified(digest, blob.data))
        }
      }
      return results
    })
    return found.flat()
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const chunks = await this.#stat(digest)
    return chunks?.length === 1 ? [] : chunks
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const digests = blobs.map(b3)
    const missing = await this.missing(digests)
    const unsent = new Map<B3Digest, Uint8Array>()
    for (const [i, digest] of digests.entries()) if (missing.has(digest)) unsent.set(digest, blobs[i]!)
    const companion = await this.#companion.get()
    const large = companion === null ? Number.NEGATIVE_INFINITY : companion.limits.messageBytes
    const small = [...unsent].filter(([, blob]) => blob.length <= large)
    // Large ones by parts, or all by streams, which are for HTTP/2, where there may be many at once.
    const single = [...unsent.values()].filter((blob) => blob.length > large)
    await inParallel(single, companion === null ? streams : 1, (blob) => this.#putLarge(blob))
    if (companion !== null) {
      const groups = [...batches(small, ([, blob]) => blob.length + 8, { items: companion.limits.items, bytes: large })]
      await inParallel(groups, width, async (group) => {
        const answer = await retrying(this.#retry, "storing blobs", () =>
          companion.client.putBlobs({ blobs: group.map(([, blob]) => blob) }),
        )
        for (const [i, [digest]] of group.entries()) requireDigest(digest, answer.digests[i])
      })
    }
    return digests
  }

  async #putLarge(blob: Uint8Array): Promise<void> {
    const writer = this.write()
    try {
      for (let at = 0; at < blob.length || at === 0; at += 1 << 20) await writer.write(blob.subarray(at, at + (1 << 20)))
      await writer.close()
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  write(): BlobWriter {
    return new RpcBlobWriter(this.#retry, async () => {
      const companion = await this.#companion.get()
      return companion ?? new StreamingBlobWriter((pieces, options) => this.#client.put(pieces, options))
    })
  }
}

/** A digest that a server told; `invalid` lengths are its fault. */
function digestOf(bytes: Uint8Array): B3Digest {
  if (bytes.length !== 32) throw new StoreError("damaged", `the server sent a digest of ${bytes.length} bytes`)
  return digestFromBytes(bytes)
}

/** Throws `damaged` unless a server that was sent a blob has understood the same bytes. */
export function requireDigest(digest: B3Digest, told: Uint8Array | undefined): void {
  if (told !== undefined && told.length === 32 && digestFromBytes(told) === digest) return
  throw new StoreError("damaged", `the server received other bytes than those of ${digest}`)
}

function sizeOf(size: bigint, digest: B3Digest): number {
  if (size <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(size)
  throw new StoreError("damaged", `the server says that a chunk of the blob ${digest} has ${size} bytes`)
}
