// `npm test`: a Chromium, the types, format and lint, then every test; closes with "N passed, N failed".
// With arguments (`npm test -- tests/lang -t "indented strings"`) only vitest runs, with them.
import { spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { findOrInstallChromium } from "./chromium.mjs"
import { closingLine, retriedLines } from "./tally.mjs"

const root = fileURLToPath(new URL("../../", import.meta.url))
const shared = process.env["THUNKPAD_SHARED"] ?? fileURLToPath(new URL("../shared", new URL("../../", import.meta.url)))
const args = process.argv.slice(2)
/** @type {import("./tally.mjs").Tally} */
const tally = { passed: 0, failed: 0, skipped: 0, retried: [] }

try {
  console.log(`Chromium: ${findOrInstallChromium()}`)
  if (args.length === 0) {
    check("types", ["node_modules/typescript/bin/tsc", "-b"])
    check("format and lint", ["node_modules/@biomejs/biome/bin/biome", "ci", "--error-on-warnings", "."])
  }
  runTests()
} catch (problem) {
  tally.failed++
  console.error(problem instanceof Error ? problem.message : problem)
}
if (!existsSync(shared))
  console.log(`The conformance data is not at ${shared} (THUNKPAD_SHARED says where else): the tests that need it were skipped.`)
console.log(`\n${retriedLines(tally)}${closingLine(tally)}`)
process.exitCode = tally.failed === 0 && tally.passed > 0 ? 0 : 1

/**
 * Runs a checker of the whole project and counts it as one test.
 * @param {string} what
 * @param {string[]} command arguments of node
 */
function check(what, command) {
  const run = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" })
  if (run.status === 0) tally.passed++
  else tally.failed++
  console.log(`${run.status === 0 ? "✓" : "✗"} ${what}`)
}

/** Runs vitest and adds its counts; a run that ends badly without a failed test counts as one failure. */
function runTests() {
  mkdirSync(`${root}.cache`, { recursive: true })
  const file = `${root}.cache/tally-${process.pid}.json`
  rmSync(file, { force: true })
  const run = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "--config", "tests/vitest.config.ts", ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, THUNKPAD_TALLY: file },
  })
  const counted = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0, retried: [] }
  rmSync(file, { force: true })
  tally.passed += counted.passed
  tally.skipped += counted.skipped
  tally.retried.push(...counted.retried)
  tally.failed += counted.failed === 0 && run.status !== 0 ? 1 : counted.failed
}
