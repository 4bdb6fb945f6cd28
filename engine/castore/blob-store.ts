// The contract of every store of blobs. A blob is any number of bytes, named by its BLAKE3 digest.
// Snix: castore/src/blobservice/mod.rs; batches are added, because browser storage costs by the transaction.

import type { B3Digest } from "./digest.ts"

/** A piece of a blob; the pieces of a blob in their order make the blob. */
export interface ChunkMeta {
  readonly digest: B3Digest
  /** Bytes. */
  readonly size: number
}

/** Reads one blob. All bytes handed out have been checked against a digest. */
export interface BlobReader {
  /** Bytes of the whole blob. */
  readonly size: number
  /** The bytes from `from` to before `to`, cut at the blob's end. Throws StoreError `damaged` or `absent`. */
  read(from: number, to: number): Promise<Uint8Array>
  /** The bytes from `from` (0 by default) to the end, in pieces of at most about a megabyte. */
  stream(from?: number): AsyncIterable<Uint8Array>
}

/** Writes one blob of unknown length. Until close() nothing of it is visible as a blob. */
export interface BlobWriter {
  /** Takes the next bytes; it may keep them until the promise is fulfilled, not longer. */
  write(bytes: Uint8Array): Promise<void>
  /** Makes the blob durable and gives its digest; a second call gives the same. */
  close(): Promise<B3Digest>
  /** Forgets what was written; chunks that other blobs share stay. */
  abort(): Promise<void>
}

/** A store of blobs. Methods reject with StoreError only. */
export interface BlobStore {
  /** Which of these blobs (or chunks) are not here. */
  missing(digests: Iterable<B3Digest>): Promise<Set<B3Digest>>
  /** A reader of a blob (or of a chunk), or null if it is absent. */
  open(digest: B3Digest): Promise<BlobReader | null>
  /** Whole small blobs at once, in the order asked; null for each that is absent. Throws `damaged` if one is. */
  getMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]>
  /** The chunks of a blob; empty if it is not divided; null if the blob is absent. */
  chunks(digest: B3Digest): Promise<readonly ChunkMeta[] | null>
  /** Stores whole small blobs at once, all or none; their digests in the same order. Durable when fulfilled. */
  putMany(blobs: readonly Uint8Array[]): Promise<B3Digest[]>
  /** Begins a blob of unknown length. */
  write(): BlobWriter
}

/** A store that things can be removed from (garbage collection, repair). */
export interface DeletingStore {
  /** Removes these blobs or directories; what is absent is no error. Chunks go when no blob that is left needs them. */
  deleteMany(digests: Iterable<B3Digest>): Promise<void>
  /** The digests of all blobs (not of their chunks) or directories that are stored, in no order, in batches. */
  list(): AsyncIterable<readonly B3Digest[]>
}
