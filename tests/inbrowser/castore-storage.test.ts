// The storage of a tab: two tabs at once, versions, locks, denial, and asking to keep it.
import { get, promisifyRequest, set } from "idb-keyval"
import { expect, test } from "vitest"
import { commands } from "vitest/browser"
import { b3 } from "../../engine/castore/digest.ts"
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import { openDatabase } from "../../engine/castore/indexed-db-database.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import { SCHEMA, type SchemaStep } from "../../engine/castore/indexed-db-schema.ts"
import { deleteStorage, openStorage, type Storage } from "../../engine/castore/storage.ts"
import { StorageLock } from "../../engine/castore/storage-lock.ts"
import { askToPersist } from "../../engine/castore/storage-persistence.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytesOf, codeOf, randomBytes, sameBytes, writeBlob } from "../castore/contract.ts"
import { dropDatabase, freshDatabase } from "./castore-database.ts"
import { type Dump, dumpDatabase, restoreDatabase } from "./castore-dump.ts"
import { goldenSample, makeGolden, storeSample } from "./castore-sample.ts"

/** A version that is not there yet. */
const later: SchemaStep = (database, upgrade) => {
  database.createObjectStore("later")
  upgrade.objectStore("settings").put("yes", "migrated")
}

test("two tabs see what the other stores and removes", async () => {
  await initHashes()
  const name = `test-${crypto.randomUUID()}`
  const [one, two] = [await openStorage({ name }), await openStorage({ name })]
  const small = bytesOf("small")
  const large = randomBytes(5_000_000, 1)
  const middle = randomBytes(1_000_000, 2)
  await one.blobs.putMany([small])
  await writeBlob(one.blobs, middle)
  await writeBlob(one.blobs, large, 1 << 20)
  const digests = [small, middle, large].map((bytes) => b3(bytes))
  const found = await two.blobs.getMany(digests)
  expect([small, middle, large].map((bytes, i) => sameBytes(found[i], bytes))).toEqual([true, true, true])

  await two.blobs.deleteMany(digests)
  expect(await one.blobs.missing(digests)).toEqual(new Set(digests))
  // What this tab still knows of does not keep it from storing the same again.
  await two.blobs.putMany([small])
  await two.blobs.deleteMany([digests[0]!])
  await one.blobs.putMany([small])
  expect(sameBytes((await two.blobs.getMany([digests[0]!]))[0], small)).toBe(true)
  await drop(one, two)
})

test("a tab with a newer version gets the database, and the older one says so", async () => {
  const name = `test-${crypto.randomUUID()}`
  const notices: string[] = []
  const old = await openStorage({ name, onNotice: (message) => notices.push(message) })
  await set("key", "value", old.database!.use("settings"))
  const newer = await openDatabase({ name, schema: [...SCHEMA, later] })
  expect(await get("migrated", newer.use("settings"))).toBe("yes")
  expect(await get("key", newer.use("settings"))).toBe("value")
  expect(notices).toEqual([expect.stringContaining("newer version of this page in another tab: reload this tab")])
  expect(await codeOf(get("key", old.database!.use("settings")))).toBe("denied")
  expect(await codeOf(old.blobs.putMany([bytesOf("late")]))).toBe("denied")

  // And a tab of the older version that is opened now has no storage, and says why.
  const late = await openStorage({ name })
  expect(late.isDurable).toBe(false)
  expect(late.notice).toContain("newer version of this page; reload the page")
  await dropDatabase(newer)
})

test("a tab that does not let go of an older version is named while the newer one waits", async () => {
  const name = `test-${crypto.randomUUID()}`
  await (await openStorage({ name })).close()
  const stubborn = await promisifyRequest(indexedDB.open(name))
  const notices: string[] = []
  const waiting = openDatabase({
    name,
    schema: [...SCHEMA, later],
    onBlocked: (message) => {
      notices.push(message)
      stubborn.close()
    },
  })
  await dropDatabase(await waiting)
  expect(notices).toEqual([expect.stringContaining("Another tab uses an older version")])
})

test("a database that is deleted under a tab closes it with a message", async () => {
  const notices: string[] = []
  const storage = await openStorage({ name: `test-${crypto.randomUUID()}`, onNotice: (message) => notices.push(message) })
  await promisifyRequest(indexedDB.deleteDatabase(storage.database!.name))
  expect(notices).toEqual([expect.stringContaining("was deleted in another tab")])
  expect(await codeOf(storage.directories.putMany([new Map()]))).toBe("denied")
})

test("a migration that fails leaves the database as it was", async () => {
  const database = await freshDatabase()
  await set("key", "value", database.use("settings"))
  database.close()
  const broken: SchemaStep = (connection) => {
    connection.deleteObjectStore("settings")
    throw new Error("a fault of ours")
  }
  expect(await codeOf(openDatabase({ name: database.name, schema: [...SCHEMA, broken] }))).toBe("denied")
  const again = await openDatabase({ name: database.name })
  expect(await get("key", again.use("settings"))).toBe("value")
  await dropDatabase(again)
})

test("where the browser denies a database, everything is in memory, with a reason", async () => {
  await initHashes()
  const factory = new Proxy(indexedDB, {
    get: () => () => {
      throw new DOMException("The user denied permission to access the database.", "UnknownError")
    },
  })
  const storage = await openStorage({ factory })
  expect(storage.isDurable).toBe(false)
  expect(storage.database).toBeNull()
  expect(storage.notice).toContain("Nothing is kept when this tab is closed: the browser does not let this page use")
  const [digest] = await storage.blobs.putMany([bytesOf("in memory")])
  expect(sameBytes((await storage.blobs.getMany([digest!]))[0], bytesOf("in memory"))).toBe(true)
})

test.each([
  ["the browser's locks", () => [new StorageLock("test-lock", navigator.locks), new StorageLock("test-lock", navigator.locks)] as const],
  ["a lock of its own", () => Array(2).fill(new StorageLock("own", undefined)) as [StorageLock, StorageLock]],
])("imports go on beside each other and a removal alone, with %s", async (_, make) => {
  const [one, two] = make()
  const events: string[] = []
  const work = (name: string) => async () => {
    events.push(`${name} begins`)
    await new Promise((resolve) => setTimeout(resolve, 5))
    events.push(`${name} ends`)
  }
  await Promise.all([one.shared(work("a")), two.shared(work("b")), two.exclusive(work("removal")), one.shared(work("c"))])
  expect(events).toEqual(["a begins", "b begins", "a ends", "b ends", "removal begins", "removal ends", "c begins", "c ends"])
  await expect(one.exclusive(() => Promise.reject(new Error("ours")))).rejects.toThrow("ours")
  expect(await two.shared(async () => "free again")).toBe("free again")
})

test("what a crashed import left is removed when no tab imports", async () => {
  await initHashes()
  const name = `test-${crypto.randomUUID()}`
  const storage = await openStorage({ name })
  const bytes = randomBytes(12_000_000, 3)
  // As if the worker had died here: chunks in the database, a file nobody names.
  const writer = new IndexedDbBlobStore(storage.database!).write()
  await writer.write(bytes)
  const file = (await openStorage({ name })).blobs.write()
  await file.write(bytes)
  const count = async (): Promise<number> => {
    const keys = await storage.database!.use("chunk-packs")("readonly", (store) => promisifyRequest(store.getAllKeys()))
    return keys.length
  }
  expect(await count()).toBeGreaterThan(10)
  const other = new StorageLock(name, navigator.locks)
  await other.shared(() => storage.tidy())
  expect(await count()).toBeGreaterThan(10)
  await storage.tidy()
  expect(await count()).toBe(0)
  await file.abort()
  await drop(storage)
})

test("a storage that is deleted begins anew", async () => {
  await initHashes()
  const name = `test-${crypto.randomUUID()}`
  const notices: string[] = []
  const storage = await openStorage({ name, onNotice: (message) => notices.push(message) })
  const large = randomBytes(5_000_000, 4)
  const digests = [...(await storage.blobs.putMany([bytesOf("small")])), await writeBlob(storage.blobs, large, 1 << 20)]
  await deleteStorage(name)
  expect(notices).toEqual([expect.stringContaining("was deleted")])
  const again = await openStorage({ name })
  expect(await again.blobs.missing(digests)).toEqual(new Set(digests))
  await again.blobs.putMany([bytesOf("small")])
  await deleteStorage(name)
  await deleteStorage(name)
})

test("the reason to ask for persistence comes with the first import, once", async () => {
  const name = `test-${crypto.randomUUID()}`
  let asked = 0
  const options = { name, onWorthKeeping: () => void asked++ }
  const storage = await openStorage(options)
  expect(asked).toBe(0)
  await storage.importCommitted()
  await storage.importCommitted()
  await (await openStorage(options)).importCommitted()
  expect(asked).toBe(1)
  expect(["granted", "refused"]).toContain(await askToPersist(navigator.storage))
  expect(await askToPersist({})).toBe("unavailable")
  expect((await storage.estimate()).available).toBeGreaterThan(1 << 20)
  await drop(storage)
})

const versions = SCHEMA.map((_, i) => i + 1)
const golden = (version: number): string => `tests/inbrowser/castore-golden/version-${version}.json`

test("there is a golden database of each version", async () => {
  for (const version of versions) {
    const text = await commands.readFile(golden(version)).catch(() => undefined)
    // Like a snapshot: the new one is written, to be looked at and committed; that of an earlier version cannot be made any more.
    if (text === undefined && version === SCHEMA.length) await commands.writeFile(golden(version), `${await makeGolden()}\n`)
    expect(text, `${golden(version)} was not there; it is now, if it is that of the present version`).toBeDefined()
  }
})

test.each(versions)("a database of version %i is read by this version", async (version) => {
  await initHashes()
  const name = `test-${crypto.randomUUID()}`
  await restoreDatabase(name, JSON.parse(await commands.readFile(golden(version))) as Dump)
  const database = await openDatabase({ name })
  const { blobs, directories, root } = goldenSample()
  const store = new IndexedDbBlobStore(database)
  for (const [digest, bytes] of blobs) expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
  const tree = new IndexedDbDirectoryStore(database)
  let count = 0
  for await (const _ of tree.getRecursive(root)) count++
  expect(count).toBe(directories.length)
  // Nothing is stored a second time.
  const before = await dumpDatabase(name)
  await storeSample(store, tree, goldenSample())
  expect(await dumpDatabase(name)).toEqual(before)
  await dropDatabase(database)
})

async function drop(...storages: Storage[]): Promise<void> {
  for (const storage of storages) storage.close()
  await deleteStorage(storages[0]!.database!.name)
}
