// `npm run bench`: the programs of tests/bench/programs in Node, in Chromium's worker and by native Nix, in turns
// in one run. Prints medians, spread and ratios; times nothing as a test.
//   --runs N        rounds (7)            --only NAME   programs whose name contains NAME
//   --json FILE     the numbers as JSON   NIX_INSTANTIATE   native program (nix-instantiate)

import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { preview } from "vite"
import { ensureBuilt } from "../setup/build.mjs"
import { launchOptions } from "../setup/chromium.mjs"

const root = fileURLToPath(new URL("../../", import.meta.url))
const programs = fileURLToPath(new URL("programs/", import.meta.url))
const program = `${root}dist/cli/thunkpad.js`

/** @param {string} name @param {string} fallback */
function option(name, fallback) {
  const i = process.argv.indexOf(name)
  return i < 0 ? fallback : (process.argv[i + 1] ?? fallback)
}

/** @param {string} command @param {string[]} args @returns {number | null} milliseconds of the whole process, or null if it failed */
function timed(command, args) {
  const start = performance.now()
  const { status } = spawnSync(command, args, { stdio: ["ignore", "ignore", "ignore"] })
  return status === 0 ? performance.now() - start : null
}

/** @param {number[]} times */
function median(times) {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

await ensureBuilt()
const rounds = Number(option("--runs", "7"))
const only = option("--only", "")
const native = process.env["NIX_INSTANTIATE"] ?? "nix-instantiate"
const hasNative = timed(native, ["--version"]) !== null
const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: "error", preview: { port: 0, strictPort: false } })
const address = server.httpServer.address()
const url = `http://localhost:${typeof address === "object" && address !== null ? address.port : 0}/`
const browser = await chromium.launch(launchOptions())
const page = await browser.newPage()
await page.goto(url)
await page.evaluate(`import("${url}engine.js").then((m) => { globalThis.engine = m.createEngine() })`)

/** One evaluation in the warm engine, with a fresh evaluator. @param {string} text @param {string} run */
function inWorker(text, run) {
  return page.evaluate(
    async ([expr, run]) => {
      const engine = /** @type {any} */ (globalThis).engine
      const start = performance.now()
      const { run: id, view } = await engine.evaluate({ expr, options: { run } })
      if ("ref" in view) await engine.print(id, view.ref, "nix")
      const time = performance.now() - start
      await engine.release(id)
      return view.kind === "failed" ? null : time
    },
    [text, run],
  )
}

/** @type {Record<string, Record<string, number[]>>} */
const results = {}
for (const file of readdirSync(programs).sort()) {
  const name = file.replace(/\.nix$/, "")
  if (!name.includes(only)) continue
  const path = programs + file
  const text = readFileSync(path, "utf8")
  /** @type {Record<string, number[]>} */
  const times = { native: [], node: [], worker: [], stepper: [] }
  for (let i = 0; i < 2; i++) {
    await inWorker(text, "auto")
    await inWorker(text, "stepper")
  }
  for (let i = 0; i < rounds; i++) {
    const row = {
      native: hasNative ? timed(native, ["--eval", "--strict", path]) : null,
      node: timed(process.execPath, [program, "instantiate", "--eval", "--strict", path]),
      worker: await inWorker(text, "auto"),
      stepper: await inWorker(text, "stepper"),
    }
    for (const [way, time] of Object.entries(row)) if (time !== null) times[way]?.push(time)
  }
  results[name] = times
  const show = Object.entries(times).map(([way, t]) =>
    t.length === 0 ? `${way} -` : `${way} ${median(t).toFixed(0)} ms (${Math.min(...t).toFixed(0)}-${Math.max(...t).toFixed(0)})`,
  )
  const ratio = hasNative && times["native"] && times["worker"] ? median(times["native"]) / median(times["worker"]) : Number.NaN
  console.log(`${name.padEnd(12)} ${show.join("  ")}  worker is ${ratio.toFixed(2)} times as fast as native`)
}
const json = option("--json", "")
if (json !== "") writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`)
await browser.close()
await server.close()
