// `npm run gold -- FOLDER GOLD.tsv [OPTIONS]`: evaluates the packages of a package set and compares their store paths with known ones.
//
//   FOLDER                 a folder whose default.nix gives the set, called with { system = …; }
//   GOLD.tsv               lines: attribute, drvPath, output paths in the order of `.outputs` (with blanks between); # begins a comment
//   --system SYSTEM        x86_64-linux if not given
//   --expr NIX PATH        also: an expression (`set` is the folder) and the drvPath it has to have; may be repeated
//   --beside PROGRAM       runs the same expressions with another nix-instantiate and gives its times
//   --program FILE         runs this build of the command line (else dist/cli/thunkpad.js, built if needed)
//   --from-store           also: the same expression in Chromium, from its storage, after the folder was imported and the page reloaded
//   --folder FOLDER        another folder that the set reads, to be imported too; may be repeated
//
// All attributes are one expression. If it fails, its halves are tried, until the failing ones are found. The exit status
// is 0 if everything is equal.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { ensureBuilt } from "../setup/build.mjs"
import { evaluateFromStore } from "./from-store.mjs"

const options = {
  system: "x86_64-linux",
  exprs: /** @type {[string, string][]} */ ([]),
  beside: "",
  program: "",
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
  else if (arg === "--from-store") options.fromStore = true
  else if (arg === "--folder") options.folders.push(resolve(argv.shift() ?? ""))
  else options.rest.push(arg)
}
const [folder, file] = options.rest
if (folder === undefined || file === undefined) {
  console.error(
    "usage: npm run gold -- FOLDER GOLD.tsv [--system SYSTEM] [--expr NIX PATH]… [--beside nix-instantiate] [--program FILE] [--from-store [--folder FOLDER]…]",
  )
  process.exit(2)
}
if (options.program === "") {
  ensureBuilt()
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
 * Runs a nix-instantiate over an expression.
 * @param {string[]} command
 * @param {string} expr
 */
function evaluate(command, expr) {
  const started = performance.now()
  const args = [...command.slice(1), "--eval", "--strict", "--json", "-E", expr]
  const run = spawnSync(/** @type {string} */ (command[0]), args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, NIX_PATH: "" },
  })
  const seconds = (performance.now() - started) / 1000
  return { ok: run.status === 0, value: run.status === 0 ? JSON.parse(run.stdout) : undefined, error: run.stderr, seconds }
}

/** @param {string[]} attrs */
function expression(attrs) {
  const names = attrs.map((attr) => JSON.stringify(attr).replaceAll("$", "\\$")).join(" ")
  return `let set = import ${set} { system = "${options.system}"; };
  paths = name: let p = set.\${name}; in [ p.drvPath ] ++ map (o: p.\${o}.outPath) (p.outputs or [ "out" ]);
in map paths [ ${names} ]`
}

let equal = 0
/** @type {string[]} */
const faults = []

/**
 * Compares the attributes; those that fail are found by halving.
 * @param {string[]} attrs
 */
function compare(attrs) {
  const run = evaluate(ours, expression(attrs))
  if (!run.ok) {
    if (attrs.length === 1) faults.push(`${attrs[0]}: fails\n${run.error.trim().split("\n").slice(-12).join("\n")}`)
    else for (const half of [attrs.slice(0, attrs.length >> 1), attrs.slice(attrs.length >> 1)]) compare(half)
    return run.seconds
  }
  for (const [i, attr] of attrs.entries()) {
    const got = run.value[i].join(" ")
    const wanted = known.get(attr).join(" ")
    if (got === wanted) equal++
    else faults.push(`${attr}: differs\n  wanted ${wanted}\n  got    ${got}`)
  }
  return run.seconds
}

const all = [...known.keys()]
const seconds = compare(all)
for (const fault of faults.slice(0, 20)) console.log(fault)
console.log(`${equal} of ${all.length} attributes are equal; ${seconds.toFixed(2)} s in one expression`)
if (options.beside !== "") {
  const run = evaluate([options.beside], expression(all))
  console.log(`${options.beside}: ${run.ok ? `${run.seconds.toFixed(2)} s` : run.error}`)
}
let right = equal === all.length
for (const [expr, wanted] of options.exprs) {
  const text = `let set = ${set}; in ${expr}`
  const run = evaluate(ours, text)
  const same = run.ok && run.value === wanted
  right &&= same
  console.log(`${expr}: ${same ? "equal" : run.ok ? `differs: ${run.value}` : `fails\n${run.error}`}; ${run.seconds.toFixed(2)} s`)
  if (options.beside !== "") console.log(`${options.beside}: ${evaluate([options.beside], text).seconds.toFixed(2)} s`)
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
