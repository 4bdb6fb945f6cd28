// The stores in the browser's database: the contract, what removal gives back, and two tabs that do everything at once.
import { promisifyRequest } from "idb-keyval"
import { expect, test } from "vitest"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import type { Database } from "../../engine/castore/indexed-db-database.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import type { StoreName } from "../../engine/castore/indexed-db-schema.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { allOf, bytesOf, randomBytes, sameBytes } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"
import { dropDatabase, flipItem, freshDatabase, recordsOf, secondConnection } from "./castore-database.ts"

blobStoreContract("the browser's database", async () => {
  const database = await freshDatabase()
  return {
    store: new IndexedDbBlobStore(database),
    reopen: async () => new IndexedDbBlobStore(await secondConnection(database)),
    repairs: true,
    damage: (digest) => flipItem(database, ["blob", "chunk"], digest),
    close: () => dropDatabase(database),
  }
})

directoryStoreContract("the browser's database", async () => {
  const database = await freshDatabase()
  return {
    store: new IndexedDbDirectoryStore(database),
    reopen: async () => new IndexedDbDirectoryStore(await secondConnection(database)),
    repairs: true,
    damage: (digest) => flipItem(database, ["directory"], digest),
    close: () => dropDatabase(database),
  }
})

test("many small blobs cost few records, also when they come one by one", async () => {
  await initHashes()
  const database = await freshDatabase()
  const store = new IndexedDbBlobStore(database)
  await store.putMany(Array.from({ length: 3000 }, (_, i) => randomBytes(500, i)))
  expect(await countOf(database, "blob-packs")).toBeLessThan(10)
  for (let i = 0; i < 120; i++) await store.putMany([bytesOf(`one by one ${i}`)])
  expect(await countOf(database, "blob-packs")).toBeLessThan(50)
  expect(await countOf(database, "blob-index")).toBe((await countOf(database, "blob-packs")) + 1)
  for (const reader of [store, new IndexedDbBlobStore(database)]) {
    const back = await reader.getMany(Array.from({ length: 120 }, (_, i) => b3(bytesOf(`one by one ${i}`))))
    expect(back.every((bytes, i) => sameBytes(bytes, bytesOf(`one by one ${i}`)))).toBe(true)
    expect((await allOf(reader)).size).toBe(3120)
  }
  await dropDatabase(database)
})

test("removal gives the space back, and what stays is sound", async () => {
  await initHashes()
  const database = await freshDatabase()
  const store = new IndexedDbBlobStore(database)
  const blobs = Array.from({ length: 2000 }, (_, i) => randomBytes(1 + ((i * 37) % 3000), i))
  const digests = await store.putMany(blobs)
  const before = await sizeOf(database, "blob-packs")
  await store.deleteMany(digests.filter((_, i) => i % 4 !== 0))
  expect(await sizeOf(database, "blob-packs")).toBeLessThan(before * 0.3)
  const kept = digests.filter((_, i) => i % 4 === 0)
  for (const reader of [store, new IndexedDbBlobStore(database)]) {
    const back = await reader.getMany(kept)
    expect(back.every((bytes, i) => sameBytes(bytes, blobs[i * 4]!))).toBe(true)
    expect(await allOf(reader)).toEqual(new Set(kept))
  }
  await store.deleteMany(kept)
  expect(await countOf(database, "blob-packs")).toBe(0)
  await dropDatabase(database)
})

test.each([1, 2])("two tabs store, read and remove at once (seed %i)", async (seed) => {
  await initHashes()
  const database = await freshDatabase()
  const other = await secondConnection(database)
  const blobs = Array.from({ length: 60 }, (_, i) => randomBytes(20 + i * 900, seed * 1000 + i))
  const digests = blobs.map((bytes) => b3(bytes))
  const work = async (connection: Database, offset: number): Promise<void> => {
    const store = new IndexedDbBlobStore(connection)
    for (let step = 0; step < 40; step++) {
      const some = blobs.map((_, i) => i).filter((i) => (i * 7 + step * 13 + offset + seed) % 5 === 0)
      const chosen = some.map((i) => digests[i]!)
      if (step % 4 === 3) await store.deleteMany(chosen.slice(0, 5))
      else if (step % 4 === 1) await store.putMany(some.map((i) => blobs[i]!))
      // What is read while the other removes is there or not, and right.
      const read = await store.getMany(chosen)
      for (const [i, bytes] of read.entries()) if (bytes !== null) expect(sameBytes(bytes, blobs[some[i]!]!)).toBe(true)
    }
  }
  await Promise.all([work(database, 0), work(other, 2)])
  // What was stored last is there for everybody.
  await new IndexedDbBlobStore(other).putMany(blobs)
  const back = await new IndexedDbBlobStore(database).getMany(digests)
  expect(back.every((bytes, i) => sameBytes(bytes, blobs[i]!))).toBe(true)
  other.close()
  await dropDatabase(database)
})

test("whoever asks for the same at once reads it once", async () => {
  await initHashes()
  const database = await freshDatabase()
  const blobs = Array.from({ length: 200 }, (_, i) => randomBytes(1000, i))
  const digests: B3Digest[] = await new IndexedDbBlobStore(database).putMany(blobs)
  const store = new IndexedDbBlobStore(database)
  await store.missing([])
  let reads = 0
  const counted = new Proxy(database, {
    get: (target, name) => {
      if (name === "getEach") reads++
      const member = Reflect.get(target, name)
      return typeof member === "function" ? member.bind(target) : member
    },
  })
  const again = new IndexedDbBlobStore(counted)
  await again.missing([])
  reads = 0
  const back = await Promise.all(digests.map(async (digest) => (await again.getMany([digest]))[0]))
  expect(back.every((bytes, i) => sameBytes(bytes, blobs[i]!))).toBe(true)
  expect(reads).toBe(1)
  await dropDatabase(database)
})

async function countOf(database: Database, store: StoreName): Promise<number> {
  return database.use(store)("readonly", (objects) => promisifyRequest(objects.count()))
}

async function sizeOf(database: Database, store: StoreName): Promise<number> {
  return (await recordsOf(database, store)).reduce((sum, { value }) => sum + (value as Uint8Array).length, 0)
}
