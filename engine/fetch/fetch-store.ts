// Where fetched things go: a castore for their bytes, and store objects made of its nodes. In a tab it is the store itself
// (engine/store), on Node's command line a folder.

import type { BlobStore } from "../castore/blob-store.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import type { Node } from "../castore/node.ts"
import type { Hash } from "../formats/hash/hash.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"

/** The archive of a tree, without its bytes. */
export interface NarSum {
  readonly narHash: Hash
  /** Bytes. */
  readonly narSize: number
}

/** What a store object's path is made from: the hash of its archive, or of the one file that it is. */
export type FetchedAddress = { readonly method: "nar" } | { readonly method: "flat"; readonly hash: Hash }

/** Methods reject with StoreError, or NixError for what Nix reports. */
export interface FetchStore {
  /** "/nix/store". */
  readonly storeDir: string
  readonly blobs: BlobStore
  readonly directories: DirectoryStore
  /** SHA-256 of the archive of an object that is there, else null. Caches are not asked: C++ Nix asks them before it fetches. */
  narHash(path: StorePath): Promise<Hash | null>
  /** Hash and size of the archive of a tree in the castore. */
  sum(node: Node): Promise<NarSum>
  /** Makes a tree of the castore an object without references; it is there as a whole or not at all. */
  add(name: string, node: Node, sum: NarSum, address: FetchedAddress): Promise<StorePath>
  /** The tree of an object that is there, in the castore. */
  node(path: StorePath): Promise<Node>
  /** Runs something of several steps, with a store to use in it: nothing that is not an object yet is removed before it ends. */
  importing<T>(work: (store: FetchStore) => Promise<T>): Promise<T>
}
