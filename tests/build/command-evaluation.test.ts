// Builds that commands need while they evaluate: import from derivation by `thunkpad instantiate`, `:b`, `:bl` and `:log` of `thunkpad
// repl`, at a gateway with bubblewrap. What native Nix makes of the same is compared. One skipped test where bubblewrap is missing.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { repl } from "../../engine/cli/repl.ts"
import { PipedLines } from "../../engine/cli/repl-lines.ts"
import { Session } from "../../engine/cli/session.ts"
import { Building, missing, prelude, toolFiles } from "./building.ts"

const chain = `let
  first = sh "first" { } "echo '{ name = \\"second\\"; value = 1; }' > $out";
  one = import first;
  second = sh one.name { inherit first; } "mkdir $out; echo \\"{ first, value }: { inherit value; path = \\\\\\"$first\\\\\\"; name = ''third''; }\\" > $out/default.nix";
  two = import second { inherit first; value = one.value + 1; };
  third = sh two.name { inherit second; outputs = [ "out" "doc" ]; } "echo > $out; echo third documents $second > $doc";
in { inherit one two; three = builtins.readFile third.doc; drv = third.drvPath; }`

if (missing !== undefined) test.skip(`commands that build while they evaluate: ${missing}`, () => {})
else
  describe("commands that build while they evaluate", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
      fs.mkdirSync(`${building.folder}/tools`)
      for (const [path, file] of Object.entries(toolFiles())) {
        if (typeof file === "string") throw new Error("tools are programs and links")
        if ("symlink" in file) fs.symlinkSync(file.symlink, `${building.folder}${path}`)
        else fs.writeFileSync(`${building.folder}${path}`, file.text, { encoding: "latin1", mode: 0o755 })
      }
    })
    afterAll(() => building?.remove())

    const expr = (text: string): string => `${prelude.replace("/tools;", `${building.folder}/tools;`)} ${text}`

    function open(env: Readonly<Record<string, string>> = {}) {
      const written = ["", "", ""]
      const session = new Session({
        cwd: building.folder,
        env: { HOME: building.folder, ...env },
        color: false,
        write: (fd, text) => {
          written[fd] += text
        },
        stdin: () => "",
      })
      return { session, written }
    }
    async function evaluate(text: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const { session, written } = open(env)
      const status = await instantiate(["--eval", "--strict", ...argv, "--expr", expr(text)], session)
      return { status, out: written[1]!, err: written[2]! }
    }
    async function* once(text: string): AsyncGenerator<string> {
      yield text
    }
    async function say(input: string, argv: readonly string[]) {
      const { session, written } = open()
      await repl(argv, session, () => new PipedLines(once(input)))
      return { out: written[1]!, err: written[2]! }
    }
    const at = (store: string): string[] => ["--endpoint", building.url, "--store", `${building.folder}/${store}`]

    test("a chain of three imports is what native Nix makes of it, and stays in the folder", async () => {
      const { status, out, err } = await evaluate(chain, at("chain"))
      expect(err.match(/^building '.*-(?:first|second|third)\.drv' on '.*'\.\.\.$/gm)).toHaveLength(3)
      expect(status).toBe(0)
      const again = await evaluate(chain, ["--store", `${building.folder}/chain`])
      expect([again.out, again.err]).toEqual([out, ""])
      if (spawnSync("nix-instantiate", ["--version"]).status !== 0) return
      const config =
        "experimental-features = nix-command\nsubstituters =\nsandbox = true\nsandbox-fallback = false\nsandbox-paths = /bin/sh=/bin/busybox\nbuild-users-group =\n"
      const native = spawnSync(
        "nix-instantiate",
        ["--eval", "--strict", "--store", `${building.folder}/native`, "--read-write-mode", "--expr", expr(chain)],
        { encoding: "latin1", env: { PATH: process.env["PATH"], HOME: building.folder, NIX_PATH: "", NIX_CONFIG: config } },
      )
      expect(native.stderr).not.toContain("error:")
      expect(out).toBe(native.stdout)
    })

    test("the environment says where is built, too", async () => {
      const env = { THUNKPAD_ENDPOINT: building.url }
      const text = `import (sh "by-environment" { } "echo 5 > $out")`
      expect((await evaluate(text, ["--store", `${building.folder}/environment`], env)).out).toBe("5\n")
      // Without a store there is nowhere to build from.
      expect((await evaluate("1 + 1", [], env)).out).toBe("2\n")
    })

    test("without an endpoint it is refused as before", async () => {
      const { status, err } = await evaluate(`import (sh "x" { } "echo 1 > $out")`, [
        "--read-write-mode",
        "--store",
        `${building.folder}/refused`,
      ])
      expect(status).toBe(1)
      expect(err).toContain("import from derivation is not supported here yet")
    })

    test("a build that fails is an error of the evaluation, at its place", async () => {
      const { status, err } = await evaluate(`{ a = import (sh "bad" { } "echo alas; exit 3"); }`, at("bad"))
      expect(status).toBe(1)
      expect(err).toMatch(/Cannot build '.*-bad\.drv'\.\n *Reason: builder failed with exit code 3\.\n *Last 1 log line:\n *> alas\n/)
      expect(err).toContain("while evaluating the attribute 'a'")
    })

    test(":b tells the outputs as nix repl does, :bl makes links, :log shows what the builder wrote", async () => {
      const d = `d = ${expr(`sh "many" { outputs = [ "out" "dev" ]; } "echo hello from many; echo 1 > $out; echo 2 > $dev"`)}`
      const { out, err } = await say(`${d}\n:b d\n:bl d\n:log d\nbuiltins.readFile d.dev\n`, at("repl"))
      expect(out).toMatch(
        /\n\nThis derivation produced the following outputs:\n {2}dev -> (\S+-many-dev)\n {2}out -> (\S+-many)\n\n\nThis derivation produced the following outputs:\n {2}\.\/repl-result-dev -> \1\n {2}\.\/repl-result-out -> \2\n\nhello from many\n\n"2\\n"\n/,
      )
      expect(err).toMatch(/got build log for '\S+-many\.drv' from '.*\/repl'/)
      expect(fs.readlinkSync(`${building.folder}/repl-result-dev`)).toMatch(/-many-dev$/)
    })

    test(":b of what cannot be built tells why, and may be asked again", async () => {
      const counter = `bad = ${expr(`sh "no" { } "echo so sorry; exit 4"`)}`
      const { err } = await say(`${counter}\n:b bad\n:b bad\n:log bad\n`, at("repl"))
      expect(err.match(/error: Cannot build '\S+-no\.drv'\.\n *Reason: builder failed with exit code 4\./g)).toHaveLength(2)
      expect(err.match(/^building '\S+-no\.drv'/gm)).toHaveLength(2)
    })

    test("without endpoint or store :b says what is missing; what has no log says so", async () => {
      const d = `d = ${expr(`sh "lone" { } "echo 1 > $out"`)}`
      expect((await say(`${d}\n:b d\n:log d`, ["--store", `${building.folder}/repl`])).err).toMatch(
        /error: ':b' cannot build '\S+-lone\.drv': no endpoint is given: '--endpoint URL' says where is built\nerror: build log of '\S+-lone\.drv' is not available\n$/,
      )
      expect((await say(`${d}\n:b d`, [])).err).toContain("no store is given: '--store FOLDER' says where it is")
    })
  })
