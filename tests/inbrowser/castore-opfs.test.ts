// The store in the private file system, from the page and from a worker, and the one that divides by size: the contract.
import { get } from "idb-keyval"
import { expect, test } from "vitest"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { chunksFromList, IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import type { Database } from "../../engine/castore/indexed-db-database.ts"
import { OpfsBlobStore } from "../../engine/castore/opfs-blob-store.ts"
import { openPrivateFolder, privateFileNames } from "../../engine/castore/opfs-file.ts"
import { SizedBlobStore } from "../../engine/castore/storage-blob-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { codeOf, collect, randomBytes, sameBytes, writeBlob } from "../castore/contract.ts"
import { dropDatabase, flipItem, freshDatabase, recordsOf, secondConnection } from "./castore-database.ts"
import { startStore } from "./castore-worker.ts"

blobStoreContract("the private file system, from the page", async () => {
  const { database, folder, close } = await freshFolder()
  return {
    store: new OpfsBlobStore(database, folder),
    reopen: async () => new OpfsBlobStore(await secondConnection(database), folder),
    repairs: true,
    many: 150,
    damage: (digest) => flipFile(database, folder, digest),
    close,
  }
})

blobStoreContract("the private file system, from a worker", async () => {
  const { database, folder, close } = await freshFolder()
  const { store, stop } = await startStore(database.name)
  return {
    store,
    reopen: async () => new OpfsBlobStore(await secondConnection(database), folder),
    repairs: true,
    many: 150,
    damage: (digest) => flipFile(database, folder, digest),
    close: async () => {
      stop()
      await close()
    },
  }
})

blobStoreContract("database and private file system together", async () => {
  const { database, folder, close } = await freshFolder()
  // So that the contract's blobs are on both sides.
  const open = (connection: Database) =>
    new SizedBlobStore(new IndexedDbBlobStore(connection), new OpfsBlobStore(connection, folder), 1_000_000)
  return {
    store: open(database),
    reopen: async () => open(await secondConnection(database)),
    repairs: true,
    damage: (digest) => flipItem(database, ["blob", "chunk"], digest).catch(() => flipFile(database, folder, digest)),
    close,
  }
})

test("blobs of more than 4 MiB are files, smaller ones are not", async () => {
  await initHashes()
  const { database, folder, close } = await freshFolder()
  const store = new SizedBlobStore(new IndexedDbBlobStore(database), new OpfsBlobStore(database, folder))
  const [small, large, whole] = [randomBytes(4_000_000, 1), randomBytes(6_000_000, 2), randomBytes(5_000_000, 3)]
  await writeBlob(store, small, 1 << 20)
  expect((await privateFileNames(folder)).size).toBe(0)
  const digest = await writeBlob(store, large, 1 << 20)
  await store.putMany([small, whole])
  expect((await privateFileNames(folder)).size).toBe(2)
  expect(sameBytes(await collect((await store.open(digest))!.stream()), large)).toBe(true)
  expect((await store.getMany([b3(whole), b3(small)])).map((bytes) => bytes?.length)).toEqual([whole.length, small.length])
  await close()
})

test("a range of a damaged file is refused where the damage is, and the rest is read", async () => {
  await initHashes()
  const { database, folder, close } = await freshFolder()
  const store = new OpfsBlobStore(database, folder)
  const bytes = randomBytes(3_000_000, 4)
  const digest = await writeBlob(store, bytes)
  const chunks = (await store.chunks(digest))!
  await flipFile(database, folder, chunks.at(-1)!.digest)
  const reader = (await store.open(digest))!
  expect(sameBytes(await reader.read(0, 1_000_000), bytes.subarray(0, 1_000_000))).toBe(true)
  expect(await codeOf(reader.read(2_999_999, 3_000_000))).toBe("damaged")
  // Writing it again repairs it.
  await writeBlob(store, bytes)
  expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
  expect((await privateFileNames(folder)).size).toBe(1)
  await close()
})

test("a file that was cut short or removed is damaged or absent", async () => {
  await initHashes()
  const { database, folder, close } = await freshFolder()
  const store = new OpfsBlobStore(database, folder)
  const bytes = randomBytes(2_000_000, 5)
  const digest = await writeBlob(store, bytes)
  const { file } = (await get(digest, database.use("private-files"))) as { file: string }
  const writable = await (await folder.getFileHandle(file)).createWritable({ keepExistingData: true })
  await writable.truncate(1_999_000)
  await writable.close()
  expect(await codeOf(store.getMany([digest]))).toBe("damaged")
  await folder.removeEntry(file)
  expect(await store.getMany([digest])).toEqual([null])
  expect(await store.missing([digest])).toEqual(new Set([digest]))
  await writeBlob(store, bytes)
  expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
  await close()
})

test("files that nobody names go with the next removal, those of writers stay", async () => {
  await initHashes()
  const { database, folder, close } = await freshFolder()
  const left = await folder.getFileHandle("left.blob", { create: true })
  expect(left.name).toBe("left.blob")
  const store = new OpfsBlobStore(database, folder)
  const bytes = randomBytes(2_000_000, 6)
  const writer = store.write()
  await writer.write(bytes)
  await store.deleteMany([])
  expect(await privateFileNames(folder)).not.toContain("left.blob")
  const digest = await writer.close()
  expect(sameBytes((await store.getMany([digest]))[0], bytes)).toBe(true)
  await close()
})

async function freshFolder(): Promise<{ database: Database; folder: FileSystemDirectoryHandle; close(): Promise<void> }> {
  const database = await freshDatabase()
  const folder = await openPrivateFolder(database.name)
  const close = async (): Promise<void> => {
    await dropDatabase(database)
    const root = await navigator.storage.getDirectory()
    await root.removeEntry(database.name, { recursive: true })
  }
  return { database, folder, close }
}

/** Flips a bit in the middle of a blob or chunk. */
async function flipFile(database: Database, folder: FileSystemDirectoryHandle, digest: B3Digest): Promise<void> {
  for (const { key, value } of await recordsOf(database, "private-files")) {
    const { file, list } = value as { file: string; list: Uint8Array }
    const chunks = chunksFromList(key as B3Digest, list)!
    const handle = await folder.getFileHandle(file)
    let start = 0
    const places = [{ digest: key, start: 0, size: (await handle.getFile()).size }]
    for (const chunk of chunks) {
      places.push({ digest: chunk.digest, start, size: chunk.size })
      start += chunk.size
    }
    const place = places.find((candidate) => candidate.digest === digest)
    if (place === undefined) continue
    const at = place.start + (place.size >> 1)
    const byte = new Uint8Array(await (await handle.getFile()).slice(at, at + 1).arrayBuffer())
    const writable = await handle.createWritable({ keepExistingData: true })
    await writable.write({ type: "write", position: at, data: byte.map((old) => old ^ 4) })
    return writable.close()
  }
  throw new RangeError(`no file has ${digest}`)
}
