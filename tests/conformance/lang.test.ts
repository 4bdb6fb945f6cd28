// Nix's own language tests, by closures and by the stepper, in this process (tests/cli runs them through the
// real command line). Three scores: exit status and standard output, the final `error:` line, all of standard error.

import { beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"
import { describeShared } from "../shared.ts"
import { langFolder } from "./lang-folder.ts"
import { derivations, frames } from "./lang-notyet.ts"
import { judge, type LangTest, langTests, type Ran, type Verdict } from "./lang-suite.ts"

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
    test(`exit status, standard output and final error line, ${run === "auto" ? "by closures" : "by the stepper"}`, {
      timeout: 120_000,
    }, async () => {
      const wrong: string[] = []
      let full = 0
      let parseFull = 0
      for (const t of langTests()) {
        const got = await ran(t, cwd, run)
        const v: Verdict = judge(t, got, cwd)
        if (v.full) full++
        if (v.full && t.kind.startsWith("parse")) parseFull++
        const right = v.status && v.out && v.final
        if (derivations.has(t.name) === right) wrong.push(`${t.name}: ${right ? "passes, take it off the list" : JSON.stringify(v)}`)
        if (t.kind !== "eval-fail" && !v.full && !derivations.has(t.name) && !frames.has(t.name))
          wrong.push(`${t.name}: standard error differs`)
      }
      console.log(`language suite, ${run}: standard error equal in ${full} tests`)
      expect(wrong).toEqual([])
      expect(parseFull).toBe(54)
    })
  }
})
