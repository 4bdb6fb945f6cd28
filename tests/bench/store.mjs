// `npm run bench:store`: a folder that resembles a package set (10,000 files, 100 MB) is imported into the browser's storage in
// Chromium, the page is loaded anew, and everything is read and checked. Beside it, in the same run and by turns: the same files
// written with plain idb-keyval calls, and `nix-store --add` of the same folder. Prints medians and ratios; judges nothing.
//   --runs N   rounds (5)     --files N, --bytes N   the folder     NIX_STORE   native program (nix-store)
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { serveSite } from "../page/storage-site.mjs"
import { launchOptions } from "../setup/chromium.mjs"
import { packageSet, writeFolder } from "./store-folder.mjs"

/** @param {string} name @param {string} fallback */
function option(name, fallback) {
  const i = process.argv.indexOf(name)
  return i < 0 ? fallback : (process.argv[i + 1] ?? fallback)
}

/** @param {number[]} times */
function median(times) {
  const sorted = [...times].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? Number.NaN
}

const rounds = Number(option("--runs", "5"))
const native = process.env["NIX_STORE"] ?? "nix-store"
const scratch = mkdtempSync(join(tmpdir(), "bench-store-"))
const files = packageSet(Number(option("--files", "10000")), Number(option("--bytes", "100000000")))
const bytes = files.reduce((sum, [, contents]) => sum + contents.length, 0)
const folder = join(scratch, "source")
writeFolder(folder, files)

/** Adds the folder to a new store; milliseconds of the whole process and bytes on the disk, or null if there is no native Nix. */
function nativeAdd() {
  const store = mkdtempSync(join(scratch, "store-"))
  const start = performance.now()
  const { status } = spawnSync(native, ["--store", store, "--add", folder], { stdio: "ignore" })
  const ms = performance.now() - start
  if (status !== 0) return null
  const size = Number(/^\d+/.exec(spawnSync("du", ["-s", "--block-size=1", store], { encoding: "utf8" }).stdout)?.[0])
  // Files in a store may not be written, nor its folders.
  spawnSync("chmod", ["-R", "u+w", store])
  rmSync(store, { recursive: true })
  return { ms, size }
}

const site = await serveSite({
  page: fileURLToPath(new URL("store-page.ts", import.meta.url)),
  worker: fileURLToPath(new URL("store-worker.ts", import.meta.url)),
  data: new Map([
    ["/paths.json", new TextEncoder().encode(JSON.stringify(files.map(([path, contents]) => [path, contents.length])))],
    ["/contents", Buffer.concat(files.map(([, contents]) => contents))],
  ]),
})
// A profile on the disk: in a fresh window Chromium keeps databases in memory.
const browser = await chromium.launchPersistentContext(join(scratch, "profile"), { ...launchOptions(), headless: true })
const page = browser.pages()[0] ?? (await browser.newPage())

/** A page as after a reload, with the files in its worker's memory. */
async function freshPage() {
  await page.goto(site.url)
  await page.waitForFunction(() => "bench" in globalThis)
  await page.evaluate(`bench.ready.then(() => bench.remote.load())`)
}

/** @param {string} call an expression over `bench` @returns {Promise<any>} */
const ask = (call) => page.evaluate(call)

/** @type {Record<string, number[]>} */
const times = { import: [], again: [], verify: [], many: [], one: [], read: [], delay: [], idle: [], add: [], single: [], plainSingle: [] }
/** @type {Record<string, number>} */
const sizes = {}
let lost = 0
try {
  for (let round = 0; round < rounds; round++) {
    const name = `round-${round}`
    await freshPage()
    times["idle"]?.push((await ask(`bench.watched(() => new Promise((resolve) => setTimeout(resolve, 500)))`)).longestDelay)
    const before = await ask(`bench.remote.used()`)
    const imported = await ask(`bench.watched(() => bench.remote.importTree("${name}"))`)
    times["import"]?.push(imported.result.ms)
    times["delay"]?.push(imported.longestDelay)
    sizes["import"] = (await ask(`bench.remote.used()`)) - before
    await freshPage()
    const verified = await ask(`bench.remote.verifyTree("${name}", ${JSON.stringify(imported.result.root)})`)
    times["verify"]?.push(verified.ms)
    lost += verified.wrong
    await freshPage()
    times["single"]?.push(await ask(`bench.remote.readSingly("${name}", 1000)`))
    times["again"]?.push((await ask(`bench.remote.importTree("${name}")`)).ms)
    await ask(`bench.remote.remove("${name}")`)

    for (const [key, batch] of /** @type {const} */ ([
      ["many", 500],
      ["one", files.length],
    ])) {
      await freshPage()
      const used = await ask(`bench.remote.used()`)
      times[key]?.push(await ask(`bench.remote.setPlainly("plain", ${batch})`))
      sizes["plain"] = (await ask(`bench.remote.used()`)) - used
      await freshPage()
      if (key === "many") times["read"]?.push(await ask(`bench.remote.getPlainly("plain", ${batch})`))
      await freshPage()
      if (key === "many") times["plainSingle"]?.push(await ask(`bench.remote.getSingly("plain", 1000)`))
      await ask(`bench.remote.remove("plain")`)
    }

    const added = nativeAdd()
    if (added !== null) {
      times["add"]?.push(added.ms)
      sizes["add"] = added.size
    }
  }
} finally {
  await browser.close()
  await site.close()
  rmSync(scratch, { recursive: true, force: true })
}

/** @param {string} label @param {string} key @param {string} [to] what it is compared with */
function row(label, key, to) {
  const all = times[key] ?? []
  if (all.length === 0) return console.log(`${label.padEnd(46)} (not here)`)
  const ratio = to === undefined ? "" : `   ${(median(all) / median(times[to] ?? [])).toFixed(2)} of it`
  const spread = `${Math.min(...all).toFixed(0)}–${Math.max(...all).toFixed(0)}`
  console.log(`${label.padEnd(46)} ${median(all).toFixed(0).padStart(6)} ms  (${spread})${ratio}`)
}

/** @param {string} label @param {string} key */
function sizeRow(label, key) {
  const size = sizes[key]
  if (size !== undefined)
    console.log(`${label.padEnd(46)} ${(size / 1e6).toFixed(1).padStart(6)} MB  ${(size / bytes).toFixed(2)} of the files`)
}

console.log(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${rounds} rounds; medians (least–most)`)
row("import into the browser's storage", "import")
row("  beside idb-keyval, setMany of 500", "many")
row("  beside idb-keyval, one setMany", "one")
row("  beside nix-store --add", "add")
row("import of the same again", "again")
row("after a reload: everything read and checked", "verify")
row("  beside idb-keyval, getMany of 500, unchecked", "read")
row("after a reload: 1,000 files one by one", "single")
row("  beside idb-keyval, unchecked", "plainSingle")
const [ours, many, one, add] = ["import", "many", "one", "add"].map((key) => median(times[key] ?? []))
console.log(`import / idb-keyval: ${(Number(ours) / Number(many)).toFixed(2)} and ${(Number(ours) / Number(one)).toFixed(2)}`)
if (!Number.isNaN(Number(add))) console.log(`import / nix-store --add: ${(Number(ours) / Number(add)).toFixed(2)}`)
console.log(`read and checked / idb-keyval unchecked: ${(median(times["verify"] ?? []) / median(times["read"] ?? [])).toFixed(2)}`)
sizeRow("size in the browser's storage", "import")
sizeRow("size with idb-keyval", "plain")
sizeRow("size in a Nix store", "add")
row("longest delay of a task of the page, importing", "delay")
row("longest delay of a task of the page, idle", "idle")
console.log(lost === 0 ? "nothing was lost" : `LOST OR WRONG: ${lost} files`)
process.exitCode = lost === 0 ? 0 : 1
