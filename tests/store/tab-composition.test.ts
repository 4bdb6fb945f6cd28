// The tab's store out of a configuration: what is wrong with one is said with its place; infos by priority.
import { beforeAll, describe, expect, test } from "vitest"
import { StoreError } from "../../engine/castore/error.ts"
import { memoryStorage } from "../../engine/castore/storage.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashPart } from "../../engine/formats/store-path/store-path.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { PriorityPathInfoStore } from "../../engine/store/priority-path-info-store.ts"
import type { Store } from "../../engine/store/store.ts"
import { composeStores } from "../../engine/worker/tab-composition.ts"
import { storeOn } from "../../engine/worker/tab-store.ts"
import { addOutput, memoryStore } from "./memory-store.ts"

beforeAll(initHashes)

const own = () => storeOn(memoryStorage("in a test")).own.stores
const compose = (config: unknown) => composeStores(config, own(), () => {})

describe("a composition", () => {
  test("of the storage alone is the storage", async () => {
    const stores = own()
    const storage = { root: { type: "storage" } }
    for (const config of [{}, { blobs: storage, directories: storage, infos: storage }]) {
      const composed = await composeStores(config, stores, () => {})
      expect(composed.blobs).toBe(stores.blobs)
      expect(composed.directories).toBe(stores.directories)
      expect(composed.infos).toBe(stores.infos)
    }
  })

  test.each([
    [[], "the configuration of the store is not an object"],
    [{ blob: {} }, "there are no stores of 'blob'; there are those of blobs, directories, infos"],
    [{ blobs: { main: { type: "memory" } } }, "there is no store 'root' of blobs; there is 'main'"],
    [
      { blobs: { root: { type: "disk" } } },
      "the configuration of the store 'root' of blobs is wrong: 'type' is 'disk', which is not known",
    ],
    [{ infos: { root: { type: "connect" } } }, "the configuration of the store 'root' of infos is wrong: 'url' is missing"],
    [{ directories: { root: { type: "http", url: "ftp://x" } } }, "'url' is not an http or https URL"],
    [{ infos: { root: { type: "priority", stores: ["root"] } } }, "the store 'root' of infos needs itself"],
    [{ blobs: { root: { type: "storage" }, unused: { type: "cache", near: "root" } } }, "'far' is missing"],
  ])("%j is refused", async (config, message) => {
    await expect(compose(config)).rejects.toMatchObject({ code: "invalid", message: expect.stringContaining(message) })
  })
})

test("infos by priority come from the first that has them, are written to the first, and a fault counts only for what nobody else has", async () => {
  const far: Store = memoryStore()
  const path = await addOutput(far, "far", { text: "far away" })
  const near = new MemoryPathInfoStore()
  const broken = new MemoryPathInfoStore()
  broken.getMany = () => Promise.reject(new StoreError("unreachable", "it is gone"))
  const all = new PriorityPathInfoStore([near, broken, far.stores.infos])
  expect((await all.get(hashPart(path)))?.path).toBe(path)
  const absent = "0".repeat(32)
  await expect(all.getMany([hashPart(path), absent])).rejects.toMatchObject({ code: "unreachable" })
  const without = new PriorityPathInfoStore([near, far.stores.infos])
  expect((await without.getMany([absent, hashPart(path)])).map((info) => info?.path ?? null)).toEqual([null, path])
  expect(await near.get(hashPart(path))).toBeNull()
  const info = await without.get(hashPart(path))
  await without.putMany([info!])
  expect((await near.get(hashPart(path)))?.path).toBe(path)
  await without.deleteMany([hashPart(path)])
  expect(await near.get(hashPart(path))).toBeNull()
  expect((await far.stores.infos.get(hashPart(path)))?.path).toBe(path)
})
