// Checks what the store has: everything that is read is compared with its digest, archives with their hashes, and all that is referred
// to has to be there. What is damaged or absent can be had again from a binary cache or by importing it again, or be given up.
// C++ Nix: libstore/local-store.cc verifyStore

import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { walkTree } from "../castore/walk.ts"
import { printHash } from "../formats/hash/hash.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { checkContent } from "./nar-import.ts"
import type { ListingInfos, StoredPath } from "./path-info-store.ts"
import type { Store } from "./store.ts"

/** What is wrong with an object. */
export interface Fault {
  /** The hash part: of an object whose info is damaged, no more is known. */
  readonly hashPart: string
  /** What is known of it, if that can be read. */
  readonly info: StoredPath | null
  readonly code: "damaged" | "absent"
  /** For people: the path, and what was found. */
  readonly message: string
  /** What it refers to and is not in the store. */
  readonly missing: readonly StorePath[]
}

export interface VerifyOptions {
  /** Only these; all by default. */
  readonly paths?: Iterable<StorePath> | undefined
  /** Whether contents are read. If not, it is only found out what is absent. True by default. */
  readonly contents?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((done: number) => void) | undefined
}

/** Blobs asked for at once. */
const BATCH = 1000

/** The faults of the store, as they are found. Throws `cancelled`, and what is no fault of single objects (`denied`, `unreachable`). */
export async function* verifyStore(store: Store, options: VerifyOptions = {}): AsyncGenerator<Fault> {
  let done = 0
  for await (const parts of hashParts(store, options.paths)) {
    for (const part of parts) {
      throwIfCancelled(options.signal)
      const fault = await faultOf(store, part, options)
      if (fault !== null) yield fault
      options.progress?.(++done)
    }
  }
}

async function* hashParts(store: Store, paths: Iterable<StorePath> | undefined): AsyncGenerator<readonly string[]> {
  const { infos } = store.stores
  if (paths !== undefined) yield [...paths].map(hashPart)
  else if ("hashParts" in infos) yield* (infos as typeof infos & ListingInfos).hashParts()
  else for await (const batch of infos.list()) yield batch.map(({ path }) => hashPart(path))
}

async function faultOf(store: Store, part: string, { contents = true, signal }: VerifyOptions): Promise<Fault | null> {
  let info: StoredPath | null = null
  try {
    info = await store.stores.infos.get(part)
    if (info === null)
      return { hashPart: part, info, code: "absent", message: `the store path ${store.storeDir}/${part}-… is not valid`, missing: [] }
    if (contents) await checkTree(store, info, signal)
    else await checkPresence(store, info.node, signal)
    const found = await store.queryMany(info.references).catch((error: unknown) => {
      // A damaged reference is its own fault, and is reported there.
      if (error instanceof StoreError && error.code === "damaged") return null
      throw error
    })
    const missing = found === null ? [] : info.references.filter((_, i) => found[i] === null)
    if (missing[0] === undefined) return null
    const message = `'${store.print(info.path)}' refers to '${store.print(missing[0])}', which is not in the store`
    return { hashPart: part, info, code: "absent", message, missing }
  } catch (error) {
    if (!(error instanceof StoreError && (error.code === "damaged" || error.code === "absent"))) throw error
    const message = info === null ? error.message : `'${store.print(info.path)}': ${error.message}`
    return { hashPart: part, info, code: error.code, message, missing: [] }
  }
}

async function checkTree(store: Store, info: StoredPath, signal: AbortSignal | undefined): Promise<void> {
  const { size, sha256 } = await hashNar(store.stores, info.node, { signal })
  if (size !== info.narSize || sha256.some((byte, i) => byte !== info.narHash.bytes[i])) {
    const [expected, got] = [info.narHash, { algo: "sha256", bytes: sha256 } as const].map((hash) => printHash(hash, "nix32"))
    throw new StoreError("damaged", `path '${store.print(info.path)}' was modified! expected hash '${expected}', got '${got}'`)
  }
  await checkContent(store, info, signal)
}

async function checkPresence(store: Store, root: Node, signal: AbortSignal | undefined): Promise<void> {
  const { blobs, directories } = store.stores
  let files = new Map<Extract<Node, { kind: "file" }>["digest"], string>()
  const check = async (): Promise<void> => {
    const [missing] = await blobs.missing(files.keys())
    if (missing !== undefined) throw new StoreError("absent", `the blob ${missing} of the file '${files.get(missing)}' is absent`)
    files = new Map()
  }
  for await (const { path, node } of walkTree(directories, root, { signal })) {
    if (node.kind === "file") files.set(node.digest, path)
    if (files.size >= BATCH) await check()
  }
  await check()
}
