// Garbage collection never removes what is live; with a budget the least recently used goes first. Damage is found, and mended.
import { beforeAll, describe, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BinaryCache } from "../../engine/store/binary-cache.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { collectGarbage } from "../../engine/store/garbage.ts"
import { giveUp, repair } from "../../engine/store/repair.ts"
import { MemoryRoots } from "../../engine/store/roots.ts"
import type { Store } from "../../engine/store/store.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { type Fault, verifyStore } from "../../engine/store/verify.ts"
import { codeOf } from "../castore/contract.ts"
import { mapSink, serveCache } from "./cache-server.ts"
import { addOutput, bytesOf, joined, memoryStore, storeTree } from "./memory-store.ts"

beforeAll(initHashes)

async function pathsOf(store: Store): Promise<StorePath[]> {
  const all: StorePath[] = []
  for await (const paths of store.paths()) all.push(...paths)
  return all.sort()
}

async function faultsOf(store: Store, options = {}): Promise<Fault[]> {
  const faults: Fault[] = []
  for await (const fault of verifyStore(store, options)) faults.push(fault)
  return faults
}

async function count(list: AsyncIterable<readonly unknown[]>): Promise<number> {
  let sum = 0
  for await (const batch of list) sum += batch.length
  return sum
}

/** A generator of numbers that are the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % below
  }
}

describe("garbage", () => {
  test("what roots keep stays whole, the rest goes, contents too", async () => {
    const store = memoryStore()
    const low = await addOutput(store, "low", { shared: "shared", "d/own": "low" })
    const top = await addOutput(store, "top", { x: "x", "d/own": "low" }, [low])
    const dead = await addOutput(store, "dead", { shared: "shared", only: "dead" }, [low])
    const tree = await storeTree(store.stores, { "work/file": "of the user" })
    await store.stores.blobs.putMany([bytesOf("of an import that was killed")])
    const roots = new MemoryRoots()
    await roots.set("pin", { paths: [top], trees: [] })
    await roots.set("work", { paths: [], trees: [tree] })
    const dry = await collectGarbage(store, roots, { dryRun: true })
    expect(await pathsOf(store)).toEqual([dead, low, top].sort())
    const collected = await collectGarbage(store, roots)
    expect(collected).toEqual(dry)
    expect(collected).toMatchObject({ removed: [dead], live: 2, kept: 0, freedBytes: 4, stale: [] })
    expect(await pathsOf(store)).toEqual([low, top].sort())
    expect(await faultsOf(store)).toEqual([])
    // shared, low, x, of the user.
    expect(await count(store.stores.blobs.list())).toBe(4)
    expect((await joined((await store.stores.blobs.open(b3(bytesOf("of the user"))))!.stream())).toString()).toBe("of the user")
    await roots.delete("pin")
    await roots.delete("work")
    await collectGarbage(store, roots)
    expect(await pathsOf(store)).toEqual([])
    expect(await count(store.stores.blobs.list())).toBe(0)
    expect(await count(store.stores.directories.list())).toBe(0)
  })

  test("with a budget, what was added last stays, with what it needs", async () => {
    let now = 1000
    const store = memoryStore({ now: () => now })
    const big = (letter: string) => ({ file: letter.repeat(1000) })
    const low = await addOutput(store, "low", big("l"))
    now = 2000
    const old = await addOutput(store, "old", big("o"))
    now = 3000
    const young = await addOutput(store, "young", big("y"), [low])
    const live = await addOutput(store, "live", big("v"))
    const roots = new MemoryRoots()
    await roots.set("pin", { paths: [live], trees: [] })
    const removed = async (budget: number) => (await collectGarbage(store, roots, { budget, dryRun: true })).removed.toSorted()
    expect(await removed(4000)).toEqual([])
    expect(await removed(3999)).toEqual([old])
    // `young` does not fit without `low`: what is older and fits stays.
    expect(await removed(2999)).toEqual([low, young].toSorted())
    expect(await removed(1999)).toEqual([low, old, young].toSorted())
  })

  test("never anything live, in stores of all kinds", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = numbers(seed)
      const store = memoryStore()
      const all: StorePath[] = []
      for (let i = 0; i < 15; i++) {
        const references = all.filter(() => next(4) === 0)
        const tree: Record<string, string> = {}
        for (let f = 0; f <= next(4); f++) tree[`d${next(3)}/f${f}`] = `${next(6)}`.repeat(next(300) + 1)
        all.push(await addOutput(store, `p${seed}-${i}`, tree, references))
      }
      const roots = new MemoryRoots()
      const rooted = all.filter(() => next(5) === 0)
      await roots.set("some", { paths: rooted, trees: [] })
      const kept = await store.closure(rooted)
      const used = all.filter(() => next(6) === 0)
      const more = await store.closure(used)
      const { removed, keptBytes } = await collectGarbage(store, roots, { budget: next(3000), keep: used })
      for (const path of [...kept.keys(), ...more.keys()]) expect(removed).not.toContain(path)
      expect(await faultsOf(store)).toEqual([])
      expect((await pathsOf(store)).length).toBe(all.length - removed.length)
      let bytes = 0
      for await (const digests of store.stores.blobs.list())
        for (const blob of await store.stores.blobs.getMany(digests)) bytes += blob!.length
      expect(bytes).toBe(keptBytes)
    }
  })

  test("waits for imports, and imports for it", async () => {
    const store = memoryStore()
    const node = await storeTree(store.stores, { a: "a" })
    let path: StorePath | undefined
    let collecting: Promise<unknown> = Promise.resolve()
    await store.importing(async (unlocked) => {
      collecting = collectGarbage(store, new MemoryRoots())
      await new Promise((resolve) => setTimeout(resolve, 10))
      path = await unlocked.addTree(node, "a")
      expect(await unlocked.isValid(path)).toBe(true)
    })
    await collecting
    expect(await store.isValid(path!)).toBe(false)
  })

  test("a root of what is not there is told; something live that is damaged stops it", async () => {
    const store = memoryStore()
    const path = await addOutput(store, "p", { "d/x": "y" })
    const gone = await addOutput(store, "gone", "z")
    await store.stores.infos.deleteMany([hashPart(gone)])
    const roots = new MemoryRoots()
    await roots.set("r", { paths: [path, gone], trees: [] })
    expect((await collectGarbage(store, roots)).stale).toEqual([["r", gone]])
    const { node } = await store.require(path)
    await store.stores.directories.deleteMany(node.kind === "directory" ? [node.digest] : [])
    expect(await codeOf(collectGarbage(store, roots))).toBe("absent")
    expect(await store.isValid(path)).toBe(true)
    await roots.delete("r")
    await collectGarbage(store, roots)
    expect(await pathsOf(store)).toEqual([])
  })
})

describe("damage", () => {
  const secret = secretKeyFromSeed("test-1", new Uint8Array(32).fill(3))

  async function sample() {
    const store = memoryStore()
    const low = await addOutput(store, "low", { "d/a": "a".repeat(1000), "d/e/b": "b", link: "-> d" })
    const top = await addOutput(store, "top", { large: new Uint8Array(1_000_000).map((_, i) => (i * i) >> 5) }, [low])
    const files = new Map<string, Uint8Array>()
    await exportClosure(store, [top], mapSink(files), { secretKeys: [secret] })
    const server = await serveCache(files)
    const substituter = new Substituter(store, [new BinaryCache({ url: server.url, publicKeys: [publicKeyOf(secret)] })])
    return { store, low, top, server, substituter }
  }

  /** Removes a blob or a directory. */
  const losses: readonly (readonly [string, (store: Awaited<ReturnType<typeof sample>>["store"]) => Promise<void>])[] = [
    ["a small blob", (store) => store.stores.blobs.deleteMany([b3(bytesOf("b"))])],
    [
      "all blobs",
      async (store) => {
        for await (const digests of store.stores.blobs.list()) await store.stores.blobs.deleteMany([...digests])
      },
    ],
    [
      "all directories",
      async (store) => {
        for await (const digests of store.stores.directories.list()) await store.stores.directories.deleteMany([...digests])
      },
    ],
  ]

  test.each(losses)("%s is missed, and mended from a cache", async (_, lose) => {
    const { store, low, server, substituter } = await sample()
    expect(await faultsOf(store)).toEqual([])
    await lose(store)
    const faults = await faultsOf(store)
    expect(faults.map(({ code }) => code)).toContain("absent")
    expect(faults.some(({ info }) => info?.path === low)).toBe(true)
    expect((await faultsOf(store, { contents: false })).length).toBe(faults.length)
    expect((await repair(store, faults, {})).left).toHaveLength(faults.length)
    expect((await repair(store, faults, { substituter })).left).toEqual([])
    expect(await faultsOf(store)).toEqual([])
    await server.close()
  })

  test("an object that is not there any more is missed by what refers to it", async () => {
    const { store, low, top, server, substituter } = await sample()
    await store.stores.infos.deleteMany([hashPart(low)])
    const faults = await faultsOf(store)
    expect(faults).toMatchObject([{ code: "absent", info: { path: top }, missing: [low] }])
    await repair(store, faults, { substituter })
    expect(await faultsOf(store)).toEqual([])
    await server.close()
  })

  test("an info that is not true of its tree is damage, mended by importing again", async () => {
    const { store, low, server } = await sample()
    const info = await store.require(low)
    const again = await joined(store.nar(low))
    const other = await storeTree(store.stores, "something else")
    await store.stores.infos.putMany([{ ...info, node: other }])
    const faults = await faultsOf(store)
    expect(faults).toMatchObject([{ code: "damaged", info: { path: low } }])
    expect(faults[0]!.message).toContain("was modified!")
    async function* archive(): AsyncGenerator<Uint8Array> {
      yield again
    }
    const wrong = await repair(store, faults, { reimport: async () => store.nar(low) })
    expect(wrong.left).toHaveLength(1)
    await repair(store, faults, { reimport: async () => archive() })
    expect(await store.require(low)).toEqual(info)
    expect(await faultsOf(store)).toEqual([])
    await server.close()
  })

  test("what cannot be mended is given up, with all that refers to it", async () => {
    const { store, low, top, server } = await sample()
    const other = await addOutput(store, "other", "o")
    await store.stores.blobs.deleteMany([b3(bytesOf("b"))])
    const faults = await faultsOf(store)
    expect((await giveUp(store, faults)).sort()).toEqual([low, top].sort())
    expect(await pathsOf(store)).toEqual([other])
    expect(await faultsOf(store)).toEqual([])
    await server.close()
  })
})
