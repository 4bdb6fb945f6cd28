// The store: objects of texts, trees and archives, all methods of content addresses, references, closures, order and locks.
import { beforeAll, describe, expect, test } from "vitest"
import { hashNar, renderNar } from "../../engine/castore/render-nar.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashBytes, printHash } from "../../engine/formats/hash/hash.ts"
import { ModuloHasher } from "../../engine/formats/nar/hash.ts"
import { makeFixedOutputPath } from "../../engine/formats/store-path/compute.ts"
import { hashPart, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { contentHash } from "../../engine/store/content-hash.ts"
import { dependenciesFirst } from "../../engine/store/dependency-order.ts"
import { scanTree } from "../../engine/store/scan.ts"
import type { Store } from "../../engine/store/store.ts"
import { codeOf } from "../castore/contract.ts"
import { addOutput, bytesOf, fakePath, joined, memoryStore, storeTree } from "./memory-store.ts"

beforeAll(initHashes)

async function listed(store: Store): Promise<StorePath[]> {
  const all: StorePath[] = []
  for await (const paths of store.paths()) all.push(...paths)
  return all.sort()
}

describe("texts", () => {
  test("are where builtins.toFile puts them", async () => {
    const store = memoryStore()
    // As builtins.toFile of Nix 2.8 says.
    const path = await store.addText("hello", "hello")
    expect(path).toBe("i4f75pn3bxkxdk2kld86k5qazq4cqj8i-hello")
    expect(await store.addText("hello", "hello")).toBe(path)
    expect(await store.readText(await store.addText("bytes", "\0\xff\xe4"))).toBe("\0\xff\xe4")
    expect(await store.require(path)).toMatchObject({ references: [], narSize: 120, registrationTime: 1_700_000_000 })
    const more = await store.addText("more", `${store.print(path)}`, [path])
    expect((await store.require(more)).references).toEqual([path])
  })

  test("cannot refer to what is not there, nor have a bad name", async () => {
    const store = memoryStore()
    expect(await codeOf(store.addText("x", "y", [fakePath("nowhere")]))).toBe("invalid")
    expect(await codeOf((async () => store.addText("a b", "y"))())).toBe("invalid")
    expect(await listed(store)).toEqual([])
  })

  test("are read as derivations", async () => {
    const store = memoryStore()
    const drv = `Derive([("out","/nix/store/${fakePath("d")}","","")],[],[],"x","/bin/sh",[],[("out","/nix/store/${fakePath("d")}")])`
    const path = await store.addText("d.drv", drv)
    expect((await store.derivation(path)).builder).toBe("/bin/sh")
    const text = await store.addText("plain", "no derivation")
    expect(await codeOf(store.derivation(text))).toBe("invalid")
    expect(await codeOf(store.derivation(await store.addText("e.drv", "no derivation")))).toBe("invalid")
    expect(await codeOf(store.derivation(fakePath("f.drv")))).toBe("absent")
  })
})

describe("trees", () => {
  // Paths recorded from `nix-store --add-fixed [--recursive]` of Nix 2.8.
  const tree = { "bin/run": "#!/bin/sh\n", link: "-> bin/run", empty: "", "sub/file": "text\n" }

  test.each([
    ["sha256", "zxn40k66yvdrhbwr2kwsi068yin84mnv-tree"],
    ["sha1", "g1a5rv5b41bg0h74a13b0pvd9acl9y4y-tree"],
    ["md5", "nfhwxqwjxsaxx9d8kdnw6828w9nhf3nm-tree"],
    ["sha512", "kg2c944cv6q6zv70framh5ld2a1csli4-tree"],
  ] as const)("by archive and %s", async (algo, recorded) => {
    const store = memoryStore()
    const node = await storeTree(store.stores, tree)
    const path = await store.addTree(node, "tree", { algo })
    const hash = hashBytes(algo, await joined(renderNar(store.stores, node)))
    expect(path).toBe(recorded)
    expect((await store.require(path)).ca).toEqual({ method: "nar", hash })
    expect(Buffer.compare(await joined(store.nar(path)), await joined(renderNar(store.stores, node)))).toBe(0)
  })

  test("by the bytes of a file, which loses its permission", async () => {
    const store = memoryStore()
    const node = await storeTree(store.stores, "#!x")
    const path = await store.addTree(node, "file", { method: "flat", algo: "sha1" })
    expect(path).toBe("bd02p69g2m7ikvlvm5xl936b7fnf4h9r-file")
    expect((await store.require(path)).node).toMatchObject({ executable: false })
    const folder = await storeTree(store.stores, tree)
    expect(await codeOf(store.addTree(folder, "folder", { method: "flat" }))).toBe("invalid")
  })

  test("by git", async () => {
    const store = memoryStore()
    const node = await storeTree(store.stores, tree)
    // `git write-tree` of the same files.
    const hash = await contentHash(store.stores, node, "git", "sha1")
    expect(printHash(hash, "base16")).toBe("sha1:4a358e7f8e0614500e9cda8994aa81f51d1e116d")
    await store.addTree(node, "git", { method: "git", algo: "sha1" })
    expect(await codeOf(store.addTree(node, "git", { method: "git", algo: "md5" }))).toBe("invalid")
  })

  test("with references, and to themselves", async () => {
    const store = memoryStore()
    const low = await store.addText("low", "low")
    // The path that such a tree has: hashed with zeros where it mentions itself.
    const shape = (self: string) => ({ a: `/nix/store/${self}-me and ${store.print(low)}` })
    const zeros = await storeTree(store.stores, shape("0".repeat(32)))
    const modulo = new ModuloHasher("sha256", "0".repeat(32))
    for await (const chunk of renderNar(store.stores, zeros)) modulo.push(chunk)
    const self = makeFixedOutputPath("me", { method: "nar", hash: modulo.finish() }, { others: [low], self: true })
    const node = await storeTree(store.stores, shape(hashPart(self)))
    expect(await store.addTree(node, "me", { references: [low], self })).toBe(self)
    expect((await store.require(self)).references).toEqual([low, self].sort())
    expect(await codeOf(store.addTree(node, "me", { references: [low], self: fakePath("me") }))).toBe("invalid")
    // And again by its archive, whose content address is checked.
    const info = await store.require(self)
    const other = memoryStore()
    await other.addText("low", "low")
    await other.addNar(info, store.nar(self))
    const wrong = { ...info, path: fakePath("me") }
    expect(await codeOf(other.addNar(wrong, store.nar(self)))).toBe("invalid")
  })
})

describe("archives", () => {
  async function archive() {
    const store = memoryStore()
    const path = await addOutput(store, "out", { a: "a", b: "-> a" })
    return { info: await store.require(path), chunks: () => store.nar(path), bytes: await joined(store.nar(path)) }
  }

  async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 50) yield bytes.subarray(at, at + 50)
  }

  test("are what they are claimed to be, or nothing is known", async () => {
    const { info, bytes } = await archive()
    const changed = Uint8Array.from(bytes)
    changed[changed.indexOf(97, 200)]! ^= 1
    const cases: readonly (readonly [string, Partial<typeof info>, Uint8Array])[] = [
      ["damaged", {}, changed],
      ["damaged", {}, bytes.subarray(0, 300)],
      ["damaged", {}, Buffer.concat([bytes, new Uint8Array(8)])],
      ["damaged", { narSize: info.narSize - 8 }, bytes],
      ["damaged", { narSize: info.narSize + 8 }, bytes],
      ["damaged", { narHash: { algo: "sha256", bytes: new Uint8Array(32) } }, bytes],
      ["invalid", { narHash: { algo: "sha1", bytes: new Uint8Array(20) } }, bytes],
      ["invalid", { references: [fakePath("absent")] }, bytes],
      ["invalid", { ca: { method: "nar", hash: { algo: "sha256", bytes: new Uint8Array(32) } } }, bytes],
    ]
    const store = memoryStore()
    for (const [code, changes, given] of cases) {
      expect(await codeOf(store.addNar({ ...info, ...changes }, pieces(given)))).toBe(code)
      expect(await store.isValid(info.path)).toBe(false)
    }
    await store.addNar(info, pieces(bytes))
    expect(await store.isValid(info.path)).toBe(true)
  })

  test("a content address that the path follows from, but not the content, is damaged", async () => {
    const { bytes, info } = await archive()
    const ca = { method: "flat", hash: hashBytes("sha256", bytesOf("something else")) } as const
    const store = memoryStore()
    const path = makeFixedOutputPath("out", ca)
    expect(await codeOf(store.addNar({ ...info, path, ca }, pieces(bytes)))).toBe("invalid")
    const nar = { method: "nar", hash: hashBytes("sha1", bytesOf("something else")) } as const
    expect(await codeOf(store.addNar({ ...info, path: makeFixedOutputPath("out", nar), ca: nar }, pieces(bytes)))).toBe("damaged")
    expect(await listed(store)).toEqual([])
  })

  test("a sender without end is stopped at the size that was claimed", async () => {
    const { info } = await archive()
    let sent = 0
    async function* endless(): AsyncGenerator<Uint8Array> {
      const { bytes } = await archive()
      yield bytes.subarray(0, 200)
      for (;;) {
        sent++
        yield new Uint8Array(1000)
      }
    }
    expect(await codeOf(memoryStore().addNar(info, endless()))).toBe("damaged")
    expect(sent).toBeLessThan(3)
  })

  test("stopped in the middle leave nothing that is known", async () => {
    const { info, bytes } = await archive()
    const store = memoryStore()
    const stop = new AbortController()
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 100)
      stop.abort()
      yield bytes.subarray(100)
    }
    expect(await codeOf(store.addNar(info, slow(), { signal: stop.signal }))).toBe("cancelled")
    expect(await listed(store)).toEqual([])
  })

  test("what is there already is not read again", async () => {
    const { info, chunks } = await archive()
    const store = memoryStore()
    await store.addNar(info, chunks())
    let isRead = false
    async function* source(): AsyncGenerator<Uint8Array> {
      isRead = true
      yield* chunks()
    }
    await store.addNar(info, source())
    expect(isRead).toBe(false)
  })
})

describe("closures", () => {
  test("have everything, dependencies first", async () => {
    const store = memoryStore()
    const low = await addOutput(store, "low", "low")
    const selfish = fakePath("selfish")
    await addOutput(store, "selfish", "x", [selfish, low])
    const middle = await addOutput(store, "middle", "m", [low])
    const top = await addOutput(store, "top", "t", [middle, selfish])
    await addOutput(store, "other", "o")
    const closure = await store.closure([top])
    expect([...closure.keys()].sort()).toEqual([low, middle, selfish, top].sort())
    const order = dependenciesFirst(closure.values()).map(({ path }) => path)
    for (const { path, references } of closure.values())
      for (const reference of references) expect(order.indexOf(reference)).toBeLessThanOrEqual(order.indexOf(path))
    await store.stores.infos.deleteMany([hashPart(low)])
    expect(await codeOf(store.closure([top]))).toBe("absent")
  })

  test("a path with the same hash part and another name is another path", async () => {
    const store = memoryStore()
    const path = await addOutput(store, "name", "x")
    expect(await store.query(`${path}-more` as StorePath)).toBe(null)
  })
})

describe("references", () => {
  test("are found in files, targets and names, wherever chunks are cut", async () => {
    const store = memoryStore()
    const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((name) => fakePath(`needle-${name}`)) as [
      StorePath,
      StorePath,
      StorePath,
      StorePath,
      StorePath,
    ]
    const large = new Uint8Array(3_000_000).fill(120)
    // Across a border of a megabyte, in the middle of what looks like more of it.
    large.set(bytesOf(`0${hashPart(b)}0`), 2 ** 20 - 17)
    const tree = { text: `x${hashPart(a)}`, large, link: `-> /nix/store/${c}/x`, [`dir/${hashPart(d)}.json`]: "" }
    const node = await storeTree(store.stores, tree)
    expect(await scanTree(store.stores, node, [a, b, c, d, e])).toEqual([a, b, c, d].sort())
    expect(await scanTree(store.stores, node, [e])).toEqual([])
    expect(await scanTree(store.stores, node, [])).toEqual([])
  })
})

describe("the lock", () => {
  test("an import of several steps holds off removals, and its steps do not wait for them", async () => {
    const store = memoryStore()
    const order: string[] = []
    let removal: Promise<unknown> = Promise.resolve()
    await store.importing(async (unlocked) => {
      removal = store.lock.exclusive(async () => void order.push("removal"))
      await unlocked.addText("a", "a")
      await new Promise((resolve) => setTimeout(resolve, 20))
      order.push("import")
    })
    await removal
    expect(order).toEqual(["import", "removal"])
  })
})

test("hashes of archives are those of hashNar", async () => {
  const store = memoryStore()
  const node = await storeTree(store.stores, { x: "y" })
  const path = await store.addTree(node, "x")
  const { size, sha256 } = await hashNar(store.stores, node)
  expect(await store.require(path)).toMatchObject({ narSize: size, narHash: { bytes: sha256 } })
})
