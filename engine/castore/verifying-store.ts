// Stores in front of others that are not believed: nothing passes whose digest is wrong, not even a wrong list of chunks.
// Our own stores check what they read; this is for stores of others, and for those who want proof of a whole blob before any part.

import { Hasher } from "../formats/hash/digest.ts"
import { BytesReader, checkRange, streamPieceSize } from "./blob-reader.ts"
import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import { type B3Digest, b3, digestFromBytes } from "./digest.ts"
import { directoryDigest, directoryNode } from "./directory.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Directory } from "./node.ts"
import { verified } from "./verified.ts"

/** Blobs up to this size are held while they are read. */
const heldSize = 1 << 20
/** The pieces that a larger blob is proved in. */
const pieceSize = 256 << 10

/** Checks each blob as a whole before the first byte of it is handed out. */
export class VerifyingBlobStore implements BlobStore {
  readonly #inner: BlobStore

  constructor(inner: BlobStore) {
    this.#inner = inner
  }

  missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    return this.#inner.missing(digests)
  }

  async open(digest: B3Digest): Promise<BlobReader | null> {
    const reader = await this.#inner.open(digest)
    if (reader === null) return null
    if (reader.size > heldSize) return VerifiedReader.prove(digest, reader)
    return new BytesReader(verified(digest, await reader.read(0, reader.size)))
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    const found = await this.#inner.getMany(digests)
    return digests.map((digest, i) => (found[i] == null ? null : verified(digest, found[i])))
  }

  chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    return this.#inner.chunks(digest)
  }

  async putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]> {
    const digests = await this.#inner.putMany(blobs)
    blobs.forEach((blob, i) => {
      if (b3(blob) !== digests[i])
        throw new StoreError("damaged", `a blob of ${blob.length} bytes was stored under another digest: ${digests[i]}`)
    })
    return digests
  }

  write(): BlobWriter {
    const writer = this.#inner.write()
    const hasher = new Hasher("blake3")
    return {
      write: (bytes) => {
        hasher.update(bytes)
        return writer.write(bytes)
      },
      close: async () => {
        const digest = await writer.close()
        const own = digestFromBytes(hasher.digest())
        if (own !== digest) throw new StoreError("damaged", `the blob ${own} was stored under another digest: ${digest}`)
        return digest
      },
      abort: () => writer.abort(),
    }
  }
}

/** Reads a large blob a second time, after the first reading proved it; each piece must be what it was then. */
class VerifiedReader implements BlobReader {
  readonly size: number
  readonly #reader: BlobReader
  readonly #digest: B3Digest
  readonly #pieces: readonly B3Digest[]

  private constructor(digest: B3Digest, reader: BlobReader, pieces: readonly B3Digest[]) {
    this.#digest = digest
    this.#reader = reader
    this.#pieces = pieces
    this.size = reader.size
  }

  /** Reads all of the blob. Throws `damaged`. */
  static async prove(digest: B3Digest, reader: BlobReader): Promise<VerifiedReader> {
    const whole = new Hasher("blake3")
    let piece = new Hasher("blake3")
    const pieces: B3Digest[] = []
    for await (const bytes of reader.stream()) {
      whole.update(bytes)
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + pieceSize - piece.size)
        piece.update(part)
        at += part.length
        if (piece.size < pieceSize) continue
        pieces.push(digestFromBytes(piece.digest()))
        piece = new Hasher("blake3")
      }
    }
    if (piece.size > 0) pieces.push(digestFromBytes(piece.digest()))
    const found = digestFromBytes(whole.digest())
    if (found !== digest || whole.size !== reader.size) {
      throw new StoreError("damaged", `the blob ${digest} is damaged: its ${whole.size} bytes have the digest ${found}`)
    }
    return new VerifiedReader(digest, reader, pieces)
  }

  async read(from: number, to: number): Promise<Uint8Array> {
    checkRange(from, to)
    const end = Math.min(to, this.size)
    if (from >= end) return new Uint8Array(0)
    const first = Math.floor(from / pieceSize)
    const start = first * pieceSize
    const bytes = await this.#reader.read(start, Math.min(Math.ceil(end / pieceSize) * pieceSize, this.size))
    for (let at = 0; at < bytes.length; at += pieceSize) {
      if (b3(bytes.subarray(at, at + pieceSize)) === this.#pieces[first + at / pieceSize]) continue
      throw new StoreError("damaged", `the blob ${this.#digest} has changed since it was checked`)
    }
    if (bytes.length < end - start) throw new StoreError("damaged", `the blob ${this.#digest} has become shorter since it was checked`)
    return bytes.slice(from - start, end - start)
  }

  async *stream(from = 0): AsyncGenerator<Uint8Array> {
    checkRange(from, Math.max(from, this.size))
    for (let at = from; at < this.size; ) {
      const to = Math.min((Math.floor(at / streamPieceSize) + 1) * streamPieceSize, this.size)
      yield await this.read(at, to)
      at = to
    }
  }
}

/** Checks each directory against its digest by writing its bytes again. */
export class VerifyingDirectoryStore implements DirectoryStore {
  readonly #inner: DirectoryStore

  constructor(inner: DirectoryStore) {
    this.#inner = inner
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const found = await this.#inner.get(digest)
    return found === null ? null : checked(digest, found)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const found = await this.#inner.getMany(digests)
    return digests.map((digest, i) => (found[i] == null ? null : checked(digest, found[i])))
  }

  /** Also checks that each directory was named by one before, with its size. */
  async *getRecursive(root: B3Digest): AsyncGenerator<readonly [B3Digest, Directory]> {
    const named = new Map<B3Digest, number | undefined>([[root, undefined]])
    const given = new Set<B3Digest>()
    for await (const [digest, directory] of this.#inner.getRecursive(root)) {
      const { size } = directoryNode(checked(digest, directory))
      if (!named.has(digest) || given.has(digest) || (named.get(digest) ?? size) !== size) {
        throw new StoreError("damaged", `the directory ${digest} does not belong where it came, below ${root}`)
      }
      given.add(digest)
      for (const node of directory.values()) if (node.kind === "directory") named.set(node.digest, node.size)
      yield [digest, directory]
    }
    if (given.size === 0) return
    for (const digest of named.keys()) {
      if (!given.has(digest)) throw new StoreError("absent", `the directory ${digest}, which is below ${root}, is absent`)
    }
  }

  putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    return this.#inner.putMany(directories)
  }
}

function checked(digest: B3Digest, directory: Directory): Directory {
  if (directoryDigest(directory) === digest) return directory
  throw new StoreError("damaged", `the directory ${digest} is damaged: it has another digest`)
}
