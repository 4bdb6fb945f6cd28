// The store of a tab as the place where fetched things go.

import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Store } from "../store/store.ts"
import type { Stores } from "../store/stores.ts"
import type { FetchedAddress, FetchStore, NarSum } from "./fetch-store.ts"

/** Brings an object that is missing into the store, if it can. */
export type Substitute = (path: StorePath) => Promise<StoredPath | null>

export class CastoreFetchStore implements FetchStore {
  readonly #store: Store
  readonly #substitute: Substitute | undefined

  constructor(store: Store, substitute?: Substitute) {
    this.#store = store
    this.#substitute = substitute
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

  async #info(path: StorePath): Promise<StoredPath | null> {
    return (await this.#store.query(path)) ?? (await this.#substitute?.(path)) ?? null
  }

  async narHash(path: StorePath): Promise<Hash | null> {
    return (await this.#info(path))?.narHash ?? null
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
    return (await this.#info(path))?.node ?? (await this.#store.require(path)).node
  }

  importing<T>(work: (store: FetchStore) => Promise<T>): Promise<T> {
    return this.#store.importing((store) => work(new CastoreFetchStore(store, this.#substitute)))
  }
}
