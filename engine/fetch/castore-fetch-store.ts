// The store of a tab as the place where fetched things go.

import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashNar } from "../castore/render-nar.ts"
import type { Hash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import type { ContentAddress } from "../formats/store-path/content-address.ts"
import { hashPart, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import type { Stores } from "../store/stores.ts"
import type { FetchedAddress, FetchStore, NarSum } from "./fetch-store.ts"

/** Brings an object that is missing into the store, if it can. */
export type Substitute = (path: StorePath) => Promise<StoredPath | null>

export class CastoreFetchStore implements FetchStore {
  readonly storeDir: string
  readonly #stores: Stores
  readonly #now: () => number
  readonly #substitute: Substitute | undefined

  /** `now` in seconds since 1970. */
  constructor(stores: Stores, storeDir: string, now: () => number, substitute?: Substitute) {
    this.#stores = stores
    this.storeDir = storeDir
    this.#now = now
    this.#substitute = substitute
  }

  get blobs(): Stores["blobs"] {
    return this.#stores.blobs
  }

  get directories(): Stores["directories"] {
    return this.#stores.directories
  }

  async #info(path: StorePath): Promise<StoredPath | null> {
    const info = await this.#stores.infos.get(hashPart(path))
    if (info !== null) return info.path === path ? info : null
    return (await this.#substitute?.(path)) ?? null
  }

  async narHash(path: StorePath): Promise<Hash | null> {
    return (await this.#info(path))?.narHash ?? null
  }

  async sum(node: Node): Promise<NarSum> {
    const { size, sha256 } = await hashNar(this, node)
    return { narSize: size, narHash: { algo: "sha256", bytes: sha256 } }
  }

  async add(name: string, node: Node, sum: NarSum, address: FetchedAddress): Promise<StorePath> {
    const ca: ContentAddress = { method: address.method, hash: address.method === "flat" ? address.hash : sum.narHash }
    const path = makeFixedOutputPath(name, ca, undefined, this.storeDir)
    const info: StoredPath = {
      path,
      node,
      storeDir: this.storeDir,
      deriver: undefined,
      ...sum,
      references: [],
      registrationTime: Math.floor(this.#now()),
      ultimate: false,
      signatures: [],
      ca,
    }
    await this.#stores.infos.putMany([info])
    return path
  }

  async node(path: StorePath): Promise<Node> {
    const info = await this.#info(path)
    if (info === null) throw new StoreError("absent", `path '${printStorePath(path, this.storeDir)}' is not valid`)
    return info.node
  }
}
