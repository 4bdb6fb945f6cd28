// Path infos from a list of stores by priority: what the first has not, the next is asked for. Nothing is copied between them.

import { StoreError } from "../castore/error.ts"
import type { PathInfoStore, StoredPath } from "./path-info-store.ts"

export class PriorityPathInfoStore implements PathInfoStore {
  readonly #first: PathInfoStore
  readonly #stores: readonly PathInfoStore[]

  /**
   * `stores` with the most preferred first. What is written goes to that one, and what is listed or removed is its own: nobody wants to
   * wait for the list of a large server. Throws RangeError if there is none.
   */
  constructor(stores: readonly PathInfoStore[]) {
    const [first] = stores
    if (first === undefined) throw new RangeError("a store by priority needs at least one store")
    this.#first = first
    this.#stores = stores
  }

  async get(hashPart: string): Promise<StoredPath | null> {
    const [info] = await this.getMany([hashPart])
    return info ?? null
  }

  /** Rejects with a store's fault only if no other has what is asked for. */
  async getMany(hashParts: readonly string[]): Promise<(StoredPath | null)[]> {
    const found = new Map<string, StoredPath>()
    let fault: StoreError | undefined
    for (const store of this.#stores) {
      const left = hashParts.filter((part) => !found.has(part))
      if (left.length === 0) break
      try {
        const infos = await store.getMany(left)
        for (const [i, part] of left.entries()) {
          const info = infos[i]
          if (info != null) found.set(part, info)
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        fault ??= error
      }
    }
    if (fault !== undefined && hashParts.some((part) => !found.has(part))) throw fault
    return hashParts.map((part) => found.get(part) ?? null)
  }

  putMany(infos: readonly StoredPath[]): Promise<void> {
    return this.#first.putMany(infos)
  }

  list(): AsyncIterable<readonly StoredPath[]> {
    return this.#first.list()
  }

  deleteMany(hashParts: Iterable<string>): Promise<void> {
    return this.#first.deleteMany(hashParts)
  }
}
