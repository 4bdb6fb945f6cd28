// Import from derivation: evaluations that need what has to be built first, on a gateway with bubblewrap, and the same evaluated by
// native Nix with its sandbox on. One skipped test where bubblewrap or Nix is missing.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { EvalBuilder } from "../../engine/build/eval-builder.ts"
import { evaluateOn, hostOf } from "../store/eval-io-run.ts"
import { Building, missing, prelude, tabOf, toolFiles } from "./building.ts"

const withoutNix = spawnSync("nix-instantiate", ["--version"]).status !== 0 ? "nix-instantiate is not on PATH" : undefined

const chain = `let
  first = sh "first" { } "echo '{ name = \\"second\\"; value = 1; }' > $out";
  one = import first;
  second = sh one.name { inherit first; } "mkdir $out; echo \\"{ first, value }: { inherit value; path = \\\\\\"$first\\\\\\"; name = ''third''; }\\" > $out/default.nix";
  two = import second { inherit first; value = one.value + 1; };
  third = sh two.name { inherit second; outputs = [ "out" "doc" ]; } "echo > $out; echo third documents $second > $doc";
in { inherit one two; three = builtins.readFile third.doc; there = builtins.pathExists "\${second}/default.nix"; names = builtins.attrNames (builtins.readDir second); drv = third.drvPath; }`

const parallel = `let slow = n: import (sh "slow-\${toString n}" { } "sleep 5; echo \${toString n} > $out"); in
  { a = slow 1; b = [ (slow 2) { c = slow 3; } ]; d = derivation { name = "d"; inherit system; builder = "/bin/sh"; x = toString (slow 4); y = [ (toString (slow 5)) ]; }; e = builtins.toJSON { x = [ (slow 6) (slow 7) ]; }; }`

if (missing !== undefined) test.skip(`import from derivation: ${missing}`, () => {})
else
  describe("import from derivation", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    function setUp(run: "closures" | "stepper", options: { readonly jobs?: number } = {}) {
      const tab = tabOf(building.endpoint(), options)
      const host = hostOf({ stores: tab.stores, files: toolFiles(), io: { builder: new EvalBuilder(tab.store, tab.scheduler) } })
      const evaluate = (text: string) =>
        evaluateOn(host, `${prelude} ${text}`, { run, features: new Set(["ca-derivations", "nix-command"]) })
      return { tab, host, evaluate }
    }

    test.each(["closures", "stepper"] as const)("a chain of three is what native Nix makes of it, by %s", async (run) => {
      const { evaluate, tab } = setUp(run)
      const { value, error } = await evaluate(chain)
      expect(error).toBeUndefined()
      expect(value).toMatch(/three = "third documents \/nix\/store\/[a-z0-9]{32}-second\\n"/)
      expect(tab.news.filter(({ kind }) => kind === "started").length).toBe(3)
      if (withoutNix !== undefined) return
      const folder = fs.mkdtempSync(`${building.folder}/native-`)
      fs.mkdirSync(`${folder}/tools`)
      for (const [path, file] of Object.entries(toolFiles())) {
        if (typeof file === "string") throw new Error("tools are programs and links")
        if ("symlink" in file) fs.symlinkSync(file.symlink, `${folder}${path}`)
        else {
          fs.writeFileSync(`${folder}${path}`, file.text, "latin1")
          fs.chmodSync(`${folder}${path}`, 0o755)
        }
      }
      fs.writeFileSync(`${folder}/default.nix`, `${prelude.replace("/tools;", `${folder}/tools;`)} ${chain}`)
      const config =
        "experimental-features = nix-command\nsubstituters =\nsandbox = true\nsandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\nbuild-users-group =\n"
      const argv = ["--eval", "--strict", "--store", `${folder}/store`, "--read-write-mode", `${folder}/default.nix`]
      const env = { PATH: process.env["PATH"], HOME: folder, NIX_PATH: "", NIX_CONFIG: config }
      const native = spawnSync("nix-instantiate", argv, { encoding: "latin1", env })
      expect(native.stderr).not.toContain("error:")
      expect(value).toBe(native.stdout.trim())
    })

    test.each(["closures", "stepper"] as const)("what is independent is built side by side, by %s", async (run) => {
      const { evaluate, tab } = setUp(run, { jobs: 7 })
      const { value, error } = await evaluate(
        `let x = ${parallel.replaceAll("slow-", `slow-${run}-`)}; in x // { d = builtins.stringLength x.d.drvPath; }`,
      )
      expect(error).toBeUndefined()
      expect(value).toBe(`{ a = 1; b = [ 2 { c = 3; } ]; d = 49; e = "{\\"x\\":[6,7]}"; }`)
      const began = tab.news.flatMap((one) => (one.kind === "stage" && one.stage === "building" ? [one.time] : []))
      const done = tab.news.flatMap((one) => (one.kind === "done" ? [one.time] : []))
      expect(began).toHaveLength(7)
      // All seven were begun before the first was done.
      expect(Math.max(...began)).toBeLessThan(Math.min(...done))
    })

    test("outputs addressed by their content are imported too", async () => {
      const { evaluate } = setUp("closures")
      const floating = `let f = sh "f" { __contentAddressed = true; outputHashMode = "recursive"; outputHashAlgo = "sha256"; } "mkdir $out; echo '\\"found\\"' > $out/default.nix"; in import f + builtins.readFile "\${f}/default.nix"`
      expect(await evaluate(floating)).toMatchObject({ value: `"found\\"found\\"\\n"` })
    })

    test("a build that fails is an error that tells why; it is not begun again by evaluating again", async () => {
      const { evaluate, tab } = setUp("closures")
      const failing = `let d = sh "bad" { } "echo so sorry; exit 3"; e = sh "needs-bad" { inherit d; } "echo > $out"; in import e`
      const { error } = await evaluate(failing)
      expect(error).toContain("needs-bad.drv'.\nReason: 1 dependency failed.")
      expect(error).toContain("bad.drv'.\nReason: builder failed with exit code 3.\nLast 1 log line:\n> so sorry")
      expect((await evaluate(failing)).error).toBe(error)
      expect(tab.news.filter(({ kind }) => kind === "started").length).toBe(1)
    })

    test("a build that is not needed does not happen; tryEval does not catch the wait", async () => {
      const { evaluate, tab } = setUp("closures")
      const lazy = `let d = sh "unneeded" { } "exit 1"; ok = sh "needed" { } "echo 5 > $out"; in { a = (x: 1) (import d); b = (builtins.tryEval (import ok)).value; }`
      expect(await evaluate(lazy)).toMatchObject({ value: "{ a = 1; b = 5; }" })
      expect(tab.kinds("unneeded")).toEqual([])
    })

    test("without leave nothing is built, and the error says so", async () => {
      const tab = tabOf(building.endpoint())
      const host = hostOf({ stores: tab.stores, files: toolFiles() })
      const { error } = await evaluateOn(host, `${prelude} import (sh "x" { } "echo 1 > $out")`)
      expect(error).toMatch(/^cannot build '\/nix\/store\/.*-x\.drv\^out' during evaluation: building has not been allowed$/)
    })
  })
