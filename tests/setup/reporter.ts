// The closing line of a test run: "N passed, N failed", with nothing after it.
import { writeFileSync } from "node:fs"
import type { Reporter, TestModule } from "vitest/node"
import { closingLine } from "./tally.mjs"

/** Counts tests; modules that do not load and errors outside tests count as failed. */
export class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const tally = { passed: 0, failed: unhandled.length, skipped: 0 }
    for (const module of modules) {
      if (module.errors().length > 0) tally.failed++
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === "passed") tally.passed++
        else if (state === "failed") tally.failed++
        else tally.skipped++
      }
    }
    // Under `npm test` the closing line also counts the type check and the linter: test.mjs prints it.
    const file = process.env["THUNKPAD_TALLY"]
    if (file) writeFileSync(file, JSON.stringify(tally))
    else process.on("exit", () => console.log(closingLine(tally)))
  }
}
