// The built program substitutes from a cache in every compression: its decoders are in the bundle.
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { fileURLToPath } from "node:url"
import { brotliCompressSync } from "node:zlib"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { hashPart } from "../../engine/formats/store-path/store-path.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { mapSink, serveCache } from "../store/cache-server.ts"
import { addOutput, memoryStore } from "../store/memory-store.ts"

const program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))
const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-built-`))
const secret = secretKeyFromSeed("built-1", new Uint8Array(32).fill(8))

beforeAll(initHashes)
afterAll(() => {
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

const compress = (name: string, bytes: Uint8Array): Uint8Array => {
  if (name === "none") return bytes
  if (name === "br") return brotliCompressSync(bytes)
  return spawnSync(name, ["-c"], { input: bytes, maxBuffer: 2 ** 26 }).stdout
}

for (const name of ["none", "gzip", "xz", "zstd", "bzip2", "br"]) {
  const isHere = name === "none" || name === "br" || spawnSync(name, ["--version"]).status === 0
  test.skipIf(!isHere)(`${name}${isHere ? "" : ": the program is not on PATH"}`, async () => {
    const store = memoryStore()
    const path = await addOutput(store, `by-${name}`, { text: `by ${name}`.repeat(10_000) })
    const files = new Map<string, Uint8Array>()
    await exportClosure(store, [path], mapSink(files), { compression: "none", secretKeys: [secret] })
    const info = `${hashPart(path)}.narinfo`
    const text = Buffer.from(files.get(info)!).toString("latin1")
    const url = /^URL: (.*)$/m.exec(text)![1]!
    files.set(url, compress(name, files.get(url)!))
    files.set(info, Buffer.from(text.replace("Compression: none", `Compression: ${name}`).replace(/^File.*\n/gm, ""), "latin1"))
    const server = await serveCache(files)
    const argv = [
      "store",
      "substitute",
      "--store",
      name,
      "--from",
      server.url,
      "--trusted-public-keys",
      printKey(publicKeyOf(secret)),
      `/nix/store/${path}`,
    ]
    const child = spawn(process.execPath, [program, ...argv], { cwd: folder })
    let out = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (out += chunk.toString()))
    const status = await new Promise((resolve) => child.on("close", resolve))
    await server.close()
    expect({ status, out }).toEqual({ status: 0, out: `/nix/store/${path}\n` })
    expect(fs.readFileSync(`${folder}/${name}/nix/store/${path}/text`, "latin1")).toBe(`by ${name}`.repeat(10_000))
  })
}
