// Binary caches that are wrong, slow, broken or lie; several of them; what is asked how often; cancelling. Over a local server.
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { narHintUrl } from "../../engine/castore/nar-hint.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseNarInfo, printNarInfo } from "../../engine/formats/narinfo/nar-info.ts"
import { publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { BinaryCache, type BinaryCacheOptions, parseCacheInfo } from "../../engine/store/binary-cache.ts"
import { exportClosure, writableCompression } from "../../engine/store/cache-export.ts"
import { uploadSink } from "../../engine/store/cache-upload.ts"
import type { Store } from "../../engine/store/store.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { codeOf } from "../castore/contract.ts"
import { type CacheServer, mapSink, serveCache } from "./cache-server.ts"
import { addOutput, bytesOf, fakePath, memoryStore, storeTree } from "./memory-store.ts"

beforeAll(initHashes)

const secret = secretKeyFromSeed("test-1", new Uint8Array(32).fill(3))
const stranger = secretKeyFromSeed("other-1", new Uint8Array(32).fill(4))
const tries = { count: 2, pause: 1 }

let store: Store
let top: StorePath
let low: StorePath
let text: StorePath
let other: StorePath
let files: Map<string, Uint8Array>
let server: CacheServer

beforeEach(async () => {
  store = memoryStore()
  low = await addOutput(store, "low", { a: "a".repeat(300_000), b: "b" })
  text = await store.addText("text", "text")
  top = await addOutput(store, "top", { x: "x" }, [low, text])
  files = new Map()
  other = await addOutput(store, "other", "other text")
  await exportClosure(store, [top, other], mapSink(files), { secretKeys: [secret] })
  server = await serveCache(files)
})
afterEach(() => server.close())

function cacheAt(url: string, options: Partial<BinaryCacheOptions> = {}): BinaryCache {
  return new BinaryCache({ url, publicKeys: [publicKeyOf(secret)], tries, ...options })
}

/** Substitutes from these caches into a new store. */
async function getFrom(...caches: BinaryCache[]): Promise<Store> {
  const into = memoryStore()
  await new Substituter(into, caches).substitute([top])
  return into
}

/** Changes a narinfo. */
function edit(path: StorePath, change: (text: string) => string): void {
  const name = `${hashPart(path)}.narinfo`
  files.set(name, bytesOf(change(Buffer.from(files.get(name)!).toString("latin1"))))
}

function narOf(path: StorePath): string {
  return /^URL: (.*)$/m.exec(Buffer.from(files.get(`${hashPart(path)}.narinfo`)!).toString("latin1"))![1]!
}

async function sizeOf(one: Store): Promise<number> {
  let count = 0
  for await (const paths of one.paths()) count += paths.length
  return count
}

describe("a lie is found out, and nothing wrong is known afterwards", () => {
  const lies: readonly (readonly [string, string, () => void])[] = [
    ["the archive of another object", "damaged", () => files.set(narOf(low), files.get(narOf(text))!)],
    ["an archive with a byte changed", "damaged", () => (files.get(narOf(low))![files.get(narOf(low))!.length >> 1]! ^= 1)],
    ["a truncated archive", "damaged", () => files.set(narOf(low), files.get(narOf(low))!.slice(0, -20))],
    ["an archive that goes on", "damaged", () => files.set(narOf(low), Buffer.concat([files.get(narOf(low))!, new Uint8Array(9)]))],
    ["an archive that is not there", "absent", () => files.delete(narOf(low))],
    ["another size of the archive", "invalid", () => edit(low, (t) => t.replace(/NarSize: \d+/, "NarSize: 100"))],
    ["a size of exabytes", "invalid", () => edit(low, (t) => t.replace(/NarSize: \d+/, "NarSize: 8000000000000000"))],
    ["a size that is no number", "damaged", () => edit(low, (t) => t.replace(/NarSize: \d+/, "NarSize: many"))],
    [
      "another hash of the archive",
      "invalid",
      () => edit(low, (t) => t.replace(/(NarHash: sha256:.)(.)/, (_, start, digit) => start + (digit === "0" ? "1" : "0"))),
    ],
    [
      "another hash of the file",
      "damaged",
      () => edit(low, (t) => t.replace(/(FileHash: sha256:.)(.)/, (_, start, digit) => start + (digit === "0" ? "1" : "0"))),
    ],
    ["another size of the file", "damaged", () => edit(low, (t) => t.replace(/FileSize: \d+/, "FileSize: 10"))],
    ["one more reference", "invalid", () => edit(top, (t) => t.replace("References:", `References: ${fakePath("evil")}`))],
    ["a reference less", "invalid", () => edit(top, (t) => t.replace(low, ""))],
    ["a narinfo of another path", "damaged", () => files.set(`${hashPart(top)}.narinfo`, files.get(`${hashPart(low)}.narinfo`)!)],
    ["another name of the path", "invalid", () => edit(low, (t) => t.replace("-low\n", "-slow\n"))],
    ["no signature", "invalid", () => edit(low, (t) => t.replace(/Sig: .*\n/, ""))],
    ["a signature with a bit changed", "invalid", () => edit(low, (t) => t.replace(/(Sig: test-1:)./, "$1A"))],
    ["a signature that is no Base64", "damaged", () => edit(low, (t) => t.replace(/Sig: .*/, "Sig: test-1:***"))],
    [
      "a content address that is not the path's",
      "invalid",
      () => edit(low, (t) => `${t.replace(/Sig: .*\n/, "")}CA: text:sha256:${"0".repeat(52)}\n`),
    ],
    ["another content of a text", "damaged", () => void replaceText()],
    ["no narinfo", "absent", () => files.delete(`${hashPart(low)}.narinfo`)],
    ["a narinfo that is a page of HTML", "damaged", () => edit(low, () => "<html>")],
    ["a compression that is not known", "damaged", () => edit(low, (t) => t.replace("gzip", "7z"))],
    ["a compression that cannot be read", "unsupported", () => edit(low, (t) => t.replace("gzip", "lzip"))],
    ["another compression", "damaged", () => edit(low, (t) => t.replace("Compression: gzip", "Compression: xz"))],
    ["references in a circle", "damaged", () => resign(low, (t) => t.replace("References: ", `References: ${top}`))],
  ]

  /** An unsigned text whose archive and its hash are others: only its content address can tell. */
  function replaceText(): void {
    const name = `${hashPart(text)}.narinfo`
    const { info } = parseNarInfo(Buffer.from(files.get(name)!).toString("latin1"), name)
    const evil = parseNarInfo(Buffer.from(files.get(`${hashPart(other)}.narinfo`)!).toString("latin1"), name).info
    const { narHash, narSize, url, fileHash, fileSize } = evil
    files.set(name, bytesOf(printNarInfo({ ...info, narHash, narSize, url, fileHash, fileSize, signatures: [] })))
  }

  /** Changes a narinfo and believes it. */
  function resign(path: StorePath, change: (text: string) => string): void {
    edit(path, (t) => change(t).replace(/Sig: .*\n/, ""))
    isTrusted = true
  }
  let isTrusted = false

  test.each(lies)("%s (%s)", async (_, code, lie) => {
    isTrusted = false
    lie()
    const into = memoryStore()
    const substituter = new Substituter(into, [cacheAt(server.url, { isTrusted })])
    expect(await codeOf(substituter.substitute([top]))).toBe(code)
    expect(await into.isValid(top)).toBe(false)
    for await (const paths of into.paths())
      for (const path of paths) expect((await into.require(path)).narHash).toEqual((await store.require(path)).narHash)
    // A cache that tells the truth makes it good.
    const honest = new Map<string, Uint8Array>()
    await exportClosure(store, [top], mapSink(honest), { secretKeys: [secret] })
    const good = await serveCache(honest)
    await new Substituter(into, [cacheAt(server.url), cacheAt(good.url)]).substitute([top])
    expect(await into.isValid(top)).toBe(true)
    await good.close()
  })

  test("an archive that is larger than the limit", async () => {
    expect(await codeOf(getFrom(cacheAt(server.url, { maxNarSize: 1000 })))).toBe("unsupported")
  })

  test("a narinfo without end", async () => {
    files.set(`${hashPart(top)}.narinfo`, new Uint8Array(5 << 20).fill(65))
    expect(await codeOf(getFrom(cacheAt(server.url)))).toBe("damaged")
  })

  test("a cache of another store, or none at all", async () => {
    files.set("nix-cache-info", bytesOf("StoreDir: /gnu/store\n"))
    expect(await codeOf(getFrom(cacheAt(server.url)))).toBe("invalid")
    files.delete("nix-cache-info")
    expect(await codeOf(getFrom(cacheAt(server.url)))).toBe("invalid")
  })
})

describe("faults of the server", () => {
  test("500 is tried again, 404 and 403 mean there is none, 401 is denied", async () => {
    let count = 0
    const name = `${hashPart(low)}.narinfo`
    server.trouble = (_, path) => (path === name && count++ < 1 ? { status: 500 } : undefined)
    expect(await sizeOf(await getFrom(cacheAt(server.url)))).toBe(3)
    for (const [status, code] of [
      [503, "unreachable"],
      [429, "unreachable"],
      [404, "absent"],
      [403, "absent"],
      [401, "denied"],
    ] as const) {
      server.trouble = (_, path) => (path === name ? { status } : undefined)
      expect(await codeOf(getFrom(cacheAt(server.url)))).toBe(code)
    }
  })

  test("an archive whose connection breaks off is begun again", async () => {
    let count = 0
    server.trouble = (_, path) => (path === narOf(low) && ++count < 3 ? { cutAt: 100 } : undefined)
    expect(await sizeOf(await getFrom(cacheAt(server.url)))).toBe(3)
    expect(count).toBe(3)
  })

  test("a cache that cannot be reached is left alone for a while", async () => {
    let now = 0
    const dead = cacheAt(server.url, { now: () => now, restSeconds: 10 })
    server.trouble = () => ({ status: 500 })
    for (const name of ["a", "b", "c"]) expect(await codeOf(dead.query(fakePath(name)))).toBe("unreachable")
    expect(server.requests).toHaveLength(tries.count)
    now = 11_000
    server.trouble = () => undefined
    expect(await dead.query(fakePath("d"))).toBe(null)
    server.trouble = () => ({ status: 500 })
    expect(await codeOf(dead.query(fakePath("e")))).toBe("unreachable")
    server.trouble = () => undefined
    expect(await codeOf(dead.query(fakePath("e")))).toBe("unreachable")
    dead.forget()
    expect(await dead.query(fakePath("e"))).toBe(null)
  })

  test("a connection that breaks off is no end of the archive", async () => {
    server.trouble = (_, path) => (path === narOf(low) ? { cutAt: 100 } : undefined)
    expect(await codeOf(getFrom(cacheAt(server.url)))).toBe("unreachable")
  })

  test("a server that stops sending is given up", async () => {
    server.trouble = (_, path) => (path === narOf(low) ? { stallAt: 100 } : undefined)
    expect(await codeOf(getFrom(cacheAt(server.url, { tries: { ...tries, stalled: 50 } })))).toBe("unreachable")
    server.trouble = (_, path) => (path.endsWith(".narinfo") ? { stallAt: 10 } : undefined)
    expect(await codeOf(getFrom(cacheAt(server.url, { tries: { ...tries, stalled: 50 } })))).toBe("unreachable")
  })

  test("no server", async () => {
    const { url } = server
    await server.close()
    expect(await codeOf(getFrom(cacheAt(url)))).toBe("unreachable")
    server = await serveCache(files)
  })
})

describe("several caches", () => {
  test("the lowest number goes first; who is broken is passed over", async () => {
    const second = await serveCache(files)
    try {
      await getFrom(cacheAt(server.url, { priority: 50 }), cacheAt(second.url, { priority: 10 }))
      expect(server.requests).toEqual(["GET nix-cache-info"])
      server.trouble = () => ({ status: 500 })
      second.requests.length = 0
      await getFrom(cacheAt(server.url, { priority: 1 }), cacheAt(second.url, { priority: 10 }))
      expect(second.requests.filter((line) => line.includes("narinfo"))).toHaveLength(3)
      // The priority that the caches tell.
      server.trouble = () => undefined
      files.set("nix-cache-info", bytesOf("StoreDir: /nix/store\nPriority: 40\n"))
      server.requests.length = 0
      second.requests.length = 0
      await getFrom(cacheAt(second.url, { priority: 41 }), cacheAt(server.url))
      expect(second.requests).toEqual(["GET nix-cache-info"])
    } finally {
      await second.close()
    }
  })

  test("one that has a bad archive is followed by the next", async () => {
    const good = await serveCache(new Map(files))
    try {
      files.set(narOf(low), files.get(narOf(text))!)
      expect(await sizeOf(await getFrom(cacheAt(server.url, { priority: 1 }), cacheAt(good.url, { priority: 2 })))).toBe(3)
    } finally {
      await good.close()
    }
  })
})

describe("what is asked", () => {
  test("'there is none' is remembered for its time", async () => {
    let now = 0
    const cache = cacheAt(server.url, { now: () => now, negativeLifetime: 60 })
    const path = fakePath("none")
    const asked = (): number => server.requests.filter((line) => line.includes(hashPart(path))).length
    expect(await cache.query(path)).toBe(null)
    now = 59_000
    expect(await cache.query(path)).toBe(null)
    expect(asked()).toBe(1)
    now = 61_000
    expect(await cache.query(path)).toBe(null)
    expect(asked()).toBe(2)
    cache.forget(path)
    await cache.query(path)
    expect(asked()).toBe(3)
  })

  test("the same object is downloaded once, whoever wants it; one who gives up disturbs nobody", async () => {
    const into = memoryStore()
    const substituter = new Substituter(into, [cacheAt(server.url)])
    const stop = new AbortController()
    const first = substituter.substitute([low], { signal: stop.signal })
    const second = substituter.substitute([top])
    const third = substituter.substitute([top])
    setTimeout(() => stop.abort(), 5)
    await Promise.allSettled([first])
    await Promise.all([second, third])
    const nars = server.requests.filter((line) => line.includes("nar/"))
    expect(new Set(nars).size).toBe(3)
    expect(nars.length).toBeLessThanOrEqual(4)
    expect(await into.isValid(top)).toBe(true)
  })

  test("what is here is not asked for", async () => {
    const into = await getFrom(cacheAt(server.url))
    server.requests.length = 0
    await new Substituter(into, [cacheAt(server.url)]).substitute([top])
    expect(server.requests).toEqual([])
  })

  test("a hint of a tree that is here saves the download; one that is not what it should be does not", async () => {
    const into = memoryStore()
    const node = await storeTree(into.stores, { a: "a".repeat(300_000), b: "b" })
    const wrong = await storeTree(into.stores, { a: "a", b: "b" })
    const info = await store.require(low)
    const url = narHintUrl(node, info.narSize)
    edit(low, (t) =>
      t
        .replace(/URL: .*/, `URL: ${url}`)
        .replace("gzip", "none")
        .replace(/File.*\n/g, ""),
    )
    await new Substituter(into, [cacheAt(server.url)]).substitute([low])
    expect(server.requests.some((line) => line.includes("nar/"))).toBe(false)
    expect((await into.require(low)).node).toEqual(info.node)
    edit(low, (t) => t.replace(/URL: .*/, `URL: ${narHintUrl(wrong, info.narSize)}`))
    expect(await codeOf(new Substituter(memoryStore(), [cacheAt(server.url)]).substitute([low]))).toBe("absent")
  })

  test("progress rises to the end", async () => {
    const seen: number[] = []
    let last: unknown
    const into = memoryStore()
    await new Substituter(into, [cacheAt(server.url)]).substitute([top], {
      progress: (progress) => {
        seen.push(progress.bytes.done)
        last = progress
      },
    })
    expect(last).toMatchObject({ paths: { done: 3, all: 3 }, active: [] })
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    const { bytes } = last as { bytes: { done: number; all: number } }
    expect(bytes.done).toBe(bytes.all)
  })

  test("stopped, it stops, and goes on another time", async () => {
    const into = memoryStore()
    const stop = new AbortController()
    const substituter = new Substituter(into, [cacheAt(server.url)])
    server.trouble = (_, path) => {
      if (path === narOf(low)) stop.abort()
      return undefined
    }
    expect(await codeOf(substituter.substitute([top], { signal: stop.signal }))).toBe("cancelled")
    expect(await into.isValid(top)).toBe(false)
    server.trouble = () => undefined
    await substituter.substitute([top])
    expect(await into.isValid(top)).toBe(true)
  })

  test("a proxy is a fetch of its own", async () => {
    const asked: string[] = []
    const fetch = (url: string, init?: RequestInit): Promise<Response> => {
      asked.push(url)
      return globalThis.fetch(url.replace("https://cache.example", server.url), init)
    }
    await getFrom(cacheAt("https://cache.example/", { fetch }))
    expect(asked[0]).toBe("https://cache.example/nix-cache-info")
  })
})

describe("uploading", () => {
  test("archives go first, references before what refers to them, and what is there stays", async () => {
    const into = new Map<string, Uint8Array>()
    const target = await serveCache(into)
    try {
      await exportClosure(store, [low], uploadSink(target.url, { tries }), { secretKeys: [secret] })
      await exportClosure(store, [top], uploadSink(target.url, { tries }), { secretKeys: [secret] })
      const puts = target.requests.filter((line) => line.startsWith("PUT")).map((line) => line.slice(4))
      expect(new Set(puts).size).toBe(puts.length)
      const at = (path: StorePath): number => puts.indexOf(`${hashPart(path)}.narinfo`)
      expect(at(low)).toBeLessThan(at(top))
      for (const path of [low, text, top]) expect(puts[at(path) - 1]).toBe(narOf(path))
      await new Substituter(memoryStore(), [cacheAt(target.url)]).substitute([top])
    } finally {
      await target.close()
    }
  })

  test("a server that takes none is denied", async () => {
    const target = await serveCache(new Map())
    target.trouble = (request) => (request.method === "PUT" ? { status: 405 } : undefined)
    expect(await codeOf(exportClosure(store, [top], uploadSink(target.url, { tries })))).toBe("denied")
    await target.close()
  })

  test("an archive of the store that is damaged is not exported", async () => {
    const info = await store.require(low)
    await store.stores.infos.putMany([{ ...info, narSize: info.narSize + 1 }])
    const into = new Map<string, Uint8Array>()
    expect(await codeOf(exportClosure(store, [top], mapSink(into)))).toBe("damaged")
    expect(into.has(`${hashPart(low)}.narinfo`)).toBe(false)
  })

  test("only none and gzip can be written", () => {
    expect(writableCompression("gzip")).toBe("gzip")
    for (const name of ["xz", "zstd", "br", "bzip2"])
      expect(() => writableCompression(name)).toThrow(expect.objectContaining({ code: "unsupported" }))
  })
})

test("signatures of strangers do not count", async () => {
  expect(await codeOf(getFrom(cacheAt(server.url, { publicKeys: [publicKeyOf(stranger)] })))).toBe("invalid")
  expect(await codeOf(getFrom(cacheAt(server.url, { publicKeys: [] })))).toBe("invalid")
  expect(await sizeOf(await getFrom(cacheAt(server.url, { publicKeys: [], isTrusted: true })))).toBe(3)
})

test("nix-cache-info is read leniently", () => {
  expect(parseCacheInfo("StoreDir: /x\nWantMassQuery: 1\nPriority: -3\nOther: y\nnonsense")).toEqual({
    storeDir: "/x",
    wantMassQuery: true,
    priority: -3,
  })
  expect(parseCacheInfo("Priority: high")).toEqual({ storeDir: undefined, wantMassQuery: false })
})
