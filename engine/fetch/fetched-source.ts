// A tree that was fetched: the hash of its archive is known, and it can be put into the store under any name.

import type { Node } from "../castore/node.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { makeSourcePath } from "../formats/store-path/compute.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { FetchStore } from "./fetch-store.ts"

export interface FetchedSource {
  readonly narHash: Hash
  /** Makes it an object of this name, unless it is one already. */
  place(name: string): Promise<StorePath>
}

/** A tree of the castore. */
export async function sourceOfNode(store: FetchStore, node: Node): Promise<FetchedSource> {
  const sum = await store.sum(node)
  return { narHash: sum.narHash, place: (name) => store.add(name, node, sum, { method: "nar" }) }
}

/** The tree with this hash as an object of this name in the store, or null if there is none (any more). */
export async function sourceInStore(store: FetchStore, narHash: Hash, known: string): Promise<FetchedSource | null> {
  const at = (name: string): StorePath => makeSourcePath(name, narHash, store.storeDir)
  if ((await store.narHash(at(known))) === null) return null
  return {
    narHash,
    async place(name) {
      const path = at(name)
      if ((await store.narHash(path)) !== null) return path
      const node = await store.node(at(known))
      return store.add(name, node, await store.sum(node), { method: "nar" })
    },
  }
}
