// Path infos in a folder: what is written is there for another process, damage is found, and nothing is half written.
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashPart } from "../../engine/formats/store-path/store-path.ts"
import { FolderPathInfoStore } from "../../engine/gateway/folder-path-info-store.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { codeOf } from "../castore/contract.ts"
import { addOutput, fakePath, memoryStore } from "../store/memory-store.ts"
import { pathInfoStoreContract } from "../store/path-info-contract.ts"

const root = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-infos-`))

beforeAll(initHashes)
afterAll(() => fs.rmSync(root, { recursive: true }))

pathInfoStoreContract("a folder", () => {
  const folder = fs.mkdtempSync(`${root}/contract-`)
  return { store: new FolderPathInfoStore(folder), reopen: async () => new FolderPathInfoStore(folder) }
})

async function infos(count: number): Promise<StoredPath[]> {
  const store = memoryStore()
  const paths = []
  for (let i = 0; i < count; i++) paths.push(await addOutput(store, `path-${i}`, { file: `${i}` }))
  return (await store.stores.infos.getMany(paths.map(hashPart))) as StoredPath[] // they were just added
}

test("what was put is there for another, in its order, and null where there is nothing", async () => {
  const folder = `${root}/a`
  const [one, two] = await infos(2)
  expect(await new FolderPathInfoStore(folder).get(hashPart(one!.path))).toBeNull()
  await new FolderPathInfoStore(folder).putMany([one!, two!])
  const other = new FolderPathInfoStore(folder)
  expect(await other.getMany([hashPart(two!.path), hashPart(fakePath("none")), hashPart(one!.path)])).toEqual([two, null, one])
  const listed = []
  for await (const batch of other.list()) listed.push(...batch)
  expect(listed.map(({ path }) => path).sort()).toEqual([one!.path, two!.path].sort())
  await other.deleteMany([hashPart(one!.path), hashPart(fakePath("none"))])
  expect(await other.get(hashPart(one!.path))).toBeNull()
  expect(await other.get(hashPart(two!.path))).toEqual(two)
})

test("of a batch with a bad one nothing stays", async () => {
  const folder = `${root}/b`
  const [one, two] = await infos(2)
  const store = new FolderPathInfoStore(folder)
  expect(await codeOf(store.putMany([one!, { ...two!, narSize: -1 }]))).toBe("invalid")
  expect(await store.get(hashPart(one!.path))).toBeNull()
  expect(fs.existsSync(folder)).toBe(false)
})

test("a file that was changed or cut is damaged, whatever was done to it, and can be put again", async () => {
  const folder = `${root}/c`
  const [one] = await infos(1)
  const store = new FolderPathInfoStore(folder)
  await store.putMany([one!])
  const file = `${folder}/${hashPart(one!.path).slice(0, 2)}/${hashPart(one!.path)}`
  const good = fs.readFileSync(file)
  for (const at of [0, 31, 32, 40, good.length - 1]) {
    const bad = Buffer.from(good)
    bad[at] = bad[at]! ^ 8
    fs.writeFileSync(file, bad)
    expect(await codeOf(store.get(hashPart(one!.path)))).toBe("damaged")
  }
  for (const size of [0, 10, 32, good.length - 1]) {
    fs.writeFileSync(file, good.subarray(0, size))
    expect(await codeOf(store.get(hashPart(one!.path)))).toBe("damaged")
  }
  await store.putMany([one!])
  expect(await store.get(hashPart(one!.path))).toEqual(one)
})

test("names that are no hash parts lead nowhere", async () => {
  const store = new FolderPathInfoStore(`${root}/c`)
  for (const name of ["", "..", "../../etc/passwd", "x".repeat(31), "E".repeat(32)]) {
    expect(await store.get(name)).toBeNull()
    await store.deleteMany([name])
  }
})

test("what a writer left that died is no path info", async () => {
  const folder = `${root}/d`
  const [one] = await infos(1)
  const store = new FolderPathInfoStore(folder)
  await store.putMany([one!])
  const part = hashPart(one!.path)
  fs.writeFileSync(`${folder}/${part.slice(0, 2)}/${part}.0123456789abcdef.new`, "half")
  fs.writeFileSync(`${folder}/notes`, "x")
  const parts = []
  for await (const batch of store.hashParts()) parts.push(...batch)
  expect(parts).toEqual([part])
})
