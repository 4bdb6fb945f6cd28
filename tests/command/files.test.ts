// The commands on files: hash, nar, store. The expected hashes and paths are Nix's.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Command } from "../../engine/cli/command.ts"
import { hash } from "../../engine/cli/hash.ts"
import { nar } from "../../engine/cli/nar.ts"
import { store } from "../../engine/cli/store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { type Ran, runCommand, type Surroundings } from "../setup/command.ts"
import { describeShared } from "../shared.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-files-`))

beforeAll(async () => {
  await initHashes()
  fs.mkdirSync(`${folder}/src/dir`, { recursive: true })
  fs.writeFileSync(`${folder}/src/a`, "1")
  fs.writeFileSync(`${folder}/src/b.txt`, "2", { mode: 0o755 })
  fs.writeFileSync(`${folder}/src/dir/c.txt`, "3")
  fs.symlinkSync("a", `${folder}/src/l`)
})
afterAll(() => {
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isDirectory()) fs.chmodSync(`${entry.parentPath}/${entry.name}`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

function run(command: Command, argv: readonly string[], surroundings: Surroundings = {}): Promise<Ran> {
  return runCommand(command, argv, { cwd: folder, ...surroundings })
}

async function out(command: Command, argv: readonly string[], surroundings: Surroundings = {}): Promise<string> {
  const { status, out, err } = await run(command, argv, surroundings)
  expect(err).toBe("")
  expect(status).toBe(0)
  return out
}

describe("hash", () => {
  const hex = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"

  test("file, in all forms", async () => {
    expect(await out(hash, ["file", "src/a"])).toBe("sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=\n")
    expect(await out(hash, ["file", "--base16", "src/a"])).toBe(`${hex}\n`)
    expect(await out(hash, ["file", "--type", "md5", "--base16", "src/a"])).toBe("c4ca4238a0b923820dcc509a6f75849b\n")
  })

  test("path hashes the archive, truncated if wanted", async () => {
    expect(await out(hash, ["path", "--base32", "src"])).toBe("114h04vsgjvb64jbkc18d6sdqnbh4llqg4ihw8gm05wsg81yski0\n")
    expect((await out(hash, ["path", "--base32", "--truncate", "src"])).trim()).toHaveLength(32)
    expect(await out(hash, ["path", "--mode", "flat", "--base16", "src/a"])).toBe(`${hex}\n`)
  })

  test("path in the mode git gives the object that git has for the tree", async () => {
    const sha1 = ["--algo", "sha1", "--base16"]
    expect(await out(hash, ["path", "--mode", "git", ...sha1, "src"])).toBe("c47d3485f8723bd5bc5d1857d551543680b1c7a9\n")
    expect(await out(hash, ["path", "--mode", "git", ...sha1, "src/a"])).toBe("56a6051ca2b02b04ef92d5150c9ef600403cb1de\n")
    expect((await run(hash, ["path", "--mode", "text", "src"])).status).toBe(1)
  })

  test("the older conversions, with their warning", async () => {
    const sri = "sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s="
    const err = "warning: The old format conversion subcommands of `nix hash` were deprecated in favor of `nix hash convert`.\n"
    expect(await run(hash, ["to-base16", sri])).toEqual({ status: 0, out: `${hex}\n`, err })
    expect(await run(hash, ["to-sri", "--type", "sha256", hex])).toEqual({ status: 0, out: `${sri}\n`, err })
    expect((await run(hash, ["to-base32", sri])).out).toBe("0jsvhyvxslhyq14isbx2xajasisp7xdgykl0dffy3z1lzxrv51kb\n")
  })

  test("convert between forms; a wrong --from is refused", async () => {
    const sri = (await out(hash, ["convert", "--hash-algo", "sha256", hex])).trim()
    expect(sri).toBe("sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s=")
    const nix32 = (await out(hash, ["convert", "--to", "nix32", sri])).trim()
    expect(await out(hash, ["convert", "--to", "base16", "--hash-algo", "sha256", nix32])).toBe(`${hex}\n`)
    expect(await run(hash, ["convert", "--from", "base16", sri])).toEqual({
      status: 1,
      out: "",
      err: `error: input hash '${sri}' has format 'sri', but '--from base16' was specified\n`,
    })
  })
})

test.each([
  ["hash", hash],
  ["nar", nar],
  ["store", store],
] as const)("--help of %s tells its commands, before or after one of them", async (name, group) => {
  const usage = await out(group, ["--help"])
  expect(usage).toContain(`Usage: thunkpad ${name} COMMAND`)
  expect(usage).toBe(Buffer.from(Buffer.from(usage, "latin1").toString("utf8"), "utf8").toString("latin1"))
  const { err } = await runCommand(group, ["?"], { cwd: folder })
  const commands = err
    .slice(err.indexOf(":", 10) + 2)
    .split("\n", 1)[0]!
    .split(", ")
  for (const command of commands) {
    expect(usage).toMatch(new RegExp(`\\b${command}\\b`))
    expect(await out(group, [command, "--help"])).toBe(usage)
  }
})

describe("nar", () => {
  test("what is dumped is restored, and dumped again is the same", async () => {
    const archive = await out(nar, ["dump", "src"])
    await out(nar, ["restore", "copy"], { stdin: archive })
    expect(await out(nar, ["dump", "copy"])).toBe(archive)
    expect(fs.readlinkSync(`${folder}/copy/l`)).toBe("a")
    expect(fs.statSync(`${folder}/copy/b.txt`).mode & 0o111).not.toBe(0)
    expect((await run(nar, ["restore", "copy"], { stdin: archive })).status).toBe(1)
  })

  test("ls and cat", async () => {
    const stdin = await out(nar, ["dump", "src"])
    const ls = (...argv: string[]): Promise<string> => out(nar, ["ls", ...argv], { stdin })
    expect(await ls("-", "/")).toBe("./a\n./b.txt\n./dir\n./l\n")
    expect(await ls("-R", "-", "/dir")).toBe("./c.txt\n")
    expect(await ls("-lR", "-", "/")).toBe(
      [
        "-r--r--r--                    1 ./a",
        "-r-xr-xr-x                    1 ./b.txt",
        "dr-xr-xr-x                    0 ./dir",
        "-r--r--r--                    1 ./dir/c.txt",
        "lrwxrwxrwx                    0 ./l -> a",
        "",
      ].join("\n"),
    )
    expect(await ls("-ld", "-", "/")).toBe("dr-xr-xr-x                    0 .\n")
    expect(await ls("-", "/dir/c.txt")).toBe("c.txt\n")
    expect(JSON.parse(await ls("--json", "-", "/"))).toEqual({ type: "directory", entries: { a: {}, "b.txt": {}, dir: {}, l: {} } })
    expect(await out(nar, ["cat", "-", "/dir/c.txt"], { stdin })).toBe("3")
    expect((await run(nar, ["cat", "-", "/dir"], { stdin })).err).toBe("error: NAR does not contain regular file '/dir'\n")
    expect((await run(nar, ["ls", "-", "/none"], { stdin })).err).toBe("error: NAR file does not contain path '/none'\n")
    expect((await run(nar, ["ls", "-", "/"], { stdin: stdin.slice(0, -8) })).status).toBe(1)
  })
})

describeShared("archives of Nix's tests", "conformance/nars", (data) => {
  const { expect: expected } = JSON.parse(fs.readFileSync(`${data}/EXPECT.json`, "utf8")) as { expect: Record<string, string | null> }

  for (const [file, refusal] of Object.entries(expected))
    test(`${file} is ${refusal === null ? "restored and dumped as it was" : "refused"}`, async () => {
      const stdin = fs.readFileSync(`${data}/${file}`, "latin1")
      const target = `nar-${file.replaceAll("/", "-")}`
      const { status, err } = await run(nar, ["restore", target], { stdin })
      expect(status, err).toBe(refusal === null ? 0 : 1)
      if (refusal === null) expect((await out(nar, ["dump", target])) === stdin).toBe(true)
      else expect(err).toContain(refusal)
    })
})

describe("store", () => {
  test("add in three ways, and only computed without a store", async () => {
    const wanted: Record<string, string> = {
      src: "/nix/store/jvkm8l30s3w2kw9b9qyd62s6jn6668jm-src",
      "src/a": "/nix/store/1m1g3w5pqf67mhf369279ws06gfch5i7-a",
    }
    expect(await out(store, ["add", "--store", "s", "src"])).toBe(`${wanted["src"]}\n`)
    expect(await out(store, ["add", "--store", "s", "--mode", "flat", "src/a"])).toBe(`${wanted["src/a"]}\n`)
    expect(await out(store, ["add", "src"])).toBe(`${wanted["src"]}\n`)
    expect(await out(store, ["add", "-n", "x", "--mode", "flat", "src/a"])).toBe("/nix/store/1hz4mizvvfnqx631mjpqnzza6qb71fm5-x\n")
    expect(fs.readlinkSync(`${folder}/s${wanted["src"]}/l`)).toBe("a")
    expect(fs.statSync(`${folder}/s${wanted["src"]}/b.txt`).mode & 0o777).toBe(0o555)
    expect(fs.statSync(`${folder}/s${wanted["src"]}/dir`).mode & 0o777).toBe(0o555)
  })

  test("verify finds what was changed and what disappeared, registered or not", async () => {
    await out(store, ["add", "--store", "v", "src"])
    const b = (await out(store, ["add", "--store", "v", "--name", "b", "src/b.txt"])).trim()
    const a = (await out(store, ["add", "--store", "v", "--name", "a", "src/a"])).trim()
    expect(await run(store, ["verify", "--store", "v"])).toEqual({ status: 0, out: "", err: "" })
    fs.chmodSync(`${folder}/v${a}`, 0o644)
    fs.writeFileSync(`${folder}/v${a}`, "changed")
    fs.rmSync(`${folder}/v${b}`)
    const { status, err } = await run(store, ["verify", "--store", "v"])
    expect(status).toBe(1)
    expect(err).toContain(`error: path '${a}' was modified! expected hash 'sha256:`)
    expect(err).toContain(`error: path '${b}' disappeared\n`)
    fs.rmSync(`${folder}/v/nix/var/thunkpad/registration`)
    expect((await run(store, ["verify", "--store", "v"])).err).toBe(`error: path '${a}' is not registered and cannot be verified\n`)
  })

  test("references are found in objects that are not registered", async () => {
    const a = (await out(store, ["add", "--store", "r", "src/a"])).trim()
    fs.writeFileSync(`${folder}/mention`, `see ${a}/x`)
    const b = (await out(store, ["add", "--store", "r", "mention"])).trim()
    expect(await out(store, ["references", "--store", "r", b])).toBe("")
    fs.rmSync(`${folder}/r/nix/var/thunkpad/registration`)
    expect(await out(store, ["references", "--store", "r", b])).toBe(`${a}\n`)
    expect(await out(store, ["requisites", "--store", "r", b])).toBe(`${a}\n${b}\n`)
  })

  test("what is not there is not valid", async () => {
    const path = "/nix/store/00000000000000000000000000000000-x"
    expect((await run(store, ["tree", "--store", "e", path])).err).toBe(`error: path '${path}' is not valid\n`)
    expect((await run(store, ["tree", path])).err).toBe("error: no store is given: '--store FOLDER' says where it is\n")
  })
})
