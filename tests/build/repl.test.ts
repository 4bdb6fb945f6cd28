// The page's repl with a gateway: `:b` where it is allowed, what is needed where it is not, import from derivation once the user lets it,
// logs. One skipped test where bubblewrap is missing.
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { EngineRepl } from "../../engine/worker/client.ts"
import type { EvaluateRequest } from "../../engine/worker/protocol.ts"
import { localEngine } from "../app/local-engine.ts"
import { Building, missing, prelude, toolFiles } from "./building.ts"

const files: Record<string, NonNullable<EvaluateRequest["files"]>[string]> = {}
if (missing === undefined)
  for (const [path, file] of Object.entries(toolFiles())) {
    if (typeof file === "string") files[path] = file
    else files[path] = "symlink" in file ? { symlink: file.symlink } : { program: new Uint8Array(Buffer.from(file.text, "latin1")) }
  }

if (missing !== undefined) test.skip(`builds of the page's repl: ${missing}`, () => {})
else
  describe("builds of the page's repl", { timeout: 300_000 }, () => {
    let building: Building
    beforeAll(async () => {
      building = await new Building().start()
    })
    afterAll(() => building?.remove())

    const settings = () => ({ endpoint: { url: building.url } })
    async function say(repl: EngineRepl, input: string, builds = false) {
      const { texts, needs } = await repl.input(input, builds ? { builds: settings() } : {})
      return { text: texts.map(({ text }) => text).join(""), needs }
    }

    test(":b says what it needs; where it may it builds, outputs can be read, and the log shown", async () => {
      const repl = localEngine().openRepl({ files })
      await say(repl, `d = ${prelude} sh "said" { outputs = [ "out" "doc" ]; } "echo from the builder; echo 1 > $out; echo 2 > $doc"`)
      const refused = await say(repl, ":b d")
      expect(refused.text).toMatch(/error: ':b' cannot build '\S+-said\.drv': building has not been allowed/)
      expect(refused.needs).toMatch(/^\/nix\/store\/\S+-said\.drv$/)
      expect((await say(repl, ":log d", true)).text).toContain("is not available")
      const built = await say(repl, ":b d", true)
      expect(built.needs).toBeNull()
      expect(built.text).toMatch(/^\nThis derivation produced the following outputs:\n {2}doc -> \S+-said-doc\n {2}out -> \S+-said\n$/)
      // It is there now: nothing is built, so nothing has to be allowed.
      expect((await say(repl, "builtins.readFile d.doc")).text).toBe('"2\\n"\n')
      expect((await say(repl, ":log d", true)).text).toMatch(/got build log for '\S+-said\.drv' from 'http:.*'\nfrom the builder\n$/)
    })

    test("what failed may be asked again", async () => {
      const repl = localEngine().openRepl({ files })
      const bad = `${prelude} sh "bad" { } "echo no; exit 3"`
      for (let i = 0; i < 2; i++) expect((await say(repl, `:b ${bad}`, true)).text).toContain("builder failed with exit code 3.")
    })

    test("import from derivation waits for the user's leave, also after a stop", async () => {
      const engine = localEngine()
      const repl = engine.openRepl({ files })
      await say(repl, `x = import (${prelude} sh "imported" { } "echo 41 > $out")`)
      const refused = await say(repl, "x + 1")
      expect(refused.needs).toMatch(/-imported\.drv$/)
      await repl.change({ builds: settings() })
      expect(await say(repl, "x + 1")).toEqual({ text: "42\n", needs: null })
      engine.stop()
      expect(await say(repl, "x + 2")).toEqual({ text: "43\n", needs: null })
    })
  })
