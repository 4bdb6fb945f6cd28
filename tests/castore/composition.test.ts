// Stores out of a configuration.
import { beforeAll, describe, expect, test } from "vitest"
import type { BlobStore } from "../../engine/castore/blob-store.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { type CompositionHost, composeCastore } from "../../engine/castore/store-types.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytesOf, sameBytes } from "./contract.ts"

beforeAll(initHashes)

const host: CompositionHost = {
  sleep: async () => {},
  report: (fault) => {
    throw fault
  },
}

function blobsOf(blobs: unknown, types: Parameters<typeof composeCastore>[2] = {}) {
  return composeCastore({ blobs, directories: {} }, host, types).blobs
}

async function faultOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    if (error instanceof StoreError) return `${error.code}: ${error.message}`
    throw error
  }
  return "nothing thrown"
}

describe("a composition", () => {
  test("stores refer to each other by name, each is made once", async () => {
    const made: string[] = []
    const composition = blobsOf(
      {
        root: { type: "cache", near: "local", far: "servers" },
        servers: { type: "priority", stores: ["one", "two"], retries: 1, backoff: 10 },
        one: { type: "read-only", store: "two" },
        two: { type: "verifying", store: "server" },
        server: { type: "server", url: "https://example.org", token: "t" },
        local: { type: "memory" },
        unused: { type: "server" },
      },
      {
        blobs: {
          server: (fields) => {
            made.push(
              fields.text("url"),
              fields.textOr("token", "none"),
              `${fields.numberOr("port", 443)}`,
              `${fields.booleanOr("fast", true)}`,
            )
            return new MemoryBlobStore()
          },
        },
      },
    )
    const [root, server, again] = await Promise.all([composition.get(), composition.get("server"), composition.get("root")])
    expect(again).toBe(root)
    expect(made).toEqual(["https://example.org", "t", "443", "true"])
    const [digest] = await server.putMany([bytesOf("x")])
    expect(sameBytes((await root.getMany([digest!]))[0], bytesOf("x"))).toBe(true)
    expect((await (await composition.get("local")).missing([digest!])).size).toBe(0)
    expect(composition.names).toContain("unused")
  })

  test("directories are composed likewise", async () => {
    const { directories } = composeCastore(
      {
        blobs: {},
        directories: {
          root: { type: "first", stores: ["a", "b"] },
          a: { type: "cache", near: "m", far: "b" },
          b: { type: "read-only", store: "v" },
          v: { type: "verifying", store: "p" },
          p: { type: "priority", stores: ["m"] },
          m: { type: "memory" },
        },
      },
      host,
    )
    const [digest] = await (await directories.get("m")).putMany([new Map()])
    expect((await (await directories.get()).get(digest!))?.size).toBe(0)
  })

  test("mistakes are told with the name of the store and what would be right", async () => {
    expect(await faultOf(blobsOf({}).get())).toBe("invalid: there is no store 'root' of blobs; there is none")
    expect(await faultOf(blobsOf({ root: { type: "cache", near: "a", far: "b" }, a: { type: "memory" } }).get())).toBe(
      "invalid: there is no store 'b' of blobs; there is 'root', 'a'",
    )
    expect(await faultOf(blobsOf({ root: { type: "sled" } }).get())).toBe(
      "invalid: the configuration of the store 'root' of blobs is wrong: 'type' is 'sled', which is not known; " +
        "known are 'memory', 'cache', 'first', 'priority', 'read-only', 'verifying'",
    )
    expect(await faultOf(blobsOf({ root: { type: "toString" } }).get())).toMatch(/'type' is 'toString', which is not known/)
    expect(await faultOf(blobsOf({ root: {} }).get())).toMatch(/'type' is missing/)
    expect(await faultOf(blobsOf({ root: [] }).get())).toBe("invalid: the configuration of the store 'root' of blobs is not an object")
    expect(await faultOf(blobsOf({ root: { type: "memory", size: 5 } }).get())).toMatch(/'size' is not known for this type/)
    expect(await faultOf(blobsOf({ root: { type: "cache", near: 5 } }).get())).toMatch(/'near' is not a text/)
    expect(await faultOf(blobsOf({ root: { type: "first", stores: [] } }).get())).toMatch(/'stores' is empty/)
    expect(await faultOf(blobsOf({ root: { type: "first", stores: "a" } }).get())).toMatch(/'stores' is not a list of texts/)
    expect(await faultOf(blobsOf({ a: { type: "memory" }, root: { type: "priority", stores: ["a"], retries: -1 } }).get())).toMatch(
      /'retries' is not a number/,
    )
    expect(() => blobsOf(null)).toThrow(expect.objectContaining({ code: "invalid" }))
  })

  test("a store that needs itself is told with the way round", async () => {
    expect(await faultOf(blobsOf({ root: { type: "read-only", store: "root" } }).get())).toBe(
      "invalid: the store 'root' of blobs needs itself: 'root' needs 'root'",
    )
    const round = {
      a: { type: "read-only", store: "b" },
      b: { type: "verifying", store: "c" },
      c: { type: "first", stores: ["m", "a"] },
      m: { type: "memory" },
    }
    expect(await faultOf(blobsOf(round).get("a"))).toBe("invalid: the store 'c' of blobs needs itself: 'c' needs 'a' needs 'b' needs 'c'")
    // However the stores are asked for, none waits for another for ever.
    const composition = blobsOf(round)
    const all = await Promise.all(["b", "c", "a"].map((name) => faultOf(composition.get(name))))
    for (const fault of all) expect(fault).toMatch(/needs itself/)
    expect(await composition.get("m")).toBeInstanceOf(MemoryBlobStore)
  })

  test("a store that could not be made is tried again when it is asked for again", async () => {
    let tries = 0
    const store: BlobStore = new MemoryBlobStore()
    const composition = blobsOf(
      { root: { type: "read-only", store: "disk" }, disk: { type: "disk" } },
      {
        blobs: {
          disk: async () => {
            if (tries++ === 0) throw new StoreError("denied", "not now")
            return store
          },
        },
      },
    )
    expect(await faultOf(composition.get())).toBe("denied: not now")
    await composition.get()
    expect(await composition.get("disk")).toBe(store)
    expect(tries).toBe(2)
  })
})
