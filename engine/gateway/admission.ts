// What a path info must be before it is taken: its tree is here, its NAR hash and size are those of the tree (computed here, not
// believed), and a content address, if it claims one, gives the path it claims.

import { sameNode } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar, type TreeStores } from "../castore/render-nar.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { isContentAddressed } from "../formats/narinfo/path-info.ts"
import { hashPart, printStorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { scanTree } from "../store/scan.ts"
import type { Stores } from "../store/stores.ts"

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

/**
 * Throws `invalid` unless all that the info refers to is here (so that whatever is here has its closure here) and, where the path does
 * not follow from the content and its references, is really mentioned in the tree. What is mentioned and not declared is no fault:
 * Nix lets builds discard references.
 */
export async function checkReferences(stores: Stores, info: StoredPath): Promise<void> {
  const others = info.references.filter((path) => path !== info.path)
  const found = await stores.infos.getMany(others.map(hashPart))
  const absent = others.find((_, i) => found[i] === null)
  if (absent !== undefined)
    throw new StoreError(
      "invalid",
      `cannot add '${printStorePath(info.path)}' to the binary cache because the reference '${printStorePath(absent)}' is not valid`,
    )
  if (info.ca !== undefined || info.references.length === 0) return
  const mentioned = new Set(await scanTree(stores, info.node, info.references))
  const extra = info.references.find((path) => !mentioned.has(path))
  if (extra !== undefined)
    throw new StoreError("invalid", `the archive of ${info.path} does not mention ${extra}, to which it is said to refer`)
}

async function hashTree(stores: TreeStores, { path, node }: StoredPath): Promise<{ size: number; sha256: Uint8Array }> {
  try {
    return await hashNar(stores, node)
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "absent") throw error
    throw new StoreError("invalid", `the tree of ${path} is not complete: ${error.message}`, { cause: error })
  }
}
