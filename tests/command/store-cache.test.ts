// `thunkpad store export|substitute|gc` on a store in a folder, and real Nix beside it where it is there.
import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { store } from "../../engine/cli/store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { runCommand } from "../setup/command.ts"
import { type CacheServer, serveCache } from "../store/cache-server.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-export-`))
const secret = secretKeyFromSeed("cli-1", new Uint8Array(32).fill(5))
const publicKey = printKey(publicKeyOf(secret))
const nixIsHere = spawnSync("nix", ["--version"]).status === 0

const run = (...argv: string[]) => runCommand(store, argv, { cwd: folder })
const objects = (root: string): string[] =>
  fs
    .readdirSync(`${folder}/${root}/nix/store`)
    .filter((name) => !name.startsWith("."))
    .sort()

let drv = ""
let top = ""
let server: CacheServer

beforeAll(async () => {
  await initHashes()
  fs.mkdirSync(`${folder}/src/dir`, { recursive: true })
  fs.writeFileSync(`${folder}/src/dir/run`, "#!/bin/sh\n", { mode: 0o755 })
  fs.symlinkSync("dir/run", `${folder}/src/link`)
  fs.writeFileSync(`${folder}/key`, `${printKey(secret)}\n`)
  const expr = `derivation { name = "d"; system = "s"; builder = "b"; src = ./src; text = builtins.toFile "t" "text \${./src}"; }`
  const made = await runCommand(instantiate, ["--store", "ours", "-E", expr, "--add-root", "root"], { cwd: folder })
  expect(made.err).toBe("")
  drv = made.out.trim()
  top = fs.readlinkSync(`${folder}/root`)
  expect(drv).toBe(`${folder}/root`)
  fs.mkdirSync(`${folder}/cache`)
  server = await serveCache(`${folder}/cache`)
})

afterAll(async () => {
  await server.close()
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

describe("store export and substitute", () => {
  test("a folder becomes a cache, and a cache another folder with the same objects", async () => {
    expect(await run("export", "--store", "ours", "--to", "cache", "--secret-key-file", "key", top)).toEqual({
      status: 0,
      out: "",
      err: "",
    })
    const from = ["--from", server.url, "--trusted-public-keys", publicKey]
    expect(await run("substitute", "--store", "theirs", ...from, top)).toEqual({ status: 0, out: `${top}\n`, err: "" })
    expect(objects("theirs")).toEqual(objects("ours"))
    expect(await run("verify", "--store", "theirs")).toEqual({ status: 0, out: "", err: "" })
    const [ours, theirs] = ["ours", "theirs"].map((root) => fs.lstatSync(`${folder}/${root}${top}`))
    expect(theirs!.mode).toBe(ours!.mode)
    expect(theirs!.mtimeMs).toBe(ours!.mtimeMs)
  })

  test("bad archives leave nothing, and say why", async () => {
    const nar = fs.readdirSync(`${folder}/cache/nar`).map((name) => `nar/${name}`)
    server.trouble = (_, path) => (nar.includes(path) ? { body: new Uint8Array(50) } : undefined)
    const failed = await run("substitute", "--store", "none", "--from", server.url, "--trusted-public-keys", publicKey, top)
    expect(failed.status).toBe(1)
    expect(failed.err).toMatch(/^error: /)
    expect(fs.readdirSync(`${folder}/none/nix/store`)).toEqual([])
    server.trouble = () => undefined
  })

  test("content-addressed objects need no signature, others do", async () => {
    expect((await run("substitute", "--store", "unsigned", "--from", server.url, "--trusted-public-keys", "", top)).status).toBe(0)
  })

  test("damaged objects are found, and taken from the cache again", async () => {
    const [name] = objects("theirs")
    const object = `${folder}/theirs/nix/store/${name}`
    const [gone] = objects("theirs").filter((one) => one.endsWith("-t"))
    fs.rmSync(`${folder}/theirs/nix/store/${gone}`)
    spawnSync("chmod", ["-R", "u+w", object])
    fs.rmSync(object, { recursive: true })
    fs.writeFileSync(object, "something else")
    const from = ["--from", server.url, "--trusted-public-keys", publicKey]
    const found = await run("verify", "--store", "theirs")
    expect(found.status).toBe(1)
    expect(found.err.match(/^error: /gm)).toHaveLength(new Set([name, gone]).size)
    server.trouble = () => ({ status: 404 })
    expect((await run("verify", "--store", "theirs", "--repair", ...from)).status).toBe(1)
    server.trouble = () => undefined
    const repaired = await run("verify", "--store", "theirs", "--repair", ...from)
    expect(repaired.err).toContain(`path '/nix/store/${name}' was repaired`)
    expect(repaired.status).toBe(0)
    expect(await run("verify", "--store", "theirs")).toEqual({ status: 0, out: "", err: "" })
    expect(objects("theirs")).toEqual(objects("ours"))
  })

  test("wrong uses are explained", async () => {
    expect((await run("export", "--store", "ours", top)).err).toContain("--to")
    expect((await run("export", "--store", "ours", "--to", "x", "--compression", "xz", top)).err).toContain("only 'none' and 'gzip'")
    expect((await run("export", "--store", "ours", "--to", "x", "/nix/store/00000000000000000000000000000000-x")).err).toContain(
      "is not valid",
    )
    expect((await run("substitute", "--store", "x", "--from", "ftp://x", top)).err).toContain("no binary cache")
  })

  test.skipIf(!nixIsHere)(`real Nix takes it${nixIsHere ? "" : ": nix is not on PATH"}`, async () => {
    const config = `experimental-features = nix-command\nsubstituters =\ntrusted-public-keys = ${publicKey}\n`
    const env = { ...process.env, HOME: folder, NIX_CONFIG: config }
    const copied = await new Promise((resolve) => {
      const child = spawn("nix", ["copy", "--derivation", "--from", server.url, "--to", `${folder}/native`, top], { env })
      child.on("close", resolve)
    })
    expect(copied).toBe(0)
    expect(objects("native")).toEqual(objects("ours"))
  })

  const unzips = spawnSync("python3", ["--version"]).status === 0
  test.skipIf(!unzips)(`another program reads the zip file${unzips ? "" : ": python3 is not on PATH"}`, async () => {
    await run("export", "--store", "ours", "--to", "cache.zip", top)
    const script = "import sys, zipfile; print(len(zipfile.ZipFile(sys.argv[1]).namelist()))"
    expect(
      spawnSync("python3", ["-c", script, `${folder}/cache.zip`])
        .stdout.toString()
        .trim(),
    ).toBe(String(1 + 2 * objects("ours").length))
  })
})

describe("store gc", () => {
  test("removes what no root keeps, and no more", async () => {
    const before = objects("ours")
    const more = await runCommand(store, ["add", "--store", "ours", "src/dir", "--name", "loose"], { cwd: folder })
    const loose = more.out.trim()
    const dry = await run("gc", "--store", "ours", "--dry-run")
    expect(dry.out).toBe(`${loose}\n`)
    expect(objects("ours")).toHaveLength(before.length + 1)
    expect((await run("gc", "--store", "ours")).out).toBe(`${loose}\n`)
    expect(objects("ours")).toEqual(before)
    expect(await run("verify", "--store", "ours")).toEqual({ status: 0, out: "", err: "" })
    expect(fs.readFileSync(`${folder}/ours/nix/var/thunkpad/registration`, "latin1")).not.toContain("loose")
    fs.rmSync(`${folder}/root`)
    await run("gc", "--store", "ours", "--max", "1")
    expect(objects("ours")).toHaveLength(before.length - 1)
    await run("gc", "--store", "ours")
    expect(objects("ours")).toEqual([])
  })
})
