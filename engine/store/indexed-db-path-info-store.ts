// Path infos in the browser's database: one record each, by hash part, with a checksum (path-info-record.ts). Every method that
// takes several is one transaction; what is put while another transaction is under way goes together into the next, because each
// waits for the disk and a closure is registered object by object.

import { promisifyRequest } from "idb-keyval"
import type { Database } from "../castore/indexed-db-database.ts"
import { hashPart } from "../formats/store-path/store-path.ts"
import { checkStoredPath } from "./path-info-check.ts"
import { pathInfoFromRecord, pathInfoToRecord } from "./path-info-record.ts"
import type { ListingInfos, PathInfoStore, StoredPath } from "./path-info-store.ts"

const STORE = "path-infos"
/** Records listed in one batch. */
const BATCH = 1000

/** Key and value. */
type Record = readonly [part: string, bytes: Uint8Array]

/** What is to be written in one transaction, and whom to tell. */
interface Waiting {
  readonly records: readonly Record[]
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class IndexedDbPathInfoStore implements PathInfoStore, ListingInfos {
  readonly #database: Database
  readonly #waiting: Waiting[] = []
  #isWriting = false

  constructor(database: Database) {
    this.#database = database
  }

  async get(part: string): Promise<StoredPath | null> {
    return (await this.getMany([part]))[0] ?? null
  }

  async getMany(parts: readonly string[]): Promise<(StoredPath | null)[]> {
    if (parts.length === 0) return []
    const values = await this.#database.transaction([STORE], "readonly", (transaction) => {
      const store = transaction.objectStore(STORE)
      return Promise.all(parts.map((part) => promisifyRequest<unknown>(store.get(part))))
    })
    return parts.map((part, i) => (values[i] === undefined ? null : pathInfoFromRecord(part, values[i])))
  }

  async putMany(infos: readonly StoredPath[]): Promise<void> {
    for (const info of infos) checkStoredPath(info)
    if (infos.length === 0) return
    const records = infos.map((info) => [hashPart(info.path), pathInfoToRecord(info)] as const)
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ records, resolve, reject })
      if (!this.#isWriting) void this.#writeWaiting()
    })
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting.splice(0)
      try {
        await this.#write(group.flatMap(({ records }) => records))
        for (const { resolve } of group) resolve()
      } catch (error) {
        // What one of them could not do is no fault of the others.
        if (group.length === 1) group[0]!.reject(error)
        else for (const { records, resolve, reject } of group) await this.#write(records).then(resolve, reject)
      }
    }
    this.#isWriting = false
  }

  async #write(records: readonly Record[]): Promise<void> {
    const write = (transaction: IDBTransaction): void => {
      const store = transaction.objectStore(STORE)
      for (const [part, record] of records) store.put(record, part)
    }
    await this.#database.transaction([STORE], "readwrite", write, "strict")
  }

  async *list(): AsyncGenerator<readonly StoredPath[]> {
    for await (const parts of this.hashParts()) {
      const infos = await this.getMany(parts)
      // What was removed in the meantime is not there any more.
      yield infos.filter((info) => info !== null)
    }
  }

  async *hashParts(): AsyncGenerator<readonly string[]> {
    for (let after: string | undefined; ; ) {
      const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true)
      const keys = await this.#database.transaction([STORE], "readonly", (transaction) =>
        promisifyRequest(transaction.objectStore(STORE).getAllKeys(range, BATCH)),
      )
      // Only strings are written as keys.
      if (keys.length > 0) yield keys as string[]
      if (keys.length < BATCH) return
      after = keys.at(-1) as string // likewise
    }
  }

  async deleteMany(parts: Iterable<string>): Promise<void> {
    const doomed = [...parts]
    if (doomed.length === 0) return
    const remove = (transaction: IDBTransaction): void => {
      const store = transaction.objectStore(STORE)
      for (const part of doomed) store.delete(part)
    }
    await this.#database.transaction([STORE], "readwrite", remove, "strict")
  }
}
