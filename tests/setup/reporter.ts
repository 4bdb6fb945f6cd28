// The closing line of a test run: "N passed, N failed", with nothing after it.
import { writeFileSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"
import { closingLine, retriedLines } from "./tally.mjs"

/** Counts tests; modules that do not load and errors outside tests count as failed. Tests that passed only when tried again are named. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tally = { passed: 0, failed: unhandled.length, skipped: 0, retried: [] as string[] }
    for (const module of modules) {
      if (module.errors().length > 0) tally.failed++
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result()
        if (state === "passed") tally.passed++
        else if (state === "failed") tally.failed++
        else tally.skipped++
        if (test.diagnostic()?.flaky !== true) continue
        const why = errors?.map(({ message }) => message.split("\n", 1)[0]).join("; ") ?? ""
        tally.retried.push(`${module.relativeModuleId} > ${test.fullName}: ${why}`)
      }
    }
    // Under `npm test` the closing line also counts the type check and the linter: test.mjs prints it.
    const file = process.env["THUNKPAD_TALLY"]
    if (file) writeFileSync(file, JSON.stringify(tally))
    else process.on("exit", () => console.log(`${retriedLines(tally)}${closingLine(tally)}`))
  }
}
