// What the commands on derivations take for one: a `.drv` file outside a store, an output's path.

import * as fs from "node:fs"
import * as os from "node:os"
import { basename } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { derivation } from "../../engine/cli/derivation.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-drv-file-`))
const expr = `let d = extra: derivation ({ system = "s"; builder = "b"; } // extra); in d { name = "a"; b = d { name = "b"; }; }`
let file: string

beforeAll(async () => {
  await initHashes()
  const path = (await runCommand(instantiate, ["--store", "s", "-E", expr], { cwd: folder })).out.trim()
  file = basename(path)
  fs.copyFileSync(`${folder}/s${path}`, `${folder}/${file}`)
})
afterAll(() => {
  fs.chmodSync(`${folder}/s/nix/store`, 0o755)
  fs.rmSync(folder, { recursive: true, force: true })
})

test("the inputs of a file are looked for beside it, then in the store of --store", async () => {
  const explain = async (...argv: string[]) =>
    (await runCommand(derivation, ["explain", ...argv, file], { cwd: folder })).out.split("\n", 1)[0]
  expect(await explain()).toBe(`${file}: unknown`)
  expect(await explain("--store", "s")).toBe(`${file}: verified`)
})

test("an output stands for the derivation that has it", async () => {
  const drvPath = `/nix/store/${file}`
  const show = (path: string) => runCommand(derivation, ["show", "--store", "s", path], { cwd: folder })
  const shown = await show(drvPath)
  const out = JSON.parse(shown.out).derivations[file].outputs.out.path as string
  expect(await show(`/nix/store/${out}`)).toEqual(shown)
  expect(await show(`${drvPath}^*`)).toEqual(shown)
  expect((await show(`${drvPath}^`)).err).toBe(`error: invalid extended outputs specifier '${drvPath}^'\n`)
  const unknown = `/nix/store/${"0".repeat(32)}-x`
  expect((await show(unknown)).err).toBe(`error: '${unknown}' does not have a known deriver\n`)
})
