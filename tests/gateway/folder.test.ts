// The stores in a folder: the contract, damage, and what a process that died leaves.
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { FolderBlobStore } from "../../engine/gateway/folder-blob-store.ts"
import { FolderDirectoryStore } from "../../engine/gateway/folder-directory-store.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { bytesOf, codeOf, randomBytes, sameBytes, writeBlob } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"

const base = mkdtempSync(join(tmpdir(), "folder-store-"))
const fresh = (): string => mkdtempSync(join(base, "store-"))
afterAll(() => rmSync(base, { recursive: true }))

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function flip(path: string): void {
  const bytes = readFileSync(path)
  bytes[bytes.length >> 1]! ^= 4
  writeFileSync(path, bytes)
}

async function damage(folder: string, digest: B3Digest): Promise<void> {
  const path = filesOf(folder).find((file) => file.endsWith(digest) && !file.includes("/lists/"))
  if (path === undefined) throw new RangeError(`no file has ${digest}`)
  flip(path)
}

blobStoreContract("a folder", () => {
  const folder = fresh()
  return {
    store: new FolderBlobStore(folder),
    reopen: async () => new FolderBlobStore(folder),
    repairs: true,
    damage: (digest) => damage(folder, digest),
  }
})

directoryStoreContract("a folder", () => {
  const folder = fresh()
  return {
    store: new FolderDirectoryStore(folder),
    reopen: async () => new FolderDirectoryStore(folder),
    repairs: true,
    damage: (digest) => damage(folder, digest),
  }
})

test("files that are damaged, cut short or removed are never read, and storing the same again repairs them", async () => {
  await initHashes()
  const folder = fresh()
  const store = new FolderBlobStore(folder)
  const [small, large] = [randomBytes(5000, 1), randomBytes(1_500_000, 2)]
  const put = async (): Promise<void> => {
    await store.putMany([small])
    await writeBlob(store, large)
  }
  await put()
  const paths = filesOf(folder)
  expect(paths.length).toBeGreaterThan(4)
  for (const path of paths) {
    for (const harm of [flip, (name: string) => truncateSync(name, 10), (name: string) => rmSync(name)]) {
      harm(path)
      for (const bytes of [small, large]) {
        const [found] = await store.getMany([b3(bytes)]).catch((problem) => {
          expect(["damaged", "absent"]).toContain(problem.code)
          return [null]
        })
        if (found !== null) expect(sameBytes(found, bytes)).toBe(true)
      }
      await put()
      expect((await store.getMany([b3(small), b3(large)])).map((bytes) => bytes?.length)).toEqual([5000, 1_500_000])
    }
  }
})

test("what a process left that died is removed, what a living one is writing is not", async () => {
  await initHashes()
  const folder = fresh()
  const store = new FolderBlobStore(folder)
  await store.putMany([bytesOf("x")])
  writeFileSync(join(folder, "blobs/tmp/999999999-left"), "left")
  writeFileSync(join(folder, `blobs/tmp/${process.pid}-mine`), "mine")
  await store.deleteMany([])
  expect(readdirSync(join(folder, "blobs/tmp"))).toEqual([`${process.pid}-mine`])
})

test("a folder that is a file is a fault that says its name", async () => {
  await initHashes()
  const path = join(fresh(), "file")
  writeFileSync(path, "")
  expect(await codeOf(new FolderBlobStore(path).putMany([bytesOf("x")]))).toBe("unreachable")
  await expect(new FolderBlobStore(path).putMany([bytesOf("x")])).rejects.toThrow(path)
})
