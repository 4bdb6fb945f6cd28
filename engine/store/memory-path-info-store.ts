// Path infos in memory: for sessions without storage, and for tests.

import { hashPart } from "../formats/store-path/store-path.ts"
import { checkStoredPath } from "./path-info-check.ts"
import type { ListingInfos, PathInfoStore, StoredPath } from "./path-info-store.ts"

/** Infos listed in one batch. */
const BATCH = 1000

export class MemoryPathInfoStore implements PathInfoStore, ListingInfos {
  readonly #stored: Map<string, StoredPath>

  /** The caller may give (and keep) the map of infos by hash part. */
  constructor(stored = new Map<string, StoredPath>()) {
    this.#stored = stored
  }

  async get(key: string): Promise<StoredPath | null> {
    return this.#stored.get(key) ?? null
  }

  async getMany(keys: readonly string[]): Promise<(StoredPath | null)[]> {
    return keys.map((key) => this.#stored.get(key) ?? null)
  }

  async putMany(infos: readonly StoredPath[]): Promise<void> {
    for (const info of infos) checkStoredPath(info)
    for (const info of infos) this.#stored.set(hashPart(info.path), info)
  }

  async *list(): AsyncGenerator<readonly StoredPath[]> {
    const all = [...this.#stored.values()]
    for (let from = 0; from < all.length; from += BATCH) yield all.slice(from, from + BATCH)
  }

  async *hashParts(): AsyncGenerator<readonly string[]> {
    if (this.#stored.size > 0) yield [...this.#stored.keys()]
  }

  async deleteMany(keys: Iterable<string>): Promise<void> {
    for (const key of keys) this.#stored.delete(key)
  }
}
