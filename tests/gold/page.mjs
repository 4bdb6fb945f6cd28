// Evaluates in the built engine in Chromium: files of folders are given to a fresh worker for each evaluation.
import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { preview } from "vite"
import { launchOptions } from "../setup/chromium.mjs"
import { highWater } from "./peak.mjs"

const root = fileURLToPath(new URL("../../", import.meta.url))

/**
 * What a folder holds, by absolute path, as the engine takes it but for bytes, which are base64 here.
 * @param {string} folder
 * @param {Record<string, { bytes: string, program: boolean } | { symlink: string }>} into
 */
function collect(folder, into) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== ".git") collect(path, into)
    } else if (entry.isSymbolicLink()) into[path] = { symlink: readlinkSync(path) }
    else if (entry.isFile()) into[path] = { bytes: readFileSync(path, "base64"), program: (statSync(path).mode & 0o100) !== 0 }
  }
}

export class GoldPage {
  /**
   * @param {import("playwright-core").Browser} browser
   * @param {import("playwright-core").Page} page
   * @param {() => Promise<void>} closeServer
   */
  constructor(browser, page, closeServer) {
    this.browser = browser
    this.page = page
    this.closeServer = closeServer
  }

  /** A page that knows the files of these folders. @param {string[]} folders */
  static async open(folders) {
    const server = await preview({ root, configFile: `${root}vite.config.ts`, logLevel: "error", preview: { port: 0, strictPort: false } })
    const address = server.httpServer.address()
    const url = `http://localhost:${typeof address === "object" && address !== null ? address.port : 0}/`
    const browser = await chromium.launch(launchOptions())
    const page = await browser.newPage()
    /** @type {Record<string, { bytes: string, program: boolean } | { symlink: string }>} */
    const files = {}
    for (const folder of folders) collect(folder, files)
    await page.route(`${url}gold-files`, (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify(files) }))
    await page.goto(url)
    await page.evaluate(
      async ([engine, list]) => {
        const bytes = (/** @type {string} */ base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
        const given = await (await fetch(/** @type {string} */ (list))).json()
        const entries = Object.entries(given).map(([path, file]) => {
          if ("symlink" in file) return [path, file]
          return [path, file.program ? { program: bytes(file.bytes) } : bytes(file.bytes)]
        })
        Object.assign(globalThis, { files: Object.fromEntries(entries), engines: await import(/** @type {string} */ (engine)) })
      },
      [`${url}engine.js`, `${url}gold-files`],
    )
    return new GoldPage(browser, page, () => server.close())
  }

  /**
   * Evaluates an expression deeply in a new worker; the seconds are those of evaluating and printing.
   * @param {string} expr
   * @returns {Promise<{ ok: boolean, value: any, error: string, seconds: number, peak: number }>}
   */
  async evaluate(expr) {
    const { text, error, seconds } = await this.page.evaluate(async (expr) => {
      const { engines, files } = /** @type {any} */ (globalThis)
      const engine = engines.createEngine()
      try {
        const { run, view } = await engine.evaluate({ expr, files, options: { explain: false } })
        if (view.kind === "failed") return { text: "", error: `${view.problem.code}: ${view.problem.message}`, seconds: 0 }
        // The expression is a list of unevaluated elements: all the work is in printing it.
        const started = performance.now()
        const printed = await engine.print(run, view.ref, "json")
        const seconds = (performance.now() - started) / 1000
        return "problem" in printed ? { text: "", error: printed.problem.message, seconds } : { text: printed.text, error: "", seconds }
      } finally {
        engine.close()
      }
    }, expr)
    return { ok: error === "", value: error === "" ? JSON.parse(text) : undefined, error, seconds, peak: await this.#peak() }
  }

  /** Megabytes that the tab's process had at most. */
  async #peak() {
    const session = await this.browser.newBrowserCDPSession()
    const { processInfo } = await session.send("SystemInfo.getProcessInfo")
    await session.detach()
    return Math.max(0, ...processInfo.filter((p) => p.type === "renderer").map((p) => highWater(p.id)))
  }

  async close() {
    await this.browser.close()
    await this.closeServer()
  }
}
