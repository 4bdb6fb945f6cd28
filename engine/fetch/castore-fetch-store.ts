// The store of a tab as the place where fetched things go.

import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"
import type { Stores } from "../store/stores.ts"
import type { FetchedAddress, FetchStore, NarSum } from "./fetch-store.ts"

export class CastoreFetchStore implements FetchStore {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  get storeDir(): string {
    return this.#store.storeDir
  }

  get blobs(): Stores["blobs"] {
    return this.#store.stores.blobs
  }

  get directories(): Stores["directories"] {
    return this.#store.stores.directories
  }

  async narHash(path: StorePath): Promise<Hash | null> {
    return (await this.#store.query(path))?.narHash ?? null
  }

  async sum(node: Node): Promise<NarSum> {
    const { size, sha256 } = await hashNar(this, node)
    return { narSize: size, narHash: { algo: "sha256", bytes: sha256 } }
  }

  async add(name: string, node: Node, sum: NarSum, address: FetchedAddress): Promise<StorePath> {
    const { storeDir, now } = this.#store
    const ca: ContentAddress = { method: address.method, hash: address.method === "flat" ? address.hash : sum.narHash }
    const path = makeFixedOutputPath(name, ca, undefined, storeDir)
    const known = { deriver: undefined, references: [], registrationTime: now, ultimate: false, signatures: [] }
    await this.#store.register([{ path, node, storeDir, ca, ...sum, ...known }])
    return path
  }

  async node(path: StorePath): Promise<Node> {
    return (await this.#store.require(path)).node
  }

  importing<T>(work: (store: FetchStore) => Promise<T>): Promise<T> {
    return this.#store.importing((store) => work(new CastoreFetchStore(store)))
  }
}
