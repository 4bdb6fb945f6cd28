// The contract of every store of path infos. Snix: store/src/pathinfoservice/mod.rs

import type { Node } from "../castore/node.ts"
import type { PathInfo } from "../formats/narinfo/path-info.ts"

/** What is known of a store path, and the tree it stands for. */
export interface StoredPath extends PathInfo {
  readonly node: Node
}

/** A store of path infos, by the hash part of the path (32 characters of nix32). Methods reject with StoreError only. */
export interface PathInfoStore {
  get(hashPart: string): Promise<StoredPath | null>
  /** Several at once, in the order asked. */
  getMany(hashParts: readonly string[]): Promise<(StoredPath | null)[]>
  /** Stores infos, all or none; durable when fulfilled. */
  putMany(infos: readonly StoredPath[]): Promise<void>
  /** All, in batches, in no order. */
  list(): AsyncIterable<readonly StoredPath[]>
  /** Removes infos; what is absent is no error. */
  deleteMany(hashParts: Iterable<string>): Promise<void>
}

/** A store that can tell what it has without reading it: then what is damaged can be found and removed. */
export interface ListingInfos {
  /** The hash parts of all infos, in batches, in no order. */
  hashParts(): AsyncIterable<readonly string[]>
}
