// A store in memory for the tests, and small trees for it.
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { hashNar, renderNar } from "../../engine/castore/render-nar.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { type StorePath, storePathFromParts } from "../../engine/formats/store-path/store-path.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { Store, type StoreOptions } from "../../engine/store/store.ts"
import type { Stores } from "../../engine/store/stores.ts"

/** A new store, with its parts to be looked at. */
export function memoryStore(options: StoreOptions = {}): Store & {
  readonly stores: { readonly blobs: MemoryBlobStore; readonly directories: MemoryDirectoryStore; readonly infos: MemoryPathInfoStore }
} {
  const stores = { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() }
  return new Store(stores, { now: () => 1_700_000_000, ...options }) as ReturnType<typeof memoryStore> // these stores are in it
}

/** The bytes of a text in UTF-8. */
export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** A tree: texts are files, those beginning with "#!" executable ones, those beginning with "-> " symlinks. */
export async function storeTree(stores: Stores, tree: string | Uint8Array | Readonly<Record<string, string | Uint8Array>>): Promise<Node> {
  const ingest = new TreeIngest(stores.blobs, stores.directories)
  const add = async (path: string, content: string | Uint8Array): Promise<void> => {
    if (typeof content === "string" && content.startsWith("-> ")) ingest.symlink(path, content.slice(3))
    else if (typeof content === "string") await ingest.file(path, content.startsWith("#!"), bytesOf(content))
    else await ingest.file(path, false, content)
  }
  if (typeof tree === "string" || tree instanceof Uint8Array) await add("", tree)
  else for (const [path, content] of Object.entries(tree)) await add(path, content)
  return ingest.finish()
}

/** A store path that nobody computed: as outputs of derivations have them. */
export function fakePath(name: string): StorePath {
  const hash = new Uint8Array(20)
  for (let i = 0; i < name.length * 7; i++) hash[i % 20] = (hash[i % 20]! * 31 + name.charCodeAt(i % name.length) + i) & 255
  return storePathFromParts(hash, name)
}

/** Adds an object at a path that does not follow from its content. */
export async function addOutput(
  store: Store,
  name: string,
  tree: Parameters<typeof storeTree>[1],
  references: readonly StorePath[] = [],
): Promise<StorePath> {
  const node = await storeTree(store.stores, tree)
  const { size, sha256 } = await hashNar(store.stores, node)
  const path = fakePath(name)
  await store.addNar(
    { path, narHash: { algo: "sha256", bytes: sha256 }, narSize: size, references: [...references].sort() },
    renderNar(store.stores, node),
  )
  return path
}

/** All chunks of a stream, joined. */
export async function joined(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk.slice())
  return Buffer.concat(all)
}
