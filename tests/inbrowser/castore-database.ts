// Databases for the tests in the browser: a fresh one for each subject, and hands that reach behind the stores' back.
import { promisifyRequest } from "idb-keyval"
import { type B3Digest, digestBytes } from "../../engine/castore/digest.ts"
import { type Database, openDatabase } from "../../engine/castore/indexed-db-database.ts"
import type { StoreName } from "../../engine/castore/indexed-db-schema.ts"

/** A database nobody else has. */
export function freshDatabase(): Promise<Database> {
  return openDatabase({ name: `test-${crypto.randomUUID()}` })
}

/** Closes a database and removes it. */
export async function dropDatabase(database: Database): Promise<void> {
  database.close()
  await promisifyRequest(indexedDB.deleteDatabase(database.name))
}

/** Another connection to the same database, as another tab has it. */
export function secondConnection(database: Database): Promise<Database> {
  return openDatabase({ name: database.name })
}

/** The records of an object store. */
export async function recordsOf(database: Database, store: StoreName): Promise<{ key: IDBValidKey; value: unknown }[]> {
  return database.transaction([store], "readonly", async (transaction) => {
    const [keys, values] = await Promise.all([
      promisifyRequest(transaction.objectStore(store).getAllKeys()),
      promisifyRequest(transaction.objectStore(store).getAll()),
    ])
    return keys.map((key, i) => ({ key, value: values[i] }))
  })
}

/** Writes a record without asking anybody. */
export async function putRecord(database: Database, store: StoreName, key: IDBValidKey, value: unknown): Promise<void> {
  await database.transaction([store], "readwrite", (transaction) => void transaction.objectStore(store).put(value, key))
}

/** Removes a record without asking anybody. */
export async function deleteRecord(database: Database, store: StoreName, key: IDBValidKey): Promise<void> {
  await database.transaction([store], "readwrite", (transaction) => void transaction.objectStore(store).delete(key))
}

/** Flips a bit in the middle of an item, wherever it is packed. */
export async function flipItem(database: Database, kinds: readonly ("blob" | "chunk" | "directory")[], digest: B3Digest): Promise<void> {
  const wanted = digestBytes(digest)
  for (const kind of kinds) {
    const records = await recordsOf(database, `${kind}-index`)
    for (const { key, value } of records.reverse()) {
      if (typeof key !== "number") continue
      const { digests, starts, sizes } = value as { digests: Uint8Array; starts: Uint32Array; sizes: Uint32Array }
      for (let i = 0; i < starts.length; i++) {
        if (!wanted.every((byte, at) => digests[i * 32 + at] === byte)) continue
        const pack = (await recordsOf(database, `${kind}-packs`)).find((record) => record.key === key)!.value as Uint8Array
        pack[starts[i]! + (sizes[i]! >> 1)]! ^= 4
        return putRecord(database, `${kind}-packs`, key, pack)
      }
    }
  }
  throw new RangeError(`no pack has ${digest}`)
}
