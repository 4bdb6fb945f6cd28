// The gateway as a binary cache: its routes, and our own substituter that takes the tree's name from the URL.
import * as fs from "node:fs"
import * as os from "node:os"
import { gzipSync } from "node:zlib"
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { narHintUrl, parseEntryText, parseNarHint } from "../../engine/castore/nar-hint.ts"
import type { Node } from "../../engine/castore/node.ts"
import { renderNar } from "../../engine/castore/render-nar.ts"
import { digest, initHashes } from "../../engine/formats/hash/digest.ts"
import { printNix32 } from "../../engine/formats/hash/nix32.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { listNar, lsToJson } from "../../engine/formats/nar/listing.ts"
import { parseNarInfo, printNarInfo } from "../../engine/formats/narinfo/nar-info.ts"
import { checkSignatures } from "../../engine/formats/narinfo/path-info.ts"
import { publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { FolderPackedArchives } from "../../engine/gateway/packed-archives.ts"
import { BinaryCache } from "../../engine/store/binary-cache.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { uploadSink } from "../../engine/store/cache-upload.ts"
import { Store } from "../../engine/store/store.ts"
import { Substituter } from "../../engine/store/substitute.ts"
import { codeOf, unknown } from "../castore/contract.ts"
import { addOutput, fakePath, joined, memoryStore, storeTree } from "../store/memory-store.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const secret = secretKeyFromSeed("gateway-1", new Uint8Array(32).fill(3))

beforeAll(initHashes)

/** A store with a small closure, and the path at its top. */
async function sample() {
  const store = memoryStore()
  const low = await addOutput(store, "low", { "bin/run": "#!/bin/sh\n", link: "-> bin/run", large: new Uint8Array(1_200_000).fill(7) })
  const top = await addOutput(store, "top", { text: `/nix/store/${low}` }, [low])
  return { store, low, top }
}

describe("reading", () => {
  let running: RunningGateway
  let top: StorePath
  let low: StorePath
  let nar: Buffer
  let narinfo: string
  beforeEach(async () => {
    const made = await sample()
    ;({ top, low } = made)
    running = await startGateway({ stores: made.store.stores, signingKey: secret, priority: 12 })
    nar = await joined(made.store.nar(low))
    narinfo = await (await fetch(`${running.url}/${hashPart(low)}.narinfo`)).text()
  })
  afterEach(() => running.close())

  const head = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const response = await fetch(`${running.url}/${path}`, { method, headers })
    return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
  }

  test("the cache says what it is", async () => {
    const { body, headers } = await head("nix-cache-info")
    expect(body.toString()).toBe("StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 12\n")
    expect(headers.get("content-type")).toBe("text/x-nix-cache-info")
    expect((await head("nix-cache-info", {}, "HEAD")).body.length).toBe(0)
  })

  test("narinfos are signed by the gateway, and those of other paths are not found", async () => {
    const { info, quirks } = parseNarInfo(narinfo, "narinfo")
    expect(quirks.size).toBe(0)
    expect(info.path).toBe(low)
    expect(checkSignatures(info, [publicKeyOf(secret)])).toBe(1)
    expect(info.url).toMatch(/^nar\/snix-castore\/[A-Za-z0-9_-]+\?narsize=\d+$/)
    expect(parseNarHint(info.url)).toEqual((await running.stores.infos.get(hashPart(low)))?.node)
    expect((await head(`${hashPart(top)}.narinfo`, {}, "HEAD")).status).toBe(200)
    for (const path of [`${"0".repeat(32)}.narinfo`, `${"e".repeat(32)}.narinfo`, `${hashPart(low)}`, "x.narinfo"]) {
      expect((await head(path)).status).toBe(404)
    }
  })

  test("listings tell what is in an archive, and where, as if it had been read", async () => {
    const store = new Store(running.stores)
    const odd = await addOutput(store, "odd", {
      "a/b/c/x": "1234567",
      "a/b/y": "#!",
      "a/z": "",
      "e/f": "-> a",
      "\xc3\xa4": "12345678",
      zz: "9",
    })
    const single = await addOutput(store, "single", "#!/bin/sh\n")
    const link = await addOutput(store, "link", "-> elsewhere")
    const empty = await addOutput(store, "empty", {})
    for (const path of [low, top, odd, single, link, empty]) {
      const { status, body, headers } = await head(`${hashPart(path)}.ls`)
      expect([status, headers.get("content-type")]).toEqual([200, "application/json"])
      const chunks = await joined(store.nar(path))
      expect(JSON.parse(body.toString())).toEqual(JSON.parse(Buffer.from(printJson(lsToJson(listNar(chunks))), "latin1").toString()))
    }
    expect((await head(`${"0".repeat(32)}.ls`)).status).toBe(404)
    expect((await head(`${hashPart(low)}.ls`, {}, "HEAD")).body.length).toBe(0)
    expect((await fetch(`${running.url}/${hashPart(low)}.ls`, { method: "PUT", body: "{}" })).status).toBe(200)
    expect((await head("log/nonsense")).status).toBe(404)
    expect((await head(`log/${"0".repeat(32)}-x.drv`)).status).toBe(404)
  })

  test("archives are those of the trees, whole and in ranges", async () => {
    const { url } = parseNarInfo(narinfo, "narinfo").info
    const whole = await head(url)
    expect(whole.headers.get("content-length")).toBe(String(nar.length))
    expect(whole.headers.get("content-type")).toBe("application/x-nix-nar")
    expect(whole.body.equals(nar)).toBe(true)
    expect((await head(url.replace("snix", "tvix"))).body.equals(nar)).toBe(true)
    const part = await head(url, { range: "bytes=1000000-1000099" })
    expect(part.status).toBe(206)
    expect(part.body.equals(nar.subarray(1_000_000, 1_000_100))).toBe(true)
    const bare = await head(url, {}, "HEAD")
    expect([bare.status, bare.headers.get("content-length"), bare.body.length]).toEqual([200, String(nar.length), 0])
  })

  test("archives that are not here, or of another size, or of no tree, are not sent", async () => {
    const absent: Node = { kind: "directory", digest: unknown, size: 1 }
    const absentFile: Node = { kind: "file", digest: unknown, size: 1, executable: false }
    const { url } = parseNarInfo(narinfo, "narinfo").info
    expect((await head(narHintUrl(absent, 100))).status).toBe(404)
    expect((await head(narHintUrl(absentFile, 120))).status).toBe(404)
    expect((await head(url.replace(/\?.*/, ""))).status).toBe(400)
    expect((await head(url.replace(/narsize=\d+/, "narsize=96"))).status).toBe(400)
    expect((await head(url.replace(/narsize=\d+/, "narsize=x"))).status).toBe(400)
    expect((await head("nar/snix-castore/!!!?narsize=1")).status).toBe(400)
    expect((await head("nar/snix-castore/AAAA?narsize=1")).status).toBe(400)
    expect((await head(`nar/${"0".repeat(52)}.nar`)).status).toBe(404)
    expect((await head("nar/../nix-cache-info/x")).status).toBe(404)
  })

  test("our substituter gets the closure", async () => {
    const store = memoryStore()
    const cache = new BinaryCache({ url: running.url, publicKeys: [publicKeyOf(secret)] })
    await new Substituter(store, [cache]).substitute([top])
    expect([...(await store.closure([top])).keys()].sort()).toEqual([low, top].sort())
    expect((await joined(store.nar(low))).equals(nar)).toBe(true)
  })
})

describe("writing", () => {
  let running: RunningGateway
  beforeEach(async () => void (running = await startGateway({ signingKey: secret })))
  afterEach(() => running.close())

  const put = async (path: string, body: Uint8Array | string) => {
    const response = await fetch(`${running.url}/${path}`, { method: "PUT", body: typeof body === "string" ? body : new Uint8Array(body) })
    return response.status
  }

  const fileName = (nar: Uint8Array) => `nar/${printNix32(digest("sha256", nar))}.nar`

  test.each(["none", "gzip"] as const)("our export goes there and comes back (%s)", async (compression) => {
    const { store, low, top } = await sample()
    await exportClosure(store, [top], uploadSink(running.url), { compression })
    const back = memoryStore()
    await new Substituter(back, [new BinaryCache({ url: running.url, publicKeys: [publicKeyOf(secret)] })]).substitute([top])
    expect((await joined(back.nar(low))).equals(await joined(store.nar(low)))).toBe(true)
    expect(running.faults).toEqual([])
  })

  test("an archive comes before its narinfo, is known afterwards, and the narinfo must be true", async () => {
    const { store, low, top } = await sample()
    const nar = await joined(store.nar(low))
    const info = (await store.stores.infos.get(hashPart(low)))!
    const text = (change: object = {}) =>
      printNarInfo({ ...info, url: fileName(nar), compression: "none", fileHash: info.narHash, fileSize: nar.length, ...change })
    const name = `${hashPart(low)}.narinfo`
    expect(await put(name, text())).toBe(400)
    expect((await fetch(`${running.url}/${fileName(nar)}`, { method: "HEAD" })).status).toBe(404)
    expect(await put(fileName(nar), nar)).toBe(200)
    expect((await fetch(`${running.url}/${fileName(nar)}`, { method: "HEAD" })).status).toBe(200)
    expect(await put(name, text({ narSize: nar.length + 8 }))).toBe(400)
    expect(await put(name, text({ path: fakePath("other") }))).toBe(400)
    expect(await put(name, text({ narHash: { algo: "sha256", bytes: new Uint8Array(32) } }))).toBe(400)
    expect(await put(name, text({ ca: { method: "nar", hash: info.narHash } }))).toBe(400)
    expect(await put(name, "StorePath: nonsense\n")).toBe(400)
    expect(await put(name, text().repeat(20_000))).toBe(413)
    expect(await put(`${hashPart(top)}.narinfo`, text())).toBe(400)
    expect(await running.stores.infos.get(hashPart(low))).toBeNull()
    expect(await put(name, text())).toBe(200)
    expect((await running.stores.infos.get(hashPart(low)))?.path).toBe(low)
    // Nix asks for the name that it put; another gateway over the same stores, as after a restart, knows it too.
    const again = await startGateway({ stores: running.stores })
    for (const { url } of [running, again]) {
      const response = await fetch(`${url}/${fileName(nar)}`)
      expect(Buffer.from(await response.arrayBuffer()).equals(nar)).toBe(true)
    }
    await again.close()
  })

  test("archives that are broken, cut short, too long or have other names are refused", async () => {
    const { store, low } = await sample()
    const nar = await joined(store.nar(low))
    const broken = Buffer.from(nar)
    broken[40] = broken[40]! ^ 1
    expect(await put(fileName(broken), broken)).toBe(400)
    const short = nar.subarray(0, 5000)
    expect(await put(fileName(short), short)).toBe(400)
    const long = Buffer.concat([nar, Buffer.from("more")])
    expect(await put(fileName(long), long)).toBe(400)
    expect(await put(`nar/${"0".repeat(52)}.nar`, nar)).toBe(400)
    expect(await put(fileName(nar).replace(".nar", ".nar.xz"), nar)).toBe(400)
    expect(await put(fileName(nar).replace(".nar", ".nar.lzip"), nar)).toBe(415)
    const packed = gzipSync(nar)
    for (const wrong of [packed.subarray(0, -9), Buffer.concat([packed, nar]), gzipSync(broken), gzipSync(long)])
      expect(await put(fileName(wrong), wrong)).toBe(400)
    expect(await put(`nar/${"0".repeat(52)}.nar.gz`, packed)).toBe(400)
    expect(await put(fileName(packed).replace(".nar", ".nar.bz2"), packed)).toBe(400)
    expect(await put("nar/../../etc/passwd", nar)).toBe(405)
    expect(running.faults).toEqual([])
  })

  test("a compressed archive is sent again as it came, also by another gateway over the same folder; its narinfo must be true", async () => {
    const { store, low } = await sample()
    const nar = await joined(store.nar(low))
    const packed = gzipSync(nar)
    const info = (await store.stores.infos.get(hashPart(low)))!
    const file = fileName(packed)
    const fileHash = { algo: "sha256", bytes: digest("sha256", packed) } as const
    const text = (change: object = {}) =>
      printNarInfo({ ...info, url: file, compression: "gzip", fileHash, fileSize: packed.length, ...change })
    const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-archives-`)
    const archives = () => new FolderPackedArchives(folder)
    const first = await startGateway({ stores: running.stores, archives: archives() })
    const putThere = async (path: string, body: Uint8Array<ArrayBuffer> | string) =>
      (await fetch(`${first.url}/${path}`, { method: "PUT", body })).status
    const name = `${hashPart(low)}.narinfo`
    expect(await putThere(name, text())).toBe(400)
    expect(await putThere(file, new Uint8Array(packed))).toBe(200)
    for (const change of [
      { fileSize: 7 },
      { fileHash: info.narHash },
      { compression: "xz" },
      { narSize: 8 },
      { narHash: fileHash },
      { url: fileName(nar) },
      { references: [fakePath("unknown")] },
    ])
      expect([change, await putThere(name, text(change))]).toEqual([change, 400])
    expect(await putThere(name, text())).toBe(200)
    await first.close()
    const second = await startGateway({ stores: running.stores, archives: archives() })
    const response = await fetch(`${second.url}/${file}`)
    expect(Buffer.from(await response.arrayBuffer()).equals(packed)).toBe(true)
    expect((await fetch(`${second.url}/${file}`, { headers: { range: "bytes=3-9" } })).status).toBe(206)
    expect(await (await fetch(`${second.url}/${name}`)).text()).toContain("Compression: none\n")
    expect([...first.faults, ...second.faults]).toEqual([])
    await second.close()
    fs.rmSync(folder, { recursive: true })
  })

  test("what a path is said to refer to must be here, and be mentioned in it", async () => {
    const { store, low, top } = await sample()
    const nars = new Map([
      [low, await joined(store.nar(low))],
      [top, await joined(store.nar(top))],
    ])
    for (const nar of nars.values()) expect(await put(fileName(nar), nar)).toBe(200)
    const putInfo = async (path: typeof low, change: object = {}) => {
      const info = (await store.stores.infos.get(hashPart(path)))!
      const nar = nars.get(path)!
      const url = { url: fileName(nar), compression: "none", fileHash: info.narHash, fileSize: nar.length } as const
      const body = printNarInfo({ ...info, ...url, ...change })
      const response = await fetch(`${running.url}/${hashPart(path)}.narinfo`, { method: "PUT", body })
      return `${response.status} ${await response.text()}`
    }
    expect(await putInfo(top)).toMatch(new RegExp(`^400 .*because the reference '/nix/store/${low}' is not valid`))
    expect(await putInfo(low, { references: [low] })).toMatch(/^400 .*does not mention/)
    expect(await putInfo(low)).toBe("200 ")
    expect(await putInfo(top)).toBe("200 ")
  })

  test("archives with names that lead elsewhere are refused", async () => {
    // The writer refuses such names, so the name is changed in the bytes.
    const { stores } = memoryStore()
    const nar = await joined(renderNar(stores, await storeTree(stores, { aa: "x" })))
    for (const name of ["..", "./", "a/", "a\0"]) {
      const at = nar.indexOf("aa")
      const evil = Buffer.from(nar)
      evil.write(name, at, "latin1")
      expect(await put(fileName(evil), evil), JSON.stringify(name)).toBe(400)
    }
  })
})

describe("the name of a tree in a URL", () => {
  test("goes there and back", () => {
    const nodes: Node[] = [
      { kind: "directory", digest: unknown, size: 0 },
      { kind: "file", digest: unknown, size: 2 ** 40, executable: true },
      { kind: "symlink", target: "t".repeat(4000) },
    ]
    for (const node of nodes) {
      expect(parseNarHint(narHintUrl(node, 5))).toEqual(node)
      expect(parseNarHint(`https://cache.example/x/${narHintUrl(node, 5)}`)).toEqual(node)
    }
  })

  test("is no name of a tree when it is that of a file", () => {
    expect(parseNarHint("nar/0123.nar.xz")).toBeNull()
    expect(parseNarHint("https://example.org/nar/")).toBeNull()
  })

  test.each(["", "A", "====", "AAA*", "CgA", "A".repeat(6000)])("is refused when it is broken: '%s'", async (text) => {
    expect(await codeOf((async () => parseEntryText(text))())).toBe("invalid")
  })
})
