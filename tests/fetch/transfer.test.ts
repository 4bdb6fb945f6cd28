// Transfers: what is asked again and what is not, what is remembered and for how long, limits, stopping, proxies, tokens.

import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { MemoryFetchCache } from "../../engine/fetch/fetch-cache.ts"
import type { FetchContext } from "../../engine/fetch/fetch-context.ts"
import { defaultFetchSettings, type FetchSettings } from "../../engine/fetch/fetch-settings.ts"
import { type Fetcher, TransferError } from "../../engine/fetch/fetcher.ts"
import { accessToken } from "../../engine/fetch/forge.ts"
import { type ProxyRule, proxied } from "../../engine/fetch/proxy.ts"
import { SourceFetcher } from "../../engine/fetch/source-fetcher.ts"
import { webFetcher } from "../../engine/fetch/web-fetcher.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { clock, memoryStores } from "../store/eval-io-run.ts"
import { startServer, type TestServer } from "./server.ts"
import { contextOf } from "./tab.ts"
import { tar } from "./tar-writer.ts"

let server: TestServer
beforeAll(async () => {
  await initHashes()
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.asked.length = 0
  server.headers.length = 0
})

const settings = (more: Partial<FetchSettings>): FetchSettings => ({ ...defaultFetchSettings, downloadAttempts: 1, ...more })
const fetcherOf = (context: Partial<FetchContext> = {}, stores?: Stores): SourceFetcher =>
  new SourceFetcher(contextOf({ base: server.base, context, ...(stores === undefined ? {} : { stores }) }))
const url = (path: string): string => `${server.base}/${path}`
const download = (path: string, name = "name", unpack = false) => ({ url: url(path), name, unpack })

async function objects(stores: Stores): Promise<number> {
  let count = 0
  for await (const infos of stores.infos.list()) count += infos.length
  return count
}

/** An answer of a Fetcher made up here. */
function answer(status: number, text = "", headers: Readonly<Record<string, string>> = {}): Awaited<ReturnType<Fetcher>> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield new TextEncoder().encode(text)
  }
  return { status, urls: ["http://x/"], header: (name) => headers[name] ?? null, body: body() }
}

describe("again", () => {
  const tries = async (
    fetcher: Fetcher,
    attempts = 5,
  ): Promise<{ readonly path: string | null; readonly waits: number[]; readonly warnings: string[] }> => {
    const waits: number[] = []
    const warnings: string[] = []
    const source = fetcherOf({
      fetcher,
      settings: settings({ downloadAttempts: attempts }),
      wait: async (ms) => void waits.push(ms),
      warn: (message) => void warnings.push(message),
    })
    const path = await source.download({ url: "http://x/a", name: "a", unpack: false }).catch(() => null)
    return { path, waits, warnings }
  }

  test.each([500, 502, 503, 408, 429])("status %i is asked again, later and later", async (status) => {
    let asked = 0
    const { path, waits, warnings } = await tries(async () => answer(++asked < 4 ? status : 200, "good"))
    expect([asked, path === null, waits.length]).toEqual([4, false, 3])
    expect(waits).toEqual([...waits].sort((a, b) => a - b))
    expect(warnings[0]).toBe(
      `unable to download 'http://x/a': HTTP error ${status}\n\nresponse body:\n\ngood; retrying in ${waits[0]} ms (attempt 1/5)`,
    )
  })

  test("the server may say when", async () => {
    const { waits } = await tries(async () => answer(503, "", { "retry-after": "7" }), 2)
    expect(waits).toEqual([7000])
  })

  test.each([400, 401, 403, 404, 410, 501, 505, 511])("status %i is not asked again", async (status) => {
    let asked = 0
    const { path } = await tries(async () => {
      asked++
      return answer(status)
    })
    expect([asked, path]).toEqual([1, null])
  })

  test("a body that breaks off is asked for as a whole", async () => {
    let asked = 0
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode("wrong")
      throw new TransferError("Transferred a partial file", { status: 200, isTransient: true })
    }
    const { path } = await tries(async () => (++asked === 1 ? { ...answer(200), body: broken() } : answer(200, "good")))
    const { path: wanted } = await tries(async () => answer(200, "good"))
    expect(asked).toBe(2)
    expect(path).toBe(wanted)
  })

  test("not more often than allowed", async () => {
    let asked = 0
    const { path } = await tries(async () => {
      asked++
      throw new TransferError("Could not connect to server (7)", { isTransient: true })
    }, 3)
    expect([asked, path]).toEqual([3, null])
  })
})

describe("the cache", () => {
  const fetched = (now: number, cache: MemoryFetchCache, stores: Stores, path: string, unpack: boolean): Promise<string> =>
    fetcherOf({ cache, now: () => now, warn: () => {} }, stores).download(download(path, "name", unpack))

  test.each([
    ["a file", "etag/hello.txt", false],
    ["an archive", "etag/plain.tar.gz", true],
  ] as const)("%s is not asked for within an hour, then by its etag", async (_, path, unpack) => {
    const [cache, stores] = [new MemoryFetchCache(), memoryStores()]
    const first = await fetched(clock, cache, stores, path, unpack)
    expect(await fetched(clock + 3599, cache, stores, path, unpack)).toBe(first)
    expect(server.asked.length).toBe(1)
    expect(await fetched(clock + 3601, cache, stores, path, unpack)).toBe(first)
    expect(server.asked.length).toBe(2)
    expect(server.headers[1]?.["if-none-match"]).toBe(server.headers[0]?.["if-none-match"] ?? `"${path.slice(5)}-1"`)
    // Asked just now: current for another hour.
    expect(await fetched(clock + 7000, cache, stores, path, unpack)).toBe(first)
    expect(server.asked.length).toBe(2)
  })

  test("knows the addresses on the way", async () => {
    const [cache, stores] = [new MemoryFetchCache(), memoryStores()]
    const first = await fetched(clock, cache, stores, "redirect/2/plain.tar.gz", true)
    expect(server.asked.length).toBe(3)
    for (const path of ["redirect/2/plain.tar.gz", "redirect/1/plain.tar.gz", "plain.tar.gz"])
      expect(await fetched(clock, cache, stores, path, true)).toBe(first)
    expect(server.asked.length).toBe(3)
  })

  test("is nothing where the store has lost the object", async () => {
    const cache = new MemoryFetchCache()
    const first = await fetched(clock, cache, memoryStores(), "plain.tar.gz", true)
    expect(await fetched(clock, cache, memoryStores(), "plain.tar.gz", true)).toBe(first)
    expect(server.asked.length).toBe(2)
  })

  test("gives an archive under another name without asking", async () => {
    const [cache, stores] = [new MemoryFetchCache(), memoryStores()]
    await fetched(clock, cache, stores, "plain.tar.gz", true)
    const other = await fetcherOf({ cache }, stores).download(download("plain.tar.gz", "other", true))
    expect(other).toBe("/nix/store/zp76i3mv1p3gbzyjiankbw27xf45k4np-other")
    expect(server.asked.length).toBe(1)
  })

  test("helps out with a file where the server is down, with a warning", async () => {
    const [cache, stores] = [new MemoryFetchCache(), memoryStores()]
    const first = await fetched(clock, cache, stores, "hello.txt", false)
    const warnings: string[] = []
    const down: Fetcher = async () => {
      throw new TransferError("Could not connect to server (7)")
    }
    const later = fetcherOf({ cache, fetcher: down, now: () => clock + 9999, warn: (message) => void warnings.push(message) }, stores)
    expect(await later.download(download("hello.txt"))).toBe(first)
    expect(warnings).toEqual([`unable to download '${url("hello.txt")}': Could not connect to server (7); using cached version`])
  })

  test("has revisions of hosting services for ever", async () => {
    const [cache, stores] = [new MemoryFetchCache(), memoryStores()]
    const input = new Map([
      ["type", "github"],
      ["owner", "owner"],
      ["repo", "repo"],
      ["rev", "a".repeat(40)],
    ])
    const first = await fetcherOf({ cache }, stores).fetchTree(input)
    const again = await fetcherOf({ cache, now: () => clock + 1e9 }, stores).fetchTree(input)
    expect(again).toEqual(first)
    expect(server.asked.length).toBe(1)
  })
})

describe("limits", () => {
  test("a file that does not end is given up", async () => {
    const stores = memoryStores()
    const fetcher = fetcherOf({ settings: settings({ maxDownload: 1_000_000 }) }, stores)
    const message = `the file at '${url("endless")}' is larger than 1000000 bytes, the most that is downloaded`
    await expect(fetcher.download(download("endless"))).rejects.toMatchObject({ message })
    expect(await objects(stores)).toBe(0)
  })

  test("an archive that unpacks to more than allowed is given up", async () => {
    const bomb = gzipSync(Buffer.concat([tar([{ name: "zeros", size: 50_000_000 }], ""), Buffer.alloc(50_000_000)]))
    const one: Fetcher = async () => ({
      ...answer(200),
      body: (async function* () {
        yield Uint8Array.from(bomb)
      })(),
    })
    const stores = memoryStores()
    const fetcher = fetcherOf({ fetcher: one, settings: settings({ maxUnpacked: 1_000_000 }) }, stores)
    await expect(fetcher.download({ url: "http://x/bomb.tar.gz", name: "source", unpack: true })).rejects.toMatchObject({ kind: "error" })
    expect(await objects(stores)).toBe(0)
  })

  test("an archive with more entries than allowed is given up", async () => {
    const fetcher = fetcherOf({ settings: settings({ maxEntries: 3 }) })
    await expect(fetcher.download(download("plain.tar.gz", "source", true))).rejects.toMatchObject({ kind: "error" })
  })
})

describe("stopping", () => {
  test.each([
    ["a file", "slow/plain.tar", false],
    ["an archive", "slow/plain.tar.gz", true],
  ] as const)("%s in the middle leaves nothing, and the next try succeeds", async (_, path, unpack) => {
    const stores = memoryStores()
    const stop = new AbortController()
    const progress = (): void => stop.abort()
    const stopped = fetcherOf({ signal: stop.signal, progress }, stores).download(download(path, "name", unpack))
    await expect(stopped).rejects.toMatchObject({ message: "interrupted by the user" })
    expect(await objects(stores)).toBe(0)
    await fetcherOf({}, stores).download(download(path.slice(5), "name", unpack))
    expect(await objects(stores)).toBe(1)
  })

  test("before the answer", async () => {
    const stop = new AbortController()
    const never: Fetcher = (_, { signal }) => new Promise((_done, fail) => signal?.addEventListener("abort", () => fail(signal.reason)))
    const stopped = fetcherOf({ fetcher: never, signal: stop.signal }).download(download("x"))
    stop.abort()
    await expect(stopped).rejects.toMatchObject({ message: "interrupted by the user" })
  })

  test("tells how far it is", async () => {
    const seen: (number | null)[][] = []
    await fetcherOf({ progress: ({ done, total }) => void seen.push([done, total]) }).download(download("plain.tar"))
    expect(seen.at(-1)).toEqual([10240, 10240].map(() => seen.at(-1)?.[1]))
    expect(seen.at(-1)?.[0]).toBeGreaterThan(1000)
  })
})

describe("as a browser has it", () => {
  const unseen = webFetcher((address, init) => fetch(address, init), "unseen")

  test("redirections are followed unseen; the last address is known", async () => {
    const found = await unseen(url("redirect/3/hello.txt"), { headers: new Map() })
    expect(found.urls).toEqual([url("redirect/3/hello.txt"), url("hello.txt")])
  })

  test("no header that needs a question beforehand is sent for an etag", async () => {
    await unseen(url("etag/hello.txt"), { headers: new Map(), etag: '"hello.txt-1"' })
    expect(server.headers[0]?.["if-none-match"]).toBeUndefined()
  })

  test("a refusal names the way out", async () => {
    const refuses = webFetcher(async () => {
      throw new TypeError("Failed to fetch")
    }, "unseen")
    await expect(refuses("http://x/", { headers: new Map() })).rejects.toMatchObject({
      message: "Failed to fetch (the server cannot be reached, or does not allow pages of other origins: a proxy can be set for it)",
    })
  })
})

describe("proxies", () => {
  const seen: string[] = []
  const record: Fetcher = async (address) => {
    seen.push(address)
    if (address.startsWith("https://refuses.org/")) throw new TransferError("Failed to fetch")
    return answer(200, "", { "x-thunkpad-final-url": "https://final.org/" })
  }
  const ask = async (rules: readonly ProxyRule[], address: string, headers: readonly (readonly [string, string])[] = []) => {
    seen.length = 0
    const { urls } = await proxied(record, rules)(address, { headers: new Map(headers) })
    return { seen: [...seen], urls }
  }
  const proxy = "https://gw.org/fetch?url="
  const via = (address: string): string => `https://gw.org/fetch?url=${encodeURIComponent(address)}`

  test("are asked for the hosts of their rules, the first that fits", async () => {
    const rules: ProxyRule[] = [
      { host: "direct.org", route: "direct" },
      { host: "*.sub.org", route: "proxy", proxy },
      { host: "refuses.org", route: "direct-then-proxy", proxy },
    ]
    expect((await ask(rules, "https://direct.org/a?b=c")).seen).toEqual(["https://direct.org/a?b=c"])
    expect((await ask(rules, "https://a.sub.org/a?b=c")).seen).toEqual([via("https://a.sub.org/a?b=c")])
    expect((await ask(rules, "https://sub.org/")).seen).toEqual([via("https://sub.org/")])
    expect((await ask(rules, "https://notsub.org/")).seen).toEqual(["https://notsub.org/"])
    expect((await ask(rules, "https://refuses.org/x")).seen).toEqual(["https://refuses.org/x", via("https://refuses.org/x")])
    expect((await ask([{ host: "*", route: "proxy", proxy }], "https://any.org/")).urls).toEqual(["https://any.org/", "https://final.org/"])
  })

  test("do not see tokens unless they are trusted", async () => {
    const token = [["authorization", "token x"]] as const
    expect((await ask([{ host: "*", route: "proxy", proxy }], "https://a.org/", token)).seen).toEqual(["https://a.org/"])
    expect((await ask([{ host: "*", route: "proxy", proxy, trusted: true }], "https://a.org/", token)).seen).toEqual([
      via("https://a.org/"),
    ])
  })

  test("fetch for real through a proxy that is one", async () => {
    const gateway = http.createServer((req, res) => {
      const target = new URL(req.url ?? "", "http://x").searchParams.get("url") ?? ""
      http.get(target, (inner) => inner.pipe(res.writeHead(inner.statusCode ?? 500, { "X-Thunkpad-Final-Url": target })))
    })
    await new Promise<void>((done) => gateway.listen(0, "127.0.0.1", done))
    const prefix = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/fetch?url=`
    const fetcher = proxied(
      webFetcher((a, init) => fetch(a, init), "unseen"),
      [{ host: "127.0.0.1", route: "proxy", proxy: prefix }],
    )
    const path = await fetcherOf({ fetcher }).download(download("plain.tar.gz", "source", true))
    expect(path).toBe("/nix/store/aabxry2pbba71qw0w1zywr5hqwmqfazk-source")
    gateway.close()
    gateway.closeAllConnections()
  })
})

describe("secrets", () => {
  test("a user and password in an address go into a header", async () => {
    const asked: [string, string | undefined][] = []
    const fetcher: Fetcher = async (address, { headers }) => {
      asked.push([address, headers.get("authorization")])
      return answer(200, "x")
    }
    await fetcherOf({ fetcher }).download({ url: "https://me:s%40crt@example.org/a", name: "a", unpack: false })
    expect(asked).toEqual([["https://example.org/a", `Basic ${btoa("me:s@crt")}`]])
  })

  test("headers for one server are not sent to the next", async () => {
    const other = await startServer()
    const real = webFetcher((a, init) => fetch(a, init), "seen")
    await real(url("redirect-away/hello.txt"), { headers: new Map([["authorization", "secret"]]) })
    expect(server.headers.map((h) => h.authorization)).toEqual(["secret", "secret"])
    server.headers.length = 0
    const away: typeof fetch = async (a, init) =>
      String(a).startsWith(server.base)
        ? new Response(null, { status: 302, headers: { location: `${other.base}/hello.txt` } })
        : fetch(a, init)
    await webFetcher((a, init) => away(a, init), "seen")(url("x"), {
      headers: new Map([
        ["authorization", "secret"],
        ["accept", "y"],
      ]),
    })
    expect(other.headers.map((h) => [h.authorization, h.accept])).toEqual([[undefined, "y"]])
    await other.close()
  })

  test("access tokens are those of the longest beginning, whole parts only", () => {
    const tokens = new Map([
      ["github.com", "all"],
      ["github.com/owner", "owner"],
      ["github.com/owner/repo", "repo"],
      ["git.org/own", "part"],
    ])
    expect(accessToken(tokens, "github.com", "owner", "repo")).toBe("repo")
    expect(accessToken(tokens, "github.com", "owner", "other")).toBe("owner")
    expect(accessToken(tokens, "github.com", "owner2", "repo")).toBe("all")
    expect(accessToken(tokens, "git.org", "owner", "repo")).toBeUndefined()
  })
})
