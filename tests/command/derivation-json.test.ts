// `thunkpad derivation show --as-nix VERSION`: the JSON of older versions of Nix, written and read.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { derivation } from "../../engine/cli/derivation.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-json-`))
const expr = `let f = derivation { name = "f"; system = "s"; builder = "b"; outputHash = "${"ab".repeat(32)}"; outputHashAlgo = "sha256"; outputHashMode = "recursive"; };
  in derivation { name = "d"; system = "s"; builder = "b"; __structuredAttrs = true; inherit f; n = 1; }`
let path: string

beforeAll(async () => {
  await initHashes()
  path = (await runCommand(instantiate, ["--store", "s", "-E", expr], { cwd: folder })).out.trim()
})
afterAll(() => {
  fs.chmodSync(`${folder}/s/nix/store`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

const command = (...argv: string[]) => runCommand(derivation, argv, { cwd: folder, env: { NIX_STORE_DIR: "/nix/store" } })
const shown = async (version: string): Promise<Record<string, Shown>> =>
  JSON.parse((await command("show", "-r", "--store", "s", "--as-nix", version, path)).out)

/** What of it is looked at. */
interface Shown {
  readonly name?: string
  readonly version?: number
  readonly env: Readonly<Record<string, string>>
  readonly inputDrvs: Readonly<Record<string, unknown>>
  readonly outputs: { readonly out: { readonly path: string } }
}

/** What each shape has of a derivation with structured attributes and its input of fixed output. */
async function partsOf(version: string) {
  const all = await shown(version)
  const [top, fixed] = ["d.drv", "f.drv"].map((name) => Object.entries(all).find(([key]) => key.endsWith(`-${name}`))!)
  const [input, use] = Object.entries(top![1].inputDrvs)[0]!
  expect(input).toBe(fixed![0])
  return {
    key: top![0],
    name: top![1].name,
    use,
    output: fixed![1].outputs.out,
    json: typeof top![1].env["__json"],
    version: top![1].version,
  }
}

const hash = "ab".repeat(32)

test("each version of Nix has its shape", async () => {
  const [v14, v15, v18, v23, v32] = await Promise.all(["2.8", "2.15", "2.22.1", "2.31", "2.32"].map(partsOf))
  const old = { path: v14!.output.path, hashAlgo: "r:sha256", hash }
  expect(v14).toEqual({ key: path, name: undefined, use: ["out"], output: old, json: "string", version: undefined })
  expect(v15).toEqual({ ...v14, name: "d" })
  expect(v18).toEqual({ ...v15, use: { outputs: ["out"], dynamicOutputs: {} } })
  expect(v23).toEqual({ ...v18, output: { path: old.path, method: "nar", hashAlgo: "sha256", hash } })
  const name = (full: string) => full.slice("/nix/store/".length)
  expect(v32).toEqual({ ...v23, key: name(path), output: { ...v23!.output, path: name(old.path) }, json: "undefined", version: 3 })
})

test("and today's from 2.33 on", async () => {
  const today = (await command("show", "--store", "s", path)).out
  expect(JSON.parse(today).version).toBe(4)
  for (const version of ["2.33", "2.36.0"]) expect((await command("show", "--store", "s", "--as-nix", version, path)).out).toBe(today)
})

test("what was shown is added again at its path", async () => {
  // Before 2.15 the name is a variable, which structured attributes hide.
  for (const version of ["2.15", "2.18", "2.23", "2.32"]) {
    const all = Object.entries(await shown(version))
    const [, json] = all.find(([key]) => key.endsWith("-d.drv"))!
    const surroundings = { cwd: folder, stdin: JSON.stringify(json) }
    expect(await runCommand(derivation, ["add", "--store", "s", "--as-nix", version], surroundings)).toEqual({
      status: 0,
      out: `${path}\n`,
      err: "",
    })
  }
})

test("what is no version is refused", async () => {
  for (const version of ["3.0", "2", "2.x", "new"])
    expect((await command("show", "--as-nix", version, path)).err).toContain("'--as-nix' takes a version")
})
