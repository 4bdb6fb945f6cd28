// NIX_CONFIG, as Nix reads it. C++ Nix: libutil/configuration.cc parseConfigFiles

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { UsageError } from "../../engine/cli/usage-error.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-config-`))

beforeAll(initHashes)
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

const systemWith = (config: string) =>
  runCommand(instantiate, ["--eval", "-E", "builtins.currentSystem"], { cwd: folder, env: { NIX_CONFIG: config } })

test("settings, comments and files that are included relative to the file that names them", async () => {
  fs.mkdirSync(`${folder}/more`)
  fs.writeFileSync(`${folder}/more/a.conf`, "include b.conf\n")
  fs.writeFileSync(`${folder}/more/b.conf`, "eval-system =  b-system # of b\n")
  expect((await systemWith("eval-system = own-system # mine\n")).out).toBe('"own-system"\n')
  expect((await systemWith("eval-system = own-system\ninclude more/a.conf\n!include absent.conf")).out).toBe('"b-system"\n')
})

test("what is no setting is refused in the words of Nix 2.36", async () => {
  for (const line of ["bad", "cores == 3", "include a b"])
    await expect(systemWith(`${line}\n`)).rejects.toEqual(new UsageError(`syntax error in configuration line '${line}' in "NIX_CONFIG"`))
  await expect(systemWith("include absent.conf")).rejects.toThrow('file "absent.conf" included from "NIX_CONFIG" not found')
})
