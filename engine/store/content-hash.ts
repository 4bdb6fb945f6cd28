// Hashes of stored trees by Nix's four methods, streamed: contents are never in memory as a whole.
// C++ Nix: libstore/store-api.cc addToStore, libutil/git.cc dumpHash, libstore/content-address.cc

import type { B3Digest } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import type { FileNode, Node } from "../castore/node.ts"
import { renderNar, type TreeStores } from "../castore/render-nar.ts"
import { directoryOfNode, openFile, type WalkOptions } from "../castore/walk.ts"
import { blobHead, type GitAlgo, type GitEntry, gitAlgo, hashBlob, hashTree } from "../formats/git/object.ts"
import type { HashAlgo } from "../formats/hash/algo.ts"
import { Hasher } from "../formats/hash/digest.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { ModuloHasher } from "../formats/nar/hash.ts"
import type { ContentAddressMethod } from "../formats/store-path/content-address.ts"
import { formatFault } from "./format-fault.ts"

export interface ContentHashOptions extends WalkOptions {
  /** The hash part of the object's own path, if it refers to itself: it counts as zeros. Only for the method `nar`. */
  readonly self?: string | undefined
}

/** The hash of a tree for a content address. Throws `invalid` if the method is not for such a tree; `absent`, `damaged`, `cancelled`. */
export async function contentHash(
  stores: TreeStores,
  node: Node,
  method: ContentAddressMethod,
  algo: HashAlgo,
  options: ContentHashOptions = {},
): Promise<Hash> {
  const { self } = options
  if (self !== undefined && method !== "nar") throw new StoreError("invalid", `an object addressed by '${method}' cannot refer to itself`)
  switch (method) {
    case "flat":
    case "text": {
      if (node.kind !== "file") throw new StoreError("invalid", `only a file can be addressed by '${method}', not a ${node.kind}`)
      const hasher = new Hasher(algo)
      await feed(stores, node, hasher)
      return { algo, bytes: hasher.digest() }
    }
    case "nar": {
      if (self !== undefined) {
        const hasher = new ModuloHasher(algo, self)
        for await (const chunk of renderNar(stores, node, options)) hasher.push(chunk)
        return hasher.finish()
      }
      const hasher = new Hasher(algo)
      for await (const chunk of renderNar(stores, node, options)) hasher.update(chunk)
      return { algo, bytes: hasher.digest() }
    }
    case "git": {
      const entry = await gitEntry({ stores, algo: formatFault(() => gitAlgo(algo)), known: new Map() }, node)
      return { algo, bytes: entry.hash }
    }
    default:
      return method satisfies never
  }
}

async function feed(stores: TreeStores, node: FileNode, hasher: Hasher): Promise<void> {
  const reader = await openFile(stores.blobs, node)
  for await (const bytes of reader.stream()) hasher.update(bytes)
}

interface GitHashing {
  readonly stores: TreeStores
  readonly algo: GitAlgo
  /** Directories done. */
  readonly known: Map<B3Digest, GitEntry>
}

async function gitEntry(hashing: GitHashing, node: Node): Promise<GitEntry> {
  const { stores, algo, known } = hashing
  if (node.kind === "symlink") return { mode: "symlink", hash: hashBlob(algo, node.target) }
  if (node.kind === "file") {
    const hasher = new Hasher(algo).update(blobHead(node.size))
    await feed(stores, node, hasher)
    return { mode: node.executable ? "executable" : "regular", hash: hasher.digest() }
  }
  const done = known.get(node.digest)
  if (done !== undefined) return done
  const entries = new Map<string, GitEntry>()
  for (const [name, child] of await directoryOfNode(stores.directories, node.digest)) entries.set(name, await gitEntry(hashing, child))
  const entry: GitEntry = { mode: "directory", hash: hashTree(algo, entries) }
  known.set(node.digest, entry)
  return entry
}
