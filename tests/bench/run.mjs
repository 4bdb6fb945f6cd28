// `npm run bench`: the programs of tests/bench/programs in Node, in Chromium's worker and by native Nix, in turns in one run; and the
// parser. Prints medians, spread and ratios; times nothing as a test.
//   --runs N        rounds (7)            --only NAME          programs whose name contains NAME ("parse" is the parser)
//   --json FILE     the numbers as JSON   --parse-folder DIR   parse all .nix files below DIR, and nothing else
// NIX_INSTANTIATE names the native program (nix-instantiate). It is left out where it is not found.

import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { preview } from "vite"
import { ensureBuilt } from "../setup/build.mjs"
import { launchOptions } from "../setup/chromium.mjs"
import { generatedFile, measureParsing, nixFiles } from "./parse.mjs"

const root = fileURLToPath(new URL("../../", import.meta.url))
const programs = fileURLToPath(new URL("programs/", import.meta.url))
const program = `${root}dist/cli/thunkpad.js`
const native = process.env["NIX_INSTANTIATE"] ?? "nix-instantiate"
const hasNative = spawnSync(native, ["--version"], { stdio: "ignore" }).status === 0
const rounds = Number(option("--runs", "7"))
const only = option("--only", "")
const folder = option("--parse-folder", "")

/** Times in ms by way of running, by program. @type {Record<string, Record<string, number[]>>} */
const results = {}
if (folder !== "") await parsing(folder, nixFiles(folder))
else {
  if ("parse".includes(only)) await largeFile()
  await evaluation()
}
const json = option("--json", "")
if (json !== "") writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`)

/** @param {string} name @param {string} fallback */
function option(name, fallback) {
  const i = process.argv.indexOf(name)
  return i < 0 ? fallback : (process.argv[i + 1] ?? fallback)
}

/**
 * Milliseconds of a whole process, or null if it failed, which is said with its last line.
 * @param {string} command @param {string[]} args @returns {number | null}
 */
function timed(command, args) {
  const start = performance.now()
  const { status, signal, stderr } = spawnSync(command, args, { stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" })
  const time = performance.now() - start
  if (status === 0) return time
  console.error(`${command} ${args.join(" ")}: ${signal ?? `status ${status}`}: ${stderr.trim().split("\n").at(-1)}`)
  return null
}

/** @param {number[]} times */
function median(times) {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

/** The large file: the parser alone, beside native Nix's process. */
async function largeFile() {
  const dir = mkdtempSync(join(tmpdir(), "bench-"))
  try {
    const path = join(dir, "large.nix")
    writeFileSync(path, generatedFile(1e6))
    await parsing("parse 1 MB", [path])
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** @param {string} name @param {string[]} files */
async function parsing(name, files) {
  const { bytes, failed, ...times } = await measureParsing(files, { rounds, native: hasNative ? native : null })
  results[name] = { ...times }
  const show = Object.entries(times).map(([way, t]) => {
    if (t.length === 0) return `${way} -`
    const rate = bytes / 1e3 / median(t)
    return `${way} ${rate.toFixed(0)} MB/s (${median(t).toFixed(0)} ms, ${Math.min(...t).toFixed(0)}-${Math.max(...t).toFixed(0)})`
  })
  const what = `${files.length} file${files.length === 1 ? "" : "s"}, ${(bytes / 1e6).toFixed(1)} MB${failed === 0 ? "" : `, ${failed} with errors`}`
  console.log(`${name.padEnd(12)} ${show.join("  ")}  ${what}; native is the whole process, printing included`)
}

/** The programs, by every way to run them. */
async function evaluation() {
  const files = readdirSync(programs)
    .sort()
    .filter((file) => file.replace(/\.nix$/, "").includes(only))
  if (files.length === 0) return
  await ensureBuilt()
  const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: "error", preview: { port: 0, strictPort: false } })
  const address = server.httpServer.address()
  const url = `http://localhost:${typeof address === "object" && address !== null ? address.port : 0}/`
  const browser = await chromium.launch(launchOptions())
  const page = await browser.newPage()
  await page.goto(url)
  await page.evaluate(`import("${url}engine.js").then((m) => { globalThis.engine = m.createEngine() })`)

  /** One evaluation in the warm engine, with a fresh evaluator. @param {string} text @param {string} run */
  const inWorker = (text, run) =>
    page.evaluate(
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

  for (const file of files) {
    const name = file.replace(/\.nix$/, "")
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
  await browser.close()
  await server.close()
}
