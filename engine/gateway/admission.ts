// What a path info must be before it is taken: its tree is here, its NAR hash and size are those of the tree (computed here, not
// believed), and a content address, if it claims one, gives the path it claims.

import { sameNode } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar, type TreeStores } from "../castore/render-nar.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { isContentAddressed } from "../formats/narinfo/path-info.ts"
import type { StoredPath } from "../store/path-info-store.ts"

/** A tree whose archive's hash is known, because it was just rendered or read. */
export interface HashedTree {
  readonly node: Node
  readonly size: number
  readonly sha256: Uint8Array
}

/** Throws `invalid` unless the info is true as far as it can be told. `known` saves rendering the archive. */
export async function checkAdmission(stores: TreeStores, info: StoredPath, known?: HashedTree): Promise<void> {
  const tree = known !== undefined && sameNode(known.node, info.node) ? known : { node: info.node, ...(await hashTree(stores, info)) }
  const hash = { algo: "sha256", bytes: tree.sha256 } as const
  if (!hashEquals(hash, info.narHash)) {
    throw new StoreError("invalid", `the NAR hash of ${info.path} is ${printHash(hash, "sri")}, not ${printHash(info.narHash, "sri")}`)
  }
  if (tree.size !== info.narSize) throw new StoreError("invalid", `the NAR size of ${info.path} is ${tree.size}, not ${info.narSize}`)
  if (info.ca !== undefined && !isContentAddressed(info)) {
    throw new StoreError("invalid", `the path ${info.path} does not follow from its content address`)
  }
}

async function hashTree(stores: TreeStores, { path, node }: StoredPath): Promise<{ size: number; sha256: Uint8Array }> {
  try {
    return await hashNar(stores, node)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "absent") throw error
    throw new StoreError("invalid", `the tree of ${path} is not complete: ${error.message}`, { cause: error })
  }
}
