// An archive becomes a stored tree, if it is what is claimed of it. C++ Nix: libstore/local-store.cc addToStore

import { ingestNar } from "../castore/archive-nar.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import { hashEquals, printHash } from "../formats/hash/hash.ts"
import { isContentAddressed, sortPaths } from "../formats/narinfo/path-info.ts"
import { sortSignatures } from "../formats/narinfo/signature.ts"
import { printContentAddress } from "../formats/store-path/content-address.ts"
import { hashPart } from "../formats/store-path/store-path.ts"
import { contentHash } from "./content-hash.ts"
import { formatFault } from "./format-fault.ts"
import { checkStoredPath } from "./path-info-check.ts"
import type { StoredPath } from "./path-info-store.ts"
import type { NarClaim, NarOptions, Store } from "./store.ts"

/** For checking the rest of a claim before the tree is known. */
const placeholder: Node = { kind: "symlink", target: "." }

/** Stores the tree of an archive and gives what is to be registered. See Store.addNar. */
export async function importNar(
  store: Store,
  claim: NarClaim,
  chunks: AsyncIterable<Uint8Array>,
  options: NarOptions,
): Promise<StoredPath> {
  const info = claimed(store, claim)
  const { node } = await ingestNar(atMost(chunks, claim.narSize), store.stores, {
    ...options,
    expected: { narSize: claim.narSize, narSha256: claim.narHash.bytes },
  })
  const imported = { ...info, node }
  await checkContent(store, imported, options.signal)
  return imported
}

/** What is to be registered of a tree that is stored already; null unless all of it is there and its archive is what is claimed. */
export async function adoptTree(store: Store, claim: NarClaim, node: Node, { signal }: NarOptions): Promise<StoredPath | null> {
  const info = { ...claimed(store, claim), node }
  try {
    const { blobs, directories } = store.stores
    // Mostly nothing is there: that is found out without reading.
    if (node.kind === "directory" && (await directories.get(node.digest)) === null) return null
    if (node.kind === "file" && (await blobs.missing([node.digest])).size > 0) return null
    const { size, sha256 } = await hashNar(store.stores, node, { signal })
    if (size !== info.narSize || sha256.some((byte, i) => byte !== info.narHash.bytes[i])) return null
    await checkContent(store, info, signal)
    return info
  } catch (error) {
    if (error instanceof StoreError && (error.code === "absent" || error.code === "damaged")) return null
    throw error
  }
}

/** What is to be registered, but for the tree. Throws `invalid` if the claim breaks a rule. */
function claimed(store: Store, claim: NarClaim): StoredPath {
  const info: StoredPath = {
    path: claim.path,
    storeDir: store.storeDir,
    node: placeholder,
    narHash: claim.narHash,
    narSize: claim.narSize,
    references: sortPaths(claim.references),
    deriver: claim.deriver,
    signatures: sortSignatures(claim.signatures ?? []),
    ca: claim.ca,
    registrationTime: store.now,
    ultimate: false,
  }
  checkStoredPath(info)
  if (!formatFault(() => isAddressed(info)))
    throw new StoreError(
      "invalid",
      `the path '${store.print(info.path)}' is not that of its content address '${printContentAddress(info.ca!)}'`,
    )
  return info
}

function isAddressed(info: StoredPath): boolean {
  return info.ca === undefined || isContentAddressed(info)
}

/** Throws `damaged` unless the tree has the hash of its content address, if it has one; its NAR hash must have been checked. */
export async function checkContent(
  store: Store,
  { path, node, ca, narHash, references }: StoredPath,
  signal?: AbortSignal | undefined,
): Promise<void> {
  if (ca === undefined) return
  const self = references.includes(path) ? hashPart(path) : undefined
  const isNarHash = ca.method === "nar" && ca.hash.algo === "sha256" && self === undefined
  const hash = isNarHash ? narHash : await contentHash(store.stores, node, ca.method, ca.hash.algo, { signal, self })
  if (hashEquals(hash, ca.hash)) return
  throw new StoreError(
    "damaged",
    `ca hash mismatch importing path '${store.print(path)}';\n  specified: ${printHash(ca.hash, "sri")}\n  got:       ${printHash(hash, "sri")}`,
  )
}

/** The chunks, or a fault as soon as there are more bytes than `size`: whoever claims little cannot send much. */
async function* atMost(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let count = 0
  for await (const chunk of chunks) {
    count += chunk.length
    if (count > size) throw new StoreError("damaged", `the archive has more than ${size} bytes, which was said to be its size`)
    yield chunk
  }
}
