// Fetching in Chromium: over the browser's own fetch, from a server that allows it and from one that does not, through the gateway.
import { afterAll, beforeAll, expect, test } from "vitest"
import { commands } from "vitest/browser"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { CastoreFetchStore } from "../../engine/fetch/castore-fetch-store.ts"
import { MemoryFetchCache } from "../../engine/fetch/fetch-cache.ts"
import type { FetchContext } from "../../engine/fetch/fetch-context.ts"
import { defaultFetchSettings } from "../../engine/fetch/fetch-settings.ts"
import { importArchive } from "../../engine/fetch/import-archive.ts"
import { importFolder } from "../../engine/fetch/import-files.ts"
import { type ProxyRule, proxied } from "../../engine/fetch/proxy.ts"
import { SourceFetcher } from "../../engine/fetch/source-fetcher.ts"
import { webFetcher } from "../../engine/fetch/web-fetcher.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { Store } from "../../engine/store/store.ts"

declare module "vitest/browser" {
  interface BrowserCommands {
    /** Starts the server of archives and a gateway that fetches from it for pages of an origin. */
    startSources(origin: string): Promise<{ readonly base: string; readonly gateway: string }>
    /** Stops them; gives what the server was asked. */
    stopSources(base: string): Promise<readonly string[]>
  }
}

let base: string
let gateway: string
beforeAll(async () => {
  await initHashes()
  ;({ base, gateway } = await commands.startSources(location.origin))
})
afterAll(async () => {
  await commands.stopSources(base)
})

const storeOf = (): Store =>
  new Store({ blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() })

function fetcherOf(rules: readonly ProxyRule[], more: Partial<FetchContext> = {}): SourceFetcher {
  return new SourceFetcher({
    fetcher: proxied(
      webFetcher((url, init) => fetch(url, init), "unseen"),
      rules,
    ),
    store: new CastoreFetchStore(storeOf()),
    cache: new MemoryFetchCache(),
    settings: { ...defaultFetchSettings, downloadAttempts: 1 },
    now: () => Date.now() / 1000,
    wait: async () => {},
    warn: () => {},
    ...more,
  })
}

const source = "/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source"
const through = (): ProxyRule[] => [{ host: "*", route: "direct-then-proxy", proxy: `${gateway}/fetch?url=` }]
const tarball = (path: string) => ({ url: `${base}/${path}`, name: "source", unpack: true })

test.each(["plain.tar", "plain.tar.gz", "plain.tar.xz", "plain.tar.bz2", "plain.tar.zst"])(
  "%s of a server that allows it",
  async (name) => {
    expect(await fetcherOf([]).download(tarball(`cors/${name}`))).toBe(source)
  },
)

test("a server that does not allow it: the error names the way out", async () => {
  await expect(fetcherOf([]).download({ url: `${base}/hello.txt`, name: "hello.txt", unpack: false })).rejects.toMatchObject({
    message: `unable to download '${base}/hello.txt': Failed to fetch (the server cannot be reached, or does not allow pages of other origins: a proxy can be set for it)`,
  })
})

test("the gateway fetches instead, redirections included", async () => {
  expect(await fetcherOf(through()).download(tarball("redirect/3/plain.tar.gz"))).toBe(source)
  expect(await fetcherOf(through()).download({ url: `${base}/hello.txt`, name: "hello.txt", unpack: false })).toBe(
    "/nix/store/gy454w1cxaq731grqwylhzf4pp9r5izh-hello.txt",
  )
})

test("the gateway passes on where an archive will always be", async () => {
  const input = new Map([
    ["type", "tarball"],
    ["url", `${base}/immutable/attrs/plain.tar`],
  ])
  const { attrs, storePath } = await fetcherOf(through()).fetchTree(input)
  expect(storePath).toBe(source)
  expect(Object.fromEntries(attrs)).toEqual({
    type: "tarball",
    url: `${base}/plain.tar.gz`,
    rev: "1234567890123456789012345678901234567890",
    revCount: 17,
    lastModified: 1234567,
    narHash: "sha256-DGJn5Kvc6KBl7RoFoRIyu9gRH6t/gmzlAo3zBNura14=",
  })
})

test("errors of the server and of the gateway are told apart by their texts", async () => {
  const ask = (url: string) => fetcherOf(through()).download({ url, name: "x", unpack: false })
  await expect(ask(`${base}/status/404/x`)).rejects.toMatchObject({
    message: `unable to download '${base}/status/404/x': HTTP error 404\n\nresponse body:\n\nno such thing here`,
  })
  await expect(ask("http://127.0.0.2/x")).rejects.toMatchObject({
    message: expect.stringMatching(/HTTP error 403.*does not fetch from 127\.0\.0\.2/s),
  })
})

test("a download is stopped in the middle", async () => {
  const stop = new AbortController()
  const slow = fetcherOf(through(), { signal: stop.signal, progress: () => stop.abort() })
  await expect(slow.download(tarball("slow/plain.tar.gz"))).rejects.toMatchObject({ message: "interrupted by the user" })
})

test("an archive that breaks off is an error", async () => {
  await expect(fetcherOf(through()).download(tarball("short/plain.tar"))).rejects.toMatchObject({ kind: "error" })
})

test("a folder of the browser's file system is imported, and an archive as a file", async () => {
  const root = await navigator.storage.getDirectory()
  const folder = await root.getDirectoryHandle("import-test", { create: true })
  const sub = await folder.getDirectoryHandle("gr\u00fc\u00df", { create: true })
  const writable = await (await sub.getFileHandle("a", { create: true })).createWritable()
  await writable.write("contents")
  await writable.close()
  await folder.getDirectoryHandle("empty", { create: true })
  const store = storeOf()
  const { node, path } = await importFolder(store, folder, { name: "folder" })
  expect(node).toMatchObject({ kind: "directory", size: 3 })
  expect(await store.isValid(path ?? ("" as never))).toBe(true)
  await root.removeEntry("import-test", { recursive: true })
  const bytes = await (await fetch(`${base}/cors/plain.tar.xz`)).arrayBuffer()
  const archive = await importArchive(store, new File([bytes], "plain.tar.xz"), "plain.tar.xz", { name: "source" })
  expect(`/nix/store/${archive.path}`).toBe(source)
})
