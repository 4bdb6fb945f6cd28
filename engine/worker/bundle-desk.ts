// The worker's side of the calls about bundles. Loaded at the first of them.
//
// The tree of a bundle has the files of the workspace at their paths; settings that are not as usual are a file `.thunkpad` beside them.

import { Endpoint } from "../build/endpoint.ts"
import { type EndpointSettings, endpointTransport } from "../build/endpoint-transport.ts"
import { transferTrees } from "../build/tree-transfer.ts"
import { readBundle, writeBundle } from "../castore/bundle.ts"
import { digestFromHex } from "../castore/digest.ts"
import { directorySize } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { ingestFiles, type ListedFile } from "../castore/file-list.ts"
import { MemoryBlobStore } from "../castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../castore/memory-directory-store.ts"
import type { DirectoryNode } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { directoryOfNode, walkContents } from "../castore/walk.ts"
import type { BundleAddress, BundleApi, BundledFiles, BundleFile, BundleProgress } from "./bundle-protocol.ts"
import { seldom } from "./import-files.ts"
import type { StoreAnswer } from "./protocol.ts"
import { fromBytes, toBytes } from "./text.ts"

/** Where settings are. */
const SETTINGS = ".thunkpad"
/** Bytes of all files, and how many there may be: more belongs into the store, not into a workspace. */
const MOST = 32 * 2 ** 20
const ENTRIES = 5000

export class BundleDesk implements BundleApi {
  readonly #fetching = new Map<number, AbortController>()

  writeBundle(content: BundledFiles): Promise<StoreAnswer<BundleFile>> {
    return answer(async () => {
      const stores = inMemory()
      const root = await ingest(content, stores)
      return { root: root.digest, bytes: await writeBundle(stores, root) }
    })
  }

  readBundle(bytes: Uint8Array): Promise<StoreAnswer<BundledFiles & { readonly root: string }>> {
    return answer(async () => {
      const stores = inMemory()
      // Directories are part of what is unpacked.
      const root = await readBundle(bytes, stores, { bytes: 2 * MOST, entries: ENTRIES })
      return { root: root.digest, ...(await textsOf(stores, root)) }
    })
  }

  uploadBundle(content: BundledFiles, endpoint: EndpointSettings): Promise<StoreAnswer<string>> {
    return answer(async () => {
      const stores = inMemory()
      const root = await ingest(content, stores)
      await transferTrees(stores, endpointOf(endpoint).stores, [root])
      return root.digest
    })
  }

  async fetchBundle(
    id: number,
    { root, endpoint }: BundleAddress,
    progress: (done: BundleProgress) => void = () => {},
  ): Promise<StoreAnswer<BundledFiles>> {
    const { signal } = this.#begin(id)
    // At once, whatever a connection does that is tried again and again.
    const isOver = new Promise<typeof cancelled>((resolve) => {
      signal.addEventListener("abort", () => resolve(cancelled), { once: true })
    })
    const fetched = answer(async () => {
      if (!/^[0-9a-f]{64}$/.test(root)) throw new StoreError("invalid", `'${root.slice(0, 100)}' is no digest of a bundle`)
      const { stores } = endpointOf(endpoint, signal)
      const digest = digestFromHex(root)
      // How large it is, only the directory itself says.
      const directory = await directoryOfNode(stores.directories, digest)
      return textsOf(stores, { kind: "directory", digest, size: directorySize(directory) }, { signal, progress: seldom(progress) })
    })
    fetched.catch(() => {})
    try {
      return await Promise.race([fetched, isOver])
    } finally {
      this.#fetching.delete(id)
    }
  }

  async cancelFetch(id: number): Promise<void> {
    this.#fetching.get(id)?.abort()
  }

  #begin(id: number): AbortController {
    const controller = new AbortController()
    this.#fetching.set(id, controller)
    return controller
  }
}

const cancelled = { problem: { code: "cancelled", message: "it was cancelled" } } as const

/** `signal` ends every request to it. */
function endpointOf(settings: EndpointSettings, signal?: AbortSignal): Endpoint {
  return new Endpoint(
    endpointTransport(settings, (input, init) => {
      const signals = [signal, init?.signal].filter((one) => one instanceof AbortSignal)
      return fetch(input, { ...init, ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }) })
    }),
  )
}

interface Reading {
  readonly signal?: AbortSignal
  readonly progress?: (done: BundleProgress) => void
}

function inMemory(): TreeStores {
  return { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore() }
}

async function ingest({ files, settings }: BundledFiles, stores: TreeStores): Promise<DirectoryNode> {
  if (Object.hasOwn(files, SETTINGS)) throw new StoreError("invalid", `a file of the name '${SETTINGS}' cannot be part of a bundle`)
  const told = new URLSearchParams(Object.entries(settings)).toString()
  const texts = Object.entries(told === "" ? files : { ...files, [SETTINGS]: `${told}\n` })
  const listed = texts.map(([path, text]): ListedFile => ({ kind: "file", path: toBytes(path), contents: new TextEncoder().encode(text) }))
  const root = await ingestFiles(listed, stores, { limits: { bytes: MOST, entries: ENTRIES } })
  if (root.kind !== "directory") throw new StoreError("invalid", "a workspace without files cannot be a bundle")
  return root
}

/** The texts of a tree. Throws `invalid` for what a workspace cannot hold, `absent`, `damaged`. */
async function textsOf(stores: TreeStores, root: DirectoryNode, { signal, progress }: Reading = {}): Promise<BundledFiles> {
  if (root.size > ENTRIES) throw new StoreError("invalid", `that has ${root.size} files and folders, too many for a workspace`)
  const files: Record<string, string> = {}
  let settings: Record<string, string> = {}
  let size = 0
  let entries = 0
  let seen = 0
  let bytes = 0
  const wants = ({ node, path }: { readonly node: { readonly kind: string; readonly size?: number }; readonly path: string }): boolean => {
    if (node.kind === "symlink") throw new StoreError("invalid", `'${path}' is a symlink, which a workspace cannot hold`)
    // What an endpoint says of a directory's size may be wrong.
    if (++entries > ENTRIES + 1)
      throw new StoreError("invalid", `that has more than ${ENTRIES} files and folders, too many for a workspace`)
    if (node.kind === "file") size += node.size ?? 0
    // Before it is fetched: a directory tells how large its files are.
    if (size > MOST) throw new StoreError("invalid", `that has more than ${MOST} bytes, too much for a workspace`)
    return true
  }
  for await (const { path, node, contents } of walkContents(stores.blobs, stores.directories, root, {
    wants,
    ...(signal === undefined ? {} : { signal }),
  })) {
    // The root itself is no entry of its own count.
    progress?.({ entries: Math.min(seen++, root.size), total: root.size, bytes })
    if (node.kind !== "file" || contents === undefined) continue
    const read = contents instanceof Uint8Array ? contents : await contents.read(0, contents.size)
    bytes += read.length
    const name = fromBytes(path)
    const text = textOf(read)
    if (text === null) throw new StoreError("invalid", `the file '${name}' is no text`)
    if (name === SETTINGS) settings = Object.fromEntries(new URLSearchParams(text.trimEnd()))
    else files[name] = text
  }
  return { files, settings }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** Runs a call; its faults become data. */
async function answer<T>(work: () => Promise<T>): Promise<StoreAnswer<T>> {
  try {
    return { value: await work() }
  } catch (e) {
    if (e instanceof StoreError) return { problem: { code: e.code, message: fromBytes(e.message) } }
    throw e
  }
}
