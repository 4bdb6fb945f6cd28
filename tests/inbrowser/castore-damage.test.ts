// Damage: bits flipped and records removed anywhere in the database. What is read afterwards is right, damaged or absent, never
// wrong; and importing the same again makes everything right.
import { expect, test } from "vitest"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { directoryDigest } from "../../engine/castore/directory.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import type { Database } from "../../engine/castore/indexed-db-database.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import type { StoreName } from "../../engine/castore/indexed-db-schema.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { randomBytes, sameBytes, writeBlob } from "../castore/contract.ts"
import { deleteRecord, dropDatabase, freshDatabase, putRecord, recordsOf } from "./castore-database.ts"
import { type Sample, sampleOf } from "./castore-sample.ts"

const stores: readonly StoreName[] = [
  "blob-index",
  "blob-packs",
  "chunk-index",
  "chunk-packs",
  "chunk-list-index",
  "chunk-list-packs",
  "directory-index",
  "directory-packs",
]

// Two rounds may damage the same: the second import has to see what the first could not.
test.each([1, 2, 3])("damage is never read, and importing again repairs it (seed %i)", async (seed) => {
  await initHashes()
  const sample = sampleOf(120, 9000, randomBytes(900_000, seed))
  const database = await freshDatabase()
  await importSample(database, sample)
  expect(await readAll(database, sample)).toEqual({ right: sample.blobs.size + sample.directories.length, damaged: 0, absent: 0 })
  const random = generator(seed)
  const seen = { damaged: 0, absent: 0 }
  for (let round = 0; round < 14; round++) {
    const what: string[] = []
    for (let i = 0; i <= round % 3; i++) what.push(await damage(database, random))
    const { damaged, absent } = await readAll(database, sample)
    seen.damaged += damaged
    seen.absent += absent
    await importSample(database, sample)
    const after = await readAll(database, sample)
    expect(after, `seed ${seed}, round ${round}: ${what.join("; ")}`).toEqual({
      right: sample.blobs.size + sample.directories.length,
      damaged: 0,
      absent: 0,
    })
  }
  expect(seen.damaged).toBeGreaterThan(0)
  expect(seen.absent).toBeGreaterThan(0)
  await dropDatabase(database)
})

test("a store that is open notices damage that comes while it is used, and what another tab repaired", async () => {
  await initHashes()
  const database = await freshDatabase()
  const [here, there] = [new IndexedDbBlobStore(database), new IndexedDbBlobStore(database)]
  const [digest] = await here.putMany([randomBytes(300_000, 1)])
  await writeBlob(there, randomBytes(300_000, 2))
  for (const { key, value } of await recordsOf(database, "blob-packs")) {
    const pack = value as Uint8Array
    pack[pack.length >> 1]! ^= 1
    await putRecord(database, "blob-packs", key, pack)
  }
  await expect(here.getMany([digest!])).rejects.toMatchObject({ code: "damaged" })
  await there.putMany([randomBytes(300_000, 1)])
  expect(sameBytes((await here.getMany([digest!]))[0], randomBytes(300_000, 1))).toBe(true)
  await dropDatabase(database)
})

test("a list of chunks that is damaged is no other blob", async () => {
  await initHashes()
  const database = await freshDatabase()
  const bytes = randomBytes(1_500_000, 3)
  const digest = await writeBlob(new IndexedDbBlobStore(database), bytes)
  const [{ key, value }] = (await recordsOf(database, "chunk-list-packs")) as [{ key: IDBValidKey; value: Uint8Array }]
  // Two chunks change places: each of them is sound.
  const list = value.slice()
  list.set(value.subarray(36, 72), 0)
  list.set(value.subarray(0, 36), 36)
  await putRecord(database, "chunk-list-packs", key, list)
  const store = new IndexedDbBlobStore(database)
  await expect(store.open(digest)).rejects.toMatchObject({ code: "damaged" })
  await writeBlob(store, bytes)
  expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
  await dropDatabase(database)
})

async function importSample(database: Database, { blobs, directories }: Sample): Promise<void> {
  const store = new IndexedDbBlobStore(database)
  const all = [...blobs.values()]
  await store.putMany(all.slice(0, 50))
  await store.putMany(all.slice(50, -1))
  await writeBlob(store, all.at(-1)!)
  await new IndexedDbDirectoryStore(database).putMany(directories)
}

/** Reads everything as after a reload; throws if anything wrong is handed out. */
async function readAll(database: Database, { blobs, directories }: Sample): Promise<{ right: number; damaged: number; absent: number }> {
  const counts = { right: 0, damaged: 0, absent: 0 }
  const store = new IndexedDbBlobStore(database)
  const missing = await store.missing(blobs.keys())
  for (const [digest, bytes] of blobs) {
    const found = await codeOr(async () => {
      const reader = await store.open(digest)
      return reader === null ? null : reader.read(0, reader.size)
    })
    if (found instanceof Uint8Array) expect(sameBytes(found, bytes)).toBe(true)
    // An import may leave out what is not missing: so that must not be absent.
    if (found !== "damaged") expect(missing.has(digest)).toBe(!(found instanceof Uint8Array))
    count(counts, found)
  }
  const tree = new IndexedDbDirectoryStore(database)
  for (const directory of directories) {
    const found = await codeOr(() => tree.get(directoryDigest(directory)))
    if (found !== null && typeof found !== "string") expect([...found]).toEqual([...directory])
    count(counts, found)
  }
  return counts
}

async function codeOr<T>(read: () => Promise<T>): Promise<T | "damaged" | "absent"> {
  try {
    return await read()
  } catch (problem) {
    if (problem instanceof StoreError && (problem.code === "damaged" || problem.code === "absent")) return problem.code
    throw problem
  }
}

function count(counts: { right: number; damaged: number; absent: number }, found: unknown): void {
  if (found === "damaged") counts.damaged++
  else if (found === null || found === "absent") counts.absent++
  else counts.right++
}

/** Damages one record somewhere; says what it did. */
async function damage(database: Database, random: (below: number) => number): Promise<string> {
  for (;;) {
    const store = stores[random(stores.length)]!
    const records = await recordsOf(database, store)
    const record = records[random(Math.max(1, records.length))]
    if (record === undefined) continue
    const { key, value } = record
    if (random(4) === 0) {
      await deleteRecord(database, store, key)
      return `deleted ${store} ${key}`
    }
    if (random(8) === 0) {
      await putRecord(database, store, key, ["nothing of ours"])
      return `made no sense of ${store} ${key}`
    }
    const arrays = [value, ...Object.values(value as object)].filter((part) => ArrayBuffer.isView(part))
    const array = arrays[random(Math.max(1, arrays.length))]
    if (array === undefined || array.byteLength === 0) {
      await putRecord(database, store, key, { generation: random(1000), next: random(20) })
      return `wrote another state into ${store} ${key}`
    }
    const at = random(array.byteLength)
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength)[at]! ^= 1 << random(8)
    await putRecord(database, store, key, value)
    return `flipped a bit of byte ${at} of ${store} ${key}`
  }
}

/** Numbers from 0 to before `below`, the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let round = 0
  return (below) => Number.parseInt((b3(new TextEncoder().encode(`${seed} ${round++}`)) as B3Digest).slice(0, 8), 16) % below
}
