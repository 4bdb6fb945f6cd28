// Nix's own language tests, by closures and by the stepper, in this process (tests/cli runs them through the
// real command line): exit status, standard output and all of standard error.

import { beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"
import { describeShared } from "../shared.ts"
import { langFolder } from "./lang-folder.ts"
import { ownLines } from "./lang-notyet.ts"
import { judge, type LangTest, langTests, type Ran } from "./lang-suite.ts"

function ran(t: LangTest, cwd: string, run: "auto" | "stepper"): Promise<Ran> {
  return runCommand(instantiate, ["--run", run, ...t.args], { cwd, env: t.env, stdin: t.stdin ?? "" })
}

describeShared("Nix's language suite", "conformance/nix-lang", () => {
  let cwd = ""
  beforeAll(async () => {
    await initHashes()
    cwd = langFolder()
    process.chdir(cwd)
  })

  for (const run of ["auto", "stepper"] as const) {
    test(`exit status, standard output, standard error, ${run === "auto" ? "by closures" : "by the stepper"}`, {
      timeout: 120_000,
    }, async () => {
      const wrong: string[] = []
      for (const t of langTests()) {
        const { status, out, final, full } = judge(t, await ran(t, cwd, run), cwd)
        if (!(status && out && final)) wrong.push(`${t.name}: ${JSON.stringify({ status, out, final })}`)
        else if (full === ownLines.has(t.name))
          wrong.push(`${t.name}: standard error ${full ? "is equal, take it off the list" : "differs"}`)
      }
      expect(wrong).toEqual([])
      expect(langTests().length).toBe(485)
    })
  }
})
