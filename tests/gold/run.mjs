// `npm run gold -- FOLDER GOLD.tsv [OPTIONS]`: evaluates the packages of a package set and compares their store paths with known ones.
//
//   FOLDER                 a folder whose default.nix gives the set, called with { system = …; }
//   GOLD.tsv               lines: attribute, drvPath, output paths in the order of `.outputs` (with blanks between); # begins a comment
//   --system SYSTEM        x86_64-linux if not given
//   --expr NIX PATH        also: an expression (`set` is the folder) and the drvPath it has to have; may be repeated
//   --beside PROGRAM       runs the same expressions with another nix-instantiate and gives its times
//   --in-chromium          also: all attributes in a fresh worker of a page, compared and timed too
//   --runs N               all attributes N times by each, in turns (1)
//   --program FILE         runs this build of the command line (else dist/cli/thunkpad.js, built if needed)
//   --from-store           also: the same expression in Chromium, from its storage, after the folder was imported and the page reloaded
//   --folder FOLDER        another folder that the set reads, for Chromium; may be repeated
//
// All attributes are one expression. If it fails, its halves are tried, until the failing ones are found. The exit status
// is 0 if everything is equal. Times of programs are of whole processes; that of the page is without the worker's start and the
// transfer of the files. Peaks of memory are known on Linux only, and of the page it is the tab's process.
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureBuilt } from "../setup/build.mjs"
import { evaluateFromStore } from "./from-store.mjs"
import { GoldPage } from "./page.mjs"
import { Peak } from "./peak.mjs"

const options = {
  system: "x86_64-linux",
  exprs: /** @type {[string, string][]} */ ([]),
  beside: "",
  program: "",
  inChromium: false,
  runs: 1,
  fromStore: false,
  folders: /** @type {string[]} */ ([]),
  rest: /** @type {string[]} */ ([]),
}
const argv = process.argv.slice(2)
while (argv.length > 0) {
  const arg = /** @type {string} */ (argv.shift())
  if (arg === "--system") options.system = argv.shift() ?? ""
  else if (arg === "--expr") options.exprs.push([argv.shift() ?? "", argv.shift() ?? ""])
  else if (arg === "--beside") options.beside = argv.shift() ?? ""
  else if (arg === "--program") options.program = argv.shift() ?? ""
  else if (arg === "--in-chromium") options.inChromium = true
  else if (arg === "--runs") options.runs = Number(argv.shift())
  else if (arg === "--from-store") options.fromStore = true
  else if (arg === "--folder") options.folders.push(resolve(argv.shift() ?? ""))
  else options.rest.push(arg)
}
const [folder, file] = options.rest
if (folder === undefined || file === undefined) {
  console.error(
    "usage: npm run gold -- FOLDER GOLD.tsv [--system SYSTEM] [--expr NIX PATH]… [--beside nix-instantiate] [--in-chromium] [--runs N] [--program FILE] [--from-store] [--folder FOLDER]…",
  )
  process.exit(2)
}
if (options.program === "" || options.inChromium) ensureBuilt()
if (options.program === "") {
  options.program = fileURLToPath(new URL("../../dist/cli/thunkpad.js", import.meta.url))
}
const set = resolve(folder)
const ours = [process.execPath, options.program, "instantiate"]

/** The known paths by attribute: drvPath, then the outputs' paths. */
const known = new Map()
for (const line of readFileSync(file, "utf8").split("\n")) {
  if (line === "" || line.startsWith("#")) continue
  const [attr, drvPath, outPaths] = /** @type {[string, string, string]} */ (line.split("\t"))
  known.set(attr, [drvPath, ...outPaths.split(" ")])
}

/**
 * Runs a nix-instantiate over an expression; seconds, and megabytes at the peak.
 * @param {string[]} command
 * @param {string} expr
 * @returns {Promise<{ ok: boolean, value: any, error: string, seconds: number, peak: number }>}
 */
async function evaluate(command, expr) {
  const started = performance.now()
  const args = [...command.slice(1), "--eval", "--strict", "--json", "-E", expr]
  const child = spawn(/** @type {string} */ (command[0]), args, {
    env: { ...process.env, NIX_PATH: "" },
    stdio: ["ignore", "pipe", "pipe"],
  })
  const peak = new Peak(child.pid)
  let out = ""
  let error = ""
  child.stdout.setEncoding("utf8").on("data", (text) => (out += text))
  child.stderr.setEncoding("utf8").on("data", (text) => (error += text))
  const status = await new Promise((done, fail) => child.on("close", done).on("error", fail))
  const seconds = (performance.now() - started) / 1000
  const ok = status === 0
  return { ok, value: ok ? JSON.parse(out) : undefined, error, seconds, peak: peak.end() }
}

/** @param {string[]} attrs */
function expression(attrs) {
  const names = attrs.map((attr) => JSON.stringify(attr).replaceAll("$", "\\$")).join(" ")
  return `let set = import ${set} { system = "${options.system}"; };
  paths = name: let p = set.\${name}; in [ p.drvPath ] ++ map (o: p.\${o}.outPath) (p.outputs or [ "out" ]);
in map paths [ ${names} ]`
}

/** @type {Set<string>} */
const equal = new Set()
/** @type {string[]} */
const faults = []

/**
 * Compares what came out with what is known; a fault is told once.
 * @param {string[]} attrs
 * @param {string[][]} value
 */
function judge(attrs, value) {
  for (const [i, attr] of attrs.entries()) {
    const got = /** @type {string[]} */ (value[i]).join(" ")
    const wanted = known.get(attr).join(" ")
    if (got === wanted) equal.add(attr)
    else faults.push(`${attr}: differs\n  wanted ${wanted}\n  got    ${got}`)
  }
}

/**
 * Compares the attributes; those that fail are found by halving.
 * @param {string[]} attrs
 */
async function compare(attrs) {
  const run = await evaluate(ours, expression(attrs))
  if (run.ok) judge(attrs, run.value)
  else if (attrs.length === 1) faults.push(`${attrs[0]}: fails\n${run.error.trim().split("\n").slice(-12).join("\n")}`)
  else for (const half of [attrs.slice(0, attrs.length >> 1), attrs.slice(attrs.length >> 1)]) await compare(half)
  return run
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}

const all = [...known.keys()]
const page = options.inChromium ? await GoldPage.open([set, ...options.folders]) : null
/** @type {Record<string, { seconds: number[], peaks: number[] }>} */
const times = {}
/** @param {string} who @param {{ seconds: number, peak: number }} run */
function note(who, run) {
  times[who] ??= { seconds: [], peaks: [] }
  times[who].seconds.push(run.seconds)
  times[who].peaks.push(run.peak)
}
for (let i = 0; i < options.runs; i++) {
  if (options.beside !== "") {
    const run = await evaluate([options.beside], expression(all))
    if (run.ok) note(options.beside, run)
    else console.log(`${options.beside}: ${run.error}`)
  }
  note("thunkpad", await compare(all))
  if (page !== null) {
    const run = await page.evaluate(expression(all))
    if (run.ok) judge(all, run.value)
    else faults.push(`in Chromium: ${run.error}`)
    note("in Chromium", run)
  }
}
await page?.close()
for (const fault of faults.slice(0, 20)) console.log(fault)
console.log(`${equal.size} of ${all.length} attributes are equal`)
const native = median(times[options.beside]?.seconds ?? [])
for (const [who, { seconds, peaks }] of Object.entries(times)) {
  const ratio = who === options.beside || Number.isNaN(native) ? "" : `, ${(median(seconds) / native).toFixed(2)} times`
  const spread = seconds.length > 1 ? ` (${Math.min(...seconds).toFixed(2)}-${Math.max(...seconds).toFixed(2)})` : ""
  console.log(`${who}: ${median(seconds).toFixed(2)} s${spread}${ratio}; ${median(peaks)} MB at the peak`)
}
let right = equal.size === all.length && faults.length === 0
for (const [expr, wanted] of options.exprs) {
  const text = `let set = ${set}; in ${expr}`
  const run = await evaluate(ours, text)
  const same = run.ok && run.value === wanted
  right &&= same
  console.log(`${expr}: ${same ? "equal" : run.ok ? `differs: ${run.value}` : `fails\n${run.error}`}; ${run.seconds.toFixed(2)} s`)
  if (options.beside !== "") console.log(`${options.beside}: ${(await evaluate([options.beside], text)).seconds.toFixed(2)} s`)
}
if (options.fromStore) {
  ensureBuilt()
  const exprs = [expression(all), ...options.exprs.map(([expr]) => `let set = ${set}; in ${expr}`)]
  const outcomes = await evaluateFromStore({ folders: [set, ...options.folders], exprs, report: console.log })
  for (const [i, { ok, value, error }] of outcomes.entries()) {
    const what = i === 0 ? "all attributes" : /** @type {[string, string]} */ (options.exprs[i - 1])[0]
    const wanted = i === 0 ? all.map((attr) => known.get(attr)) : options.exprs[i - 1]?.[1]
    const same = ok && JSON.stringify(value) === JSON.stringify(wanted)
    right &&= same
    console.log(`from the store, ${what}: ${same ? "equal" : ok ? "differs" : `fails\n${error}`}`)
  }
}
process.exitCode = right ? 0 : 1
