// The store in the browser's database, damaged at random: what is read is right or an error, verification finds what is wrong, repair
// from a binary cache mends it; garbage collection after reloads.
import { expect, test } from "vitest"
import { StoreError } from "../../engine/castore/error.ts"
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import type { Database } from "../../engine/castore/indexed-db-database.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import type { StoreName } from "../../engine/castore/indexed-db-schema.ts"
import { hashNar, renderNar } from "../../engine/castore/render-nar.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, type StorePath, storePathFromParts } from "../../engine/formats/store-path/store-path.ts"
import { BinaryCache } from "../../engine/store/binary-cache.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { collectGarbage } from "../../engine/store/garbage.ts"
import { IndexedDbPathInfoStore } from "../../engine/store/indexed-db-path-info-store.ts"
import { repair } from "../../engine/store/repair.ts"
import { IndexedDbRoots } from "../../engine/store/roots.ts"
import { Store } from "../../engine/store/store.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { type Fault, verifyStore } from "../../engine/store/verify.ts"
import { bytesOf, collect, randomBytes, sameBytes } from "../castore/contract.ts"
import { deleteRecord, dropDatabase, freshDatabase, putRecord, recordsOf, secondConnection } from "./castore-database.ts"

const secret = secretKeyFromSeed("browser-1", new Uint8Array(32).fill(6))

function storeOn(database: Database): Store {
  const stores = {
    blobs: new IndexedDbBlobStore(database),
    directories: new IndexedDbDirectoryStore(database),
    infos: new IndexedDbPathInfoStore(database),
  }
  return new Store(stores, { now: () => 1000 })
}

function pathOf(n: number): StorePath {
  return storePathFromParts(randomBytes(20, n), `p${n}`)
}

/** Objects that refer to those before them: small and large files, links, shared contents. */
async function fill(store: Store): Promise<StorePath[]> {
  const paths: StorePath[] = []
  for (let n = 0; n < 12; n++) {
    const ingest = new TreeIngest(store.stores.blobs, store.stores.directories)
    for (let f = 0; f <= n % 4; f++) await ingest.file(`d${f}/file`, f === 1, bytesOf(`${n} ${f} `.repeat(10 * (n + 1))))
    if (n % 5 === 0) await ingest.file("large", false, randomBytes(900_000, n))
    if (n % 3 === 0) await ingest.file("shared", false, bytesOf("shared"))
    ingest.symlink("link", `../${n}`)
    const node = await ingest.finish()
    const { size, sha256 } = await hashNar(store.stores, node)
    const references = paths.filter((_, i) => (i + n) % 4 === 0).sort()
    const claim = { path: pathOf(n), narHash: { algo: "sha256", bytes: sha256 } as const, narSize: size, references }
    await store.addNar(claim, renderNar(store.stores, node))
    paths.push(pathOf(n))
  }
  return paths
}

async function faultsOf(store: Store): Promise<Fault[]> {
  const faults: Fault[] = []
  for await (const fault of verifyStore(store)) faults.push(fault)
  return faults
}

async function cacheOf(store: Store, paths: readonly StorePath[]): Promise<BinaryCache> {
  const files = new Map<string, Uint8Array<ArrayBuffer>>()
  const sink = {
    has: async (path: string) => files.has(path),
    put: async (path: string, contents: Uint8Array | AsyncIterable<Uint8Array>) => {
      async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
        yield bytes
      }
      files.set(path, new Uint8Array(await collect(contents instanceof Uint8Array ? one(contents) : contents)))
    },
  }
  await exportClosure(store, paths, sink, { secretKeys: [secret] })
  const fetch = async (url: string): Promise<Response> => {
    const body = files.get(url.slice("https://cache.example/".length))
    return body === undefined ? new Response(null, { status: 404 }) : new Response(body)
  }
  return new BinaryCache({ url: "https://cache.example", fetch, publicKeys: [publicKeyOf(secret)] })
}

const stores: readonly StoreName[] = [
  "blob-index",
  "blob-packs",
  "chunk-index",
  "chunk-packs",
  "chunk-list-index",
  "chunk-list-packs",
  "directory-index",
  "directory-packs",
  "path-infos",
]

/** Flips a bit in some array of bytes or numbers of a value. */
function flip(value: unknown, next: (below: number) => number): boolean {
  const arrays: Uint8Array[] = []
  const look = (part: unknown): void => {
    if (ArrayBuffer.isView(part)) {
      if (part.byteLength > 0) arrays.push(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
    } else if (typeof part === "object" && part !== null) for (const inner of Object.values(part)) look(inner)
  }
  look(value)
  const array = arrays[next(arrays.length || 1)]
  if (array === undefined) return false
  array[next(array.length)]! ^= 1 << next(8)
  return true
}

function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

test("records damaged or lost at random: never wrong data, and a binary cache mends all", { timeout: 600_000 }, async () => {
  await initHashes()
  const first = await freshDatabase()
  const original = storeOn(first)
  const paths = await fill(original)
  const cache = await cacheOf(original, paths)
  const archives = new Map<StorePath, Uint8Array>()
  for (const path of paths) archives.set(path, await collect(original.nar(path)))
  expect(await faultsOf(original)).toEqual([])
  let found = 0
  for (let seed = 1; seed <= 40; seed++) {
    const next = numbers(seed)
    // What the disk does behind everybody's back.
    for (let i = 0; i <= next(3); i++) {
      const name = stores[next(stores.length)]!
      const records = await recordsOf(first, name)
      const record = records[next(records.length || 1)]
      if (record === undefined) continue
      if (next(4) === 0) await deleteRecord(first, name, record.key)
      else if (flip(record.value, next)) await putRecord(first, name, record.key, record.value)
    }
    // As after a reload.
    const database = await secondConnection(first)
    const store = storeOn(database)
    for (const path of paths) {
      const bytes = await collect(store.nar(path)).catch((error: unknown) => {
        if (error instanceof StoreError && (error.code === "damaged" || error.code === "absent")) return null
        throw error
      })
      if (bytes !== null) expect(sameBytes(bytes, archives.get(path)!)).toBe(true)
    }
    const faults = await faultsOf(store)
    found += faults.length
    const substituter = new Substituter(store, [cache])
    const { left } = await repair(store, faults, { substituter })
    expect(left.map(({ reason }) => reason)).toEqual([])
    // Infos that are lost altogether are nobody's fault; they come again when they are wanted.
    await substituter.substitute(paths)
    expect((await faultsOf(store)).map(({ message }) => message)).toEqual([])
    for (const path of paths) expect(sameBytes(await collect(store.nar(path)), archives.get(path)!)).toBe(true)
    database.close()
  }
  expect(found).toBeGreaterThan(20)
  await dropDatabase(first)
})

test("garbage collection in the browser's database keeps what is live over reloads", { timeout: 300_000 }, async () => {
  await initHashes()
  const database = await freshDatabase()
  const store = storeOn(database)
  const paths = await fill(store)
  const live = paths[9]!
  const expected = await collect(store.nar(live))
  await new IndexedDbRoots(database).set("pin", { paths: [live], trees: [] })
  const again = await secondConnection(database)
  const closure = await storeOn(again).closure([live])
  const { removed } = await collectGarbage(storeOn(again), new IndexedDbRoots(again))
  expect(removed.length).toBe(paths.length - closure.size)
  const last = await secondConnection(database)
  const reloaded = storeOn(last)
  const left: string[] = []
  for await (const parts of new IndexedDbPathInfoStore(last).hashParts()) left.push(...parts)
  expect(left.sort()).toEqual([...closure.keys()].map(hashPart).sort())
  expect(await faultsOf(reloaded)).toEqual([])
  expect(sameBytes(await collect(reloaded.nar(live)), expected)).toBe(true)
  await fill(reloaded)
  expect(await faultsOf(reloaded)).toEqual([])
  again.close()
  last.close()
  await dropDatabase(database)
})
