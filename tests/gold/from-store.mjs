// A package set evaluated from the browser's store: its folders are imported into a Chromium's storage on disk, the page is
// reloaded, everything is read from there. Used by run.mjs (--from-store).
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { preview } from "vite"
import { launchOptions } from "../setup/chromium.mjs"

/** Bytes of files that cross to the page at once. */
const BATCH = 8 * 2 ** 20

/** @typedef {{ path: string, text?: string, symlink?: string, executable?: boolean }} Carried */

/**
 * The files of a folder, their bytes in base 64.
 * @param {string} folder
 * @returns {Generator<Carried[]>}
 */
function* filesOf(folder) {
  /** @type {Carried[]} */
  let batch = []
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const full = join(entry.parentPath, entry.name)
    const path = full.slice(folder.length + 1)
    if (path === ".git" || path.startsWith(".git/")) continue
    if (entry.isSymbolicLink()) batch.push({ path, symlink: readlinkSync(full) })
    else if (entry.isFile()) {
      const text = readFileSync(full).toString("base64")
      batch.push({ path, text, executable: (statSync(full).mode & 0o100) !== 0 })
      bytes += text.length
    }
    if (bytes < BATCH) continue
    yield batch
    batch = []
    bytes = 0
  }
  yield batch
}

/**
 * Evaluates expressions in Chromium; `folders` are seen at their own paths.
 * @param {{ folders: string[], exprs: string[], report: (line: string) => void }} work
 * @returns {Promise<{ ok: boolean, value: unknown, error: string, seconds: number }[]>}
 */
export async function evaluateFromStore({ folders, exprs, report }) {
  const root = fileURLToPath(new URL("../../", import.meta.url))
  const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: "error", preview: { port: 0, strictPort: false } })
  const profile = mkdtempSync(join(tmpdir(), "thunkpad-gold-"))
  const browser = await chromium.launchPersistentContext(profile, launchOptions())
  try {
    const address = server.httpServer.address()
    const url = `http://localhost:${typeof address === "object" && address !== null ? address.port : ""}/`
    /** A page with an engine of its own. */
    const open = async () => {
      const page = await browser.newPage()
      page.on("console", (message) => message.type() === "error" && report(`the page says: ${message.text()}`))
      await page.goto(url)
      await page.evaluate(`import("/engine.js").then(({ createEngine }) => { globalThis.engine = createEngine() })`)
      return page
    }
    const first = await open()
    /** @type {Record<string, string>} */
    const trees = {}
    for (const folder of folders) {
      await first.evaluate("globalThis.files = []")
      for (const batch of filesOf(folder)) {
        await first.evaluate((carried) => {
          const { files } = /** @type {any} */ (globalThis)
          for (const { path, text, symlink, executable } of carried) {
            const data = symlink === undefined ? Uint8Array.from(atob(text ?? ""), (c) => c.charCodeAt(0)) : { symlink }
            files.push({ path, data, executable })
          }
        }, batch)
      }
      const { path, seconds, count } = await first.evaluate(async (name) => {
        const { engine, files } = /** @type {any} */ (globalThis)
        await engine.store.report()
        const started = performance.now()
        const path = await engine.store.importFiles(name, files)
        return { path, seconds: (performance.now() - started) / 1000, count: files.length }
      }, basename(folder))
      trees[folder] = path
      report(`imported ${count} files of ${folder} in ${seconds.toFixed(2)} s`)
    }
    await first.close()
    const outcomes = []
    for (const expr of exprs) {
      // A page of its own each time: nothing is in memory.
      const page = await open()
      const outcome = await page.evaluate(
        async ({ expr, trees }) => {
          const { engine } = /** @type {any} */ (globalThis)
          await engine.store.report()
          const started = performance.now()
          const { run, view, waits } = await engine.evaluate({ expr, trees })
          const printed = view.kind === "failed" ? { problem: view.problem } : await engine.print(run, [], "json")
          const seconds = (performance.now() - started) / 1000
          // Nothing is forced by it: the number of waits alone.
          const after = await engine.force(run, [])
          const writing = performance.now()
          await engine.store.flush()
          const { used, objects, place, problem } = await engine.store.report()
          return {
            text: printed.text,
            error: printed.problem?.report ?? "",
            seconds,
            waits: Math.max(waits, after.waits),
            written: (performance.now() - writing) / 1000,
            used,
            objects,
            place,
            problem,
          }
        },
        { expr, trees },
      )
      const { text, error, seconds, waits, written, used, objects, place, problem } = outcome
      report(
        `${seconds.toFixed(2)} s from the ${place}'s store, having waited ${waits} times; ${objects} objects were there ${written.toFixed(2)} s later (${((used ?? 0) / 2 ** 20).toFixed(0)} MB)${problem === null ? "" : `: ${problem.message}`}`,
      )
      outcomes.push({ ok: error === "", value: error === "" ? JSON.parse(text) : undefined, error, seconds })
      await page.close()
    }
    return outcomes
  } finally {
    await browser.close()
    await server.close()
    rmSync(profile, { recursive: true, force: true })
  }
}
