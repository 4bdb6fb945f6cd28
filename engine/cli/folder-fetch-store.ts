// A store in a folder as the place where fetched things go. They are unpacked in memory, checked, and written when they are whole.

import { MemoryBlobStore } from "../castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../castore/memory-directory-store.ts"
import type { Node } from "../castore/node.ts"
import { hashNar, renderNar } from "../castore/render-nar.ts"
import type { FetchedAddress, FetchStore, NarSum } from "../fetch/fetch-store.ts"
import { ingestFiles } from "../fetch/path-input.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { NarReader } from "../formats/nar/reader.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { NodeFiles } from "./node-files.ts"
import type { StoreFolder } from "./store-folder.ts"

export class FolderFetchStore implements FetchStore {
  readonly blobs = new MemoryBlobStore()
  readonly directories = new MemoryDirectoryStore()
  readonly #folder: StoreFolder
  readonly #files: NodeFiles

  constructor(folder: StoreFolder, files: NodeFiles) {
    this.#folder = folder
    this.#files = files
  }

  get storeDir(): string {
    return this.#folder.storeDir
  }

  async narHash(path: StorePath): Promise<Hash | null> {
    return this.#folder.has(path) ? this.#folder.info(path).narHash : null
  }

  async sum(node: Node): Promise<NarSum> {
    const { size, sha256 } = await hashNar(this, node)
    return { narSize: size, narHash: { algo: "sha256", bytes: sha256 } }
  }

  async add(name: string, node: Node, sum: NarSum, address: FetchedAddress): Promise<StorePath> {
    const hash = address.method === "flat" ? address.hash : sum.narHash
    const path = makeFixedOutputPath(name, { method: address.method, hash }, undefined, this.storeDir)
    if (this.#folder.has(path)) return path
    const object = this.#folder.begin(path, [])
    const reader = new NarReader(object.handle)
    for await (const chunk of renderNar(this, node)) reader.push(chunk)
    object.finish()
    this.#folder.flush()
    return path
  }

  async node(path: StorePath): Promise<Node> {
    this.#folder.require(path)
    const { node } = await ingestFiles({ store: this, files: this.#files }, this.#folder.real(this.#folder.print(path)))
    return node
  }

  /** With a memory of its own, which goes when the work is done. */
  importing<T>(work: (store: FetchStore) => Promise<T>): Promise<T> {
    return work(new FolderFetchStore(this.#folder, this.#files))
  }
}
