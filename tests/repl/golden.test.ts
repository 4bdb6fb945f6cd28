// Nix's own repl tests, byte for byte after the normalisation that Nix's runner does.

import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { describeShared } from "../shared.ts"
import { normalised, runRepl } from "./run.ts"

/** Cases that do not pass yet, each with its reason. One that passes has to leave the list. */
const notyet: Readonly<Record<string, string>> = {
  "debugger-fail-throw-env-1": "--debugger",
  "debugger-fail-throw-env-2": "--debugger",
  "debugger-okay-break": "--debugger",
  "debugger-okay-ignore-try": "--debugger",
  "debugger-okay-on-warn": "--debugger",
}

beforeAll(initHashes)

describeShared("conformance/repl", "conformance/repl", (dir) => {
  const read = (file: string) => readFileSync(`${dir}/${file}`, "latin1")
  const names = readdirSync(dir).flatMap((file) => (file.endsWith(".in") ? [file.slice(0, -3)] : []))

  test("all cases are there", () => {
    expect(names.length).toBe(35)
    expect(Object.keys(notyet).filter((name) => !names.includes(name))).toEqual([])
  })

  for (const name of names) {
    const debug = existsSync(`${dir}/${name}.in.debugexpr.nix`)
    const run = async (way: string): Promise<string> => {
      const input = read(`${name}.in`).replaceAll(/^\s*#\s*COM:.*\n/gm, "")
      const flags = existsSync(`${dir}/${name}.flags`) ? read(`${name}.flags`).trim().split(/\s+/) : []
      const args = debug ? ["--file", `${dir}/${name}.in.debugexpr.nix`, "--debugger", ...flags] : flags
      // The nix.conf of Nix's functional tests.
      const env = { NIX_CONFIG: "show-trace = true\nexperimental-features = nix-command flakes" }
      const { text } = await runRepl(input, { cwd: dir, args: ["--run", way, ...args], env })
      return normalised(text, dirname(dir))
    }
    for (const way of ["closures", "stepper"]) {
      const compare = async () => expect(await run(way)).toBe(read(`${name}.expected`))
      if (notyet[name] === undefined) test(`${name}, ${way}`, compare)
      else test.fails(`${name}, ${way}: not yet, ${notyet[name]}`, compare)
    }
  }
})
