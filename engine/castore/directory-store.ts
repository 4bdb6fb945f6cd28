// The contract of every store of directories. A directory is named by the BLAKE3 digest of its canonical protobuf bytes.
// Snix: castore/src/directoryservice/mod.rs

import type { B3Digest } from "./digest.ts"
import type { Directory } from "./node.ts"

/** A store of directories. Methods reject with StoreError only; what they hand out was checked against its digest. */
export interface DirectoryStore {
  /** A directory, or null if it is absent. Throws `damaged`. */
  get(digest: B3Digest): Promise<Directory | null>
  /** Several at once, in the order asked. */
  getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]>
  /** A directory and all below it, parents before children, each once; nothing if the root is absent. Throws `absent` if a child is. */
  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]>
  /**
   * Stores directories, children before parents (a child may also be here already), all or none; their digests in the same order.
   * Durable when fulfilled. Throws `invalid` for names, order, sizes, or a child that is neither here nor given before.
   */
  putMany(directories: readonly Directory[]): Promise<B3Digest[]>
}
