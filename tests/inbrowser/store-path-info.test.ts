// Path infos and roots in the browser's database: the contract, a reload, damaged and lost records.
import { describe, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { IndexedDbPathInfoStore } from "../../engine/store/indexed-db-path-info-store.ts"
import { IndexedDbRoots } from "../../engine/store/roots.ts"
import { bytesOf, codeOf } from "../castore/contract.ts"
import { infoOf, pathInfoStoreContract, pathOf } from "../store/path-info-contract.ts"
import { deleteRecord, dropDatabase, freshDatabase, putRecord, recordsOf, secondConnection } from "./castore-database.ts"

pathInfoStoreContract("the browser's database", async () => {
  const database = await freshDatabase()
  return {
    store: new IndexedDbPathInfoStore(database),
    reopen: async () => new IndexedDbPathInfoStore(await secondConnection(database)),
    close: () => dropDatabase(database),
  }
})

describe("records of path infos", () => {
  test("with a bit flipped are damaged, lost ones absent, and both are mended by writing again", async () => {
    await initHashes()
    const database = await freshDatabase()
    const store = new IndexedDbPathInfoStore(database)
    const infos = Array.from({ length: 40 }, (_, i) => infoOf(i))
    await store.putMany(infos)
    for (const [i, { key, value }] of (await recordsOf(database, "path-infos")).entries()) {
      const record = value as Uint8Array
      record[(i * 31) % record.length]! ^= 1 << (i % 8)
      if (i % 4 === 3) await deleteRecord(database, "path-infos", key)
      else await putRecord(database, "path-infos", key, record)
    }
    const other = new IndexedDbPathInfoStore(await secondConnection(database))
    const results: (string | null)[] = []
    for (const { path } of infos) {
      const part = path.slice(0, 32)
      results.push(
        await other.get(part).then(
          (info) => (info === null ? null : "read"),
          (error) => error.code,
        ),
      )
    }
    expect(results).toEqual(infos.map((_, i) => (i % 4 === 3 ? null : "damaged")))
    const parts: string[] = []
    for await (const batch of other.hashParts()) parts.push(...batch)
    expect(parts).toHaveLength(30)
    await other.putMany(infos)
    expect(await other.getMany(infos.map(({ path }) => path.slice(0, 32)))).toEqual(infos)
    await dropDatabase(database)
  })
})

describe("roots", () => {
  test("last, and are damaged rather than empty", async () => {
    await initHashes()
    const database = await freshDatabase()
    const roots = new IndexedDbRoots(database)
    const tree = { kind: "directory", digest: b3(bytesOf("x")), size: 3 } as const
    await roots.set("work", { paths: [pathOf(1)], trees: [tree] })
    await roots.set("gone", { paths: [], trees: [] })
    await roots.delete("gone")
    const again = new IndexedDbRoots(await secondConnection(database))
    expect([...(await again.list())]).toEqual([["work", { paths: [pathOf(1)], trees: [tree] }]])
    const [record] = await recordsOf(database, "roots")
    const bytes = record!.value as Uint8Array
    bytes[40]! ^= 1
    await putRecord(database, "roots", "work", bytes)
    expect(await codeOf(again.list())).toBe("damaged")
    await dropDatabase(database)
  })
})
