// Stores that nothing can be written to.

import type { BlobReader, BlobStore, BlobWriter, ChunkMeta } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Directory } from "./node.ts"

function refuse(): never {
  throw new StoreError("read-only", "nothing can be written to this store: it is read-only")
}

/** A store of blobs to read from. */
export class ReadOnlyBlobStore implements BlobStore {
  readonly #inner: BlobStore

  constructor(inner: BlobStore) {
    this.#inner = inner
  }

  missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>> {
    return this.#inner.missing(digests)
  }

  open(digest: B3Digest): Promise<BlobReader | null> {
    return this.#inner.open(digest)
  }

  getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return this.#inner.getMany(digests)
  }

  chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null> {
    return this.#inner.chunks(digest)
  }

  async putMany(): Promise<B3Digest[]> {
    return refuse()
  }

  write(): BlobWriter {
    return refuse()
  }
}

/** A store of directories to read from. */
export class ReadOnlyDirectoryStore implements DirectoryStore {
  readonly #inner: DirectoryStore

  constructor(inner: DirectoryStore) {
    this.#inner = inner
  }

  get(digest: B3Digest): Promise<Directory | null> {
    return this.#inner.get(digest)
  }

  getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    return this.#inner.getMany(digests)
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return this.#inner.getRecursive(root)
  }

  async putMany(): Promise<B3Digest[]> {
    return refuse()
  }
}
