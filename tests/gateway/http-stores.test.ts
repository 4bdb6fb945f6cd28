// Stores over plain HTTP: the gateway's files below /castore/, a static host without ranges, and hosts that fail.
import { afterEach, describe, expect, test } from "vitest"
import { readAll } from "../../engine/castore/blob-reader.ts"
import type { BlobStore } from "../../engine/castore/blob-store.ts"
import { directoryDigest, directoryOf, directoryToBytes } from "../../engine/castore/directory.ts"
import { HttpBlobStore, parseChunks, printChunks } from "../../engine/castore/http-blob-store.ts"
import { HttpDirectoryStore } from "../../engine/castore/http-directory-store.ts"
import type { HttpFetch } from "../../engine/castore/http-source.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { bytesOf, codeOf, collect, randomBytes, sameBytes, unknown } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"
import { hasty, type RunningGateway, startGateway } from "./server.ts"

blobStoreContract("HttpBlobStore", async () => {
  const { url, stores, close } = await startGateway()
  return { store: new HttpBlobStore(`${url}/castore`, { retry: hasty }), fill: stores.blobs, close }
})

directoryStoreContract("HttpDirectoryStore", async () => {
  const { url, stores, close } = await startGateway()
  return { store: new HttpDirectoryStore(`${url}/castore/`, { retry: hasty }), fill: stores.directories, close }
})

/** A host that holds files and knows no ranges. */
function staticHost(files: ReadonlyMap<string, Uint8Array>): HttpFetch {
  return async (url, init) => {
    const bytes = files.get(new URL(url).pathname)
    if (bytes === undefined) return new Response("no", { status: 404 })
    return new Response(init?.method === "HEAD" ? null : new Uint8Array(bytes), { status: 200 })
  }
}

async function exported(blobs: BlobStore, bytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const [digest] = await blobs.putMany([bytes])
  return new Map([
    [`/castore/blobs/${digest}`, bytes],
    [`/castore/blobs/${digest}.chunks`, bytesOf(printChunks((await blobs.chunks(digest!))!))],
  ])
}

describe("a static host without ranges", () => {
  test("large blobs are read in ranges all the same", async () => {
    const { stores, close } = await startGateway()
    const bytes = randomBytes(3_000_000, 5)
    const files = await exported(stores.blobs, bytes)
    const store = new HttpBlobStore("https://static.example/castore", { fetch: staticHost(files) })
    const [digest] = await stores.blobs.putMany([bytes])
    const reader = (await store.open(digest!))!
    expect(sameBytes(await reader.read(1_500_000, 1_500_100), bytes.slice(1_500_000, 1_500_100))).toBe(true)
    expect(sameBytes(await collect(reader.stream(2_222_222)), bytes.slice(2_222_222))).toBe(true)
    expect(sameBytes(await readAll(reader), bytes)).toBe(true)
    await close()
  })

  test("a flipped bit is found, in a chunk and in the list of chunks", async () => {
    const blobs = new MemoryBlobStore()
    const bytes = randomBytes(3_000_000, 6)
    const [digest] = await blobs.putMany([bytes])
    const files = await exported(blobs, bytes)
    const store = new HttpBlobStore("https://static.example/castore", { fetch: staticHost(files) })
    const bad = bytes.slice()
    bad[2_000_000] = bad[2_000_000]! ^ 4
    files.set(`/castore/blobs/${digest}`, bad)
    const reader = (await store.open(digest!))!
    expect(await codeOf(collect(reader.stream()))).toBe("damaged")
    expect(await codeOf(reader.read(1_999_999, 2_000_001))).toBe("damaged")
    expect(await codeOf(store.getMany([digest!]))).toBe("damaged")
    files.set(`/castore/blobs/${digest}.chunks`, bytesOf("no list"))
    expect(await codeOf(store.open(digest!))).toBe("damaged")
  })
})

test("a host that fails is asked again; a host that refuses is not", async () => {
  const answers: { status: number; calls: number }[] = []
  const failing = (status: number): HttpFetch => {
    const count = { status, calls: 0 }
    answers.push(count)
    return async () => {
      count.calls++
      return new Response("", { status })
    }
  }
  for (const [status, code] of [
    [500, "unreachable"],
    [429, "unreachable"],
    [403, "denied"],
    [401, "denied"],
  ] as const) {
    const store = new HttpBlobStore("https://static.example", { fetch: failing(status), retry: hasty })
    expect(await codeOf(store.open(unknown))).toBe(code)
  }
  expect(answers.map(({ calls }) => calls)).toEqual([3, 3, 1, 1])
  const broken = new HttpBlobStore("https://static.example", { fetch: () => Promise.reject(new TypeError("fetch failed")), retry: hasty })
  expect(await codeOf(broken.missing([unknown]))).toBe("unreachable")
})

test("nothing can be written", async () => {
  const blobs = new HttpBlobStore("https://static.example")
  expect(await codeOf(blobs.putMany([bytesOf("x")]))).toBe("read-only")
  expect(await codeOf(blobs.write().write(bytesOf("x")))).toBe("read-only")
  expect(await codeOf(blobs.write().close())).toBe("read-only")
  const directories = new HttpDirectoryStore("https://static.example")
  expect(await codeOf(directories.putMany([new Map()]))).toBe("read-only")
})

test("lists of chunks go to text and back, and nothing else is a list", () => {
  const chunks = [
    { digest: unknown, size: 5 },
    { digest: unknown, size: 7 },
  ]
  expect(parseChunks(printChunks(chunks))).toEqual(chunks)
  for (const text of [
    "",
    "x\n",
    `${unknown} 5`,
    `${unknown} 0\n`,
    `${unknown} -1\n`,
    `${unknown} 5\n\n`,
    `${unknown.toUpperCase()}A 5\n`,
  ]) {
    expect(() => parseChunks(text), text).toThrow(/list of chunks/)
  }
})

describe("the files of the gateway", () => {
  let running: RunningGateway
  afterEach(() => running.close())

  test("have ranges, types, and leave to keep them for ever", async () => {
    running = await startGateway()
    const [digest] = await running.stores.blobs.putMany([bytesOf("0123456789")])
    const url = `${running.url}/castore/blobs/${digest}`
    const ask = async (range?: string, method = "GET") => {
      const response = await fetch(url, { method, headers: range === undefined ? {} : { range } })
      return [response.status, response.headers.get("content-range"), await response.text()]
    }
    expect(await ask()).toEqual([200, null, "0123456789"])
    expect(await ask("bytes=2-4")).toEqual([206, "bytes 2-4/10", "234"])
    expect(await ask("bytes=7-")).toEqual([206, "bytes 7-9/10", "789"])
    expect(await ask("bytes=-2")).toEqual([206, "bytes 8-9/10", "89"])
    expect(await ask("bytes=5-999")).toEqual([206, "bytes 5-9/10", "56789"])
    expect(await ask("bytes=10-")).toEqual([416, "bytes */10", ""])
    expect(await ask("bytes=1-2,4-5")).toEqual([200, null, "0123456789"])
    expect(await ask("bytes=2-4", "HEAD")).toEqual([206, "bytes 2-4/10", ""])
    const headers = (await fetch(url)).headers
    expect(headers.get("content-type")).toBe("application/octet-stream")
    expect(headers.get("cache-control")).toMatch(/immutable/)
    expect(headers.get("x-content-type-options")).toBe("nosniff")
  })

  test("are found by lower-case digests alone", async () => {
    running = await startGateway()
    const directory = directoryOf([["a", { kind: "symlink", target: "b" }]])
    await running.stores.directories.putMany([directory])
    const status = async (path: string) => (await fetch(`${running.url}/castore/${path}`)).status
    const digest = directoryDigest(directory)
    expect(await status(`directories/${digest}`)).toBe(200)
    expect(
      sameBytes(
        new Uint8Array(await (await fetch(`${running.url}/castore/directories/${digest}`)).arrayBuffer()),
        directoryToBytes(directory),
      ),
    ).toBe(true)
    for (const path of [
      `directories/${unknown}`,
      `blobs/${digest}`,
      `directories/${digest}x`,
      "directories/",
      `directories/${digest}.chunks`,
      "",
    ]) {
      expect(await status(path), path).toBe(404)
    }
  })
})
