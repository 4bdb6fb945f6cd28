// Binary caches in the built page: what is missing is substituted in every compression, under the policies that the page and its
// worker really have, and a cache that lies is not believed.
import { spawnSync } from "node:child_process"
import { brotliCompressSync } from "node:zlib"
import { beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { mapSink } from "../store/cache-server.ts"
import { addOutput, memoryStore } from "../store/memory-store.ts"
import { builtSite } from "./built-site.ts"
import { type EnginePage, openEngine } from "./engine-page.ts"

const secret = secretKeyFromSeed("page-1", new Uint8Array(32).fill(8))
const publicKeys = [printKey(publicKeyOf(secret))]

const site = builtSite()
let page: EnginePage
const files = new Map<string, Uint8Array>()

/** The compressions whose programs are here; an object for each, and how its archive is compressed. */
const compress: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  none: (bytes) => bytes,
  br: (bytes) => brotliCompressSync(bytes),
}
for (const program of ["gzip", "xz", "zstd", "bzip2"])
  if (spawnSync(program, ["--version"]).status === 0)
    compress[program] = (bytes) => spawnSync(program, ["-c"], { input: bytes, maxBuffer: 2 ** 26 }).stdout
  else test.skip(`${program} is not on PATH`, () => {})

const paths = new Map<string, StorePath>()

beforeAll(async () => {
  await initHashes()
  const store = memoryStore()
  for (const [name, pack] of Object.entries(compress)) {
    const path = await addOutput(store, `from-${name}`, { text: `by ${name}`, large: `${name} `.repeat(50_000) })
    paths.set(name, path)
    const own = new Map<string, Uint8Array>()
    await exportClosure(store, [path], mapSink(own), { compression: "none", secretKeys: [secret] })
    const narinfo = Buffer.from(own.get(`${hashPart(path)}.narinfo`)!).toString("latin1")
    const url = /^URL: (.*)$/m.exec(narinfo)![1]!
    files.set(url, pack(own.get(url)!))
    const packed = narinfo.replace("Compression: none", `Compression: ${name}`).replace(/^File.*\n/gm, "")
    files.set(`${hashPart(path)}.narinfo`, Buffer.from(packed, "latin1"))
    files.set("nix-cache-info", own.get("nix-cache-info")!)
  }
  page = await openEngine(site.browser, site.url)
  await page.page.context().route("https://cache.example/**", async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1)
    const body = files.get(name)
    const headers = { "access-control-allow-origin": "*" }
    await route.fulfill(body === undefined ? { status: 404, headers } : { status: 200, headers, body: Buffer.from(body) })
  })
})

/** Evaluates with the cache; the value's text, or what went wrong. */
async function value(expr: string, keys = publicKeys): Promise<string> {
  const network = { caches: [{ url: "https://cache.example", publicKeys: keys }] }
  const { view } = await page.evaluate({ expr, allowFetch: true, network } as Parameters<EnginePage["evaluate"]>[0])
  if (view.kind === "failed") return `${view.problem.code}: ${view.problem.message}`
  return "text" in view ? view.text : view.kind
}

describe("what is missing comes from a binary cache", () => {
  test.each(Object.keys(compress))("%s", async (name) => {
    const path = `/nix/store/${paths.get(name)!}`
    expect(await value(`builtins.readFile ${path}/text`, [])).not.toContain(`by ${name}`)
    expect(await value(`builtins.readFile ${path}/text`)).toBe(`by ${name}`)
    expect(await value(`builtins.stringLength (builtins.readFile ${path}/large)`)).toBe(String((name.length + 1) * 50_000))
  })
})
