// A configuration of stores as a tab would have it, against a gateway that wants a token: each protocol, and the cache in front.
import { afterAll, beforeAll, expect, test } from "vitest"
import { directoryDigest } from "../../engine/castore/directory.ts"
import type { StoreError } from "../../engine/castore/error.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { remoteBlobStoreTypes, remoteDirectoryStoreTypes, storageTypes } from "../../engine/castore/remote-store-types.ts"
import { hashNar } from "../../engine/castore/render-nar.ts"
import { composeCastore } from "../../engine/castore/store-types.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { codeOf, randomBytes } from "../castore/contract.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const token = "a-token-of-the-tests-which-is-long-enough"

let running: RunningGateway
beforeAll(async () => void (running = await startGateway({ access: { origins: [], hosts: [], tokens: [token] } })))
afterAll(() => running.close())

/** The stores of a tab, with a cache in front of a server. */
function compose(server: Record<string, string>) {
  const storage = { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore() }
  const faults: StoreError[] = []
  const config = {
    root: { type: "cache", near: "tab", far: "proved" },
    tab: { type: "storage" },
    proved: { type: "verifying", store: "server" },
    server,
  }
  const host = { fetch: (url: string, init?: RequestInit) => fetch(url, init) }
  const own = storageTypes(storage)
  const composed = composeCastore(
    { blobs: config, directories: config },
    { sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)), report: (fault) => void faults.push(fault) },
    { blobs: { ...own.blobs, ...remoteBlobStoreTypes(host) }, directories: { ...own.directories, ...remoteDirectoryStoreTypes(host) } },
  )
  return { ...composed, storage, faults }
}

test.each(["http", "connect", "grpc-web"])("a tree is read from a gateway (%s) once, then from the tab", async (type) => {
  const ingest = new TreeIngest(running.stores.blobs, running.stores.directories)
  for (let i = 0; i < 50; i++) await ingest.file(`d${i % 7}/f${i}`, i % 2 === 0, randomBytes(i * 100, i))
  await ingest.file("large", false, randomBytes(1_500_000, 99))
  const root = await ingest.finish()
  const expected = await hashNar(running.stores, root)

  const url = type === "http" ? `${running.url}/castore` : running.url
  const { blobs, directories, storage, faults } = compose({ type, url, token })
  const stores = { blobs: await blobs.get(), directories: await directories.get() }
  expect(await hashNar(stores, root)).toEqual(expected)
  expect(await hashNar(storage, root)).toEqual(expected)
  expect(faults).toEqual([])

  const denied = await compose({ type, url }).directories.get()
  expect(await codeOf(denied.get(directoryDigest(new Map())))).toBe("denied")
})

test("a URL of another kind is refused", async () => {
  expect(await codeOf(compose({ type: "http", url: "ftp://example.org" }).blobs.get())).toBe("invalid")
  expect(await codeOf(compose({ type: "connect", url: "" }).directories.get())).toBe("invalid")
  expect(await codeOf(compose({ type: "grpc-web", url: "http://a", tokens: "x" }).blobs.get())).toBe("invalid")
})
