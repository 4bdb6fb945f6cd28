// Blobs of a castore-aware HTTP server or static host (http-source.ts), read-only.

import { BytesReader } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, digestFromHex } from "./digest.ts"
import { StoreError } from "./error.ts"
import { HttpSource, type HttpSourceOptions } from "./http-source.ts"
import { RemoteBlobReader } from "./remote-blob-reader.ts"
import { inParallel } from "./rpc-companion.ts"
import { verified } from "./verified.ts"

/** How many requests are under way at once. */
const width = 6

/** The text of a list of chunks. */
export function printChunks(chunks: readonly ChunkMeta[]): string {
  return chunks.map(({ digest, size }) => `${digest} ${size}\n`).join("")
}

/** Reads the text of a list of chunks. Throws `damaged`. */
export function parseChunks(text: string): ChunkMeta[] {
  const lines = text.split("\n")
  if (lines.pop() !== "" || lines.length === 0) throw new StoreError("damaged", "a list of chunks does not end with a line")
  return lines.map((line) => {
    const found = /^([0-9a-f]{64}) ([1-9][0-9]{0,14})$/.exec(line)
    if (found === null) throw new StoreError("damaged", `a list of chunks has the line '${line.slice(0, 100)}'`)
    return { digest: digestFromHex(found[1]!), size: Number(found[2]) }
  })
}

export class HttpBlobStore implements BlobStore {
  readonly #source: HttpSource

  /** `base` is the URL of the folder that `blobs` is in. */
  constructor(base: string, options?: HttpSourceOptions) {
    this.#source = new HttpSource(base, options)
  }

  async missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    const wanted = [...new Set(digests)]
    const here = await inParallel(wanted, width, (digest) => this.#source.has(`blobs/${digest}`))
    return new Set(wanted.filter((_, i) => !here[i]))
  }

  async #chunks(digest: B3Digest): Promise<ChunkMeta[] | null> {
    const bytes = await this.#source.bytes(`blobs/${digest}.chunks`)
    return bytes === null ? null : parseChunks(new TextDecoder("latin1").decode(bytes))
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const chunks = await this.#chunks(digest)
    if (chunks === null) {
      const [bytes] = await this.getMany([digest])
      return bytes == null ? null : new BytesReader(bytes)
    }
    const path = `blobs/${digest}`
    const source = this.#source
    return new RemoteBlobReader(digest, chunks, {
      async *stream(from) {
        const pieces = await source.stream(path, from)
        if (pieces === null) throw new StoreError("absent", `the blob ${digest} is absent`)
        yield* pieces
      },
      chunk: ({ size }, at) => source.bytes(path, at, at + size),
    })
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return inParallel(digests, width, async (digest) => {
      const bytes = await this.#source.bytes(`blobs/${digest}`)
      return bytes === null ? null : verified(digest, bytes)
    })
  }

  async chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    const chunks = await this.#chunks(digest)
    if (chunks !== null) return chunks
    return (await this.#source.has(`blobs/${digest}`)) ? [] : null
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    if (blobs.length === 0) return []
    throw readOnly(this.#source)
  }

  write(): BlobWriter {
    const refuse = async (): Promise<never> => {
      throw readOnly(this.#source)
    }
    return { write: refuse, close: refuse, abort: async () => {} }
  }
}

function readOnly(source: HttpSource): StoreError {
  return new StoreError("read-only", `nothing can be written to ${source.url("blobs")}`)
}
