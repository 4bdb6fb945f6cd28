// `npm run bench:app`: how fast the built app is to its user, in Chromium: loading, problems and values as one types, scrolling a large set.
// Beside each, in the same run: a bare page, Monaco's own JSON language, a plain list. Prints medians (least–most); judges nothing.
//   --runs N   rounds (9)     --json FILE   the numbers as JSON
// The machine should be idle: the load is printed with the numbers.
import { writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { cpus, loadavg } from "node:os"
import { fileURLToPath } from "node:url"
import { chromium } from "playwright-core"
import { preview } from "vite"
import { serveSite } from "../page/storage-site.mjs"
import { ensureBuilt } from "../setup/build.mjs"
import { launchOptions } from "../setup/chromium.mjs"
import { frameTimes, installProbe } from "./app-probe.mjs"

const root = fileURLToPath(new URL("../../", import.meta.url))
const rounds = Number(option("--runs", "9"))
/** Times in ms by name. @type {Record<string, number[]>} */
const times = {}
/** Frame times in ms by name. @type {Record<string, number[]>} */
const frames = {}

ensureBuilt()
/** A page with a text area, and one with twenty thousand rows. @type {Record<string, string>} */
const bare = {
  "/bare": `<!doctype html><textarea aria-label="Nix expression"></textarea>`,
  "/rows": `<!doctype html><style>div{height:25px}</style><div class="rows" style="height:600px;overflow:auto">${"<div>row</div>".repeat(20_000)}</div>`,
}
const server = await preview({
  root,
  configFile: `${root}vite.config.ts`,
  logLevel: "error",
  plugins: [
    {
      name: "bare-pages",
      configurePreviewServer: ({ middlewares }) =>
        void middlewares.use((request, response, next) => {
          const page = bare[request.url ?? ""]
          if (page === undefined) next()
          else response.setHeader("Content-Type", "text/html").end(page)
        }),
    },
  ],
  preview: { port: 0, strictPort: false },
})
const address = server.httpServer.address()
if (address === null || typeof address === "string") throw new Error("the preview server has no port")
const url = `http://localhost:${address.port}`
const json = await serveSite({
  page: fileURLToPath(new URL("app-json.ts", import.meta.url)),
  worker: createRequire(import.meta.url).resolve("monaco-editor/languages/features/json/json.worker.js"),
})
const browser = await chromium.launch(launchOptions())
const before = loadavg()[0] ?? 0
try {
  for (let round = 0; round < rounds; round++) {
    await loading("/", "load")
    await loading("/bare", "bare")
  }
  await problems()
  await peerProblems()
  await values()
  await scrolling()
} finally {
  await browser.close()
  await server.close()
  await json.close()
}
print()

/** A page with the probe. @param {Record<string, unknown> | null} [settings] what the user has set before */
async function openPage(settings = null) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.addInitScript(installProbe, {
    shell: "[aria-label='Nix expression']",
    value: "[role=tabpanel] .line",
    editor: ".monaco-editor .view-line",
  })
  if (settings !== null) await context.addInitScript((text) => localStorage.setItem("thunkpad/2/settings", text), JSON.stringify(settings))
  const page = await context.newPage()
  return { context, page }
}

/** Loads a page as a new visitor, and as one who was there before. @param {string} path @param {string} name */
async function loading(path, name) {
  const { context, page } = await openPage()
  for (const visit of ["", " again"]) {
    await page.goto(url + path)
    // A key that is pressed as soon as there is where to type: the page is interactive when it has answered.
    const answered = await page.evaluate(
      () =>
        new Promise((resolve) => {
          const { probe } = /** @type {any} */ (globalThis)
          probe
            .until("[aria-label='Nix expression']", true)
            .then(() => setTimeout(() => requestAnimationFrame(() => resolve(performance.now()))))
        }),
    )
    add(`${name}${visit}: interactive`, Number(answered))
    if (path !== "/") continue
    // A program of one's own does not run by itself.
    const value = visit === ""
    await page.waitForFunction((wanted) => {
      const { first } = /** @type {any} */ (globalThis).probe
      return first.editor !== undefined && (!wanted || first.value !== undefined)
    }, value)
    const { first, long } = await page.evaluate(() => /** @type {any} */ (globalThis).probe)
    add(`${name}${visit}: text area`, first.shell)
    if (value) add(`${name}${visit}: first value`, first.value)
    add(`${name}${visit}: full editor`, first.editor)
    add(`${name}${visit}: longest task`, Math.max(0, ...long))
    // The second visit finds what the first has kept.
    await page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
  }
  await context.close()
}

/** From a key to the squiggle, in a file of 500 lines in the full editor. */
async function problems() {
  const { context, page } = await openPage()
  await page.goto(url)
  await page.locator(".monaco-editor .view-line").first().click()
  await page.keyboard.press("Control+A")
  await page.evaluate((pasted) => {
    const data = new DataTransfer()
    data.setData("text/plain", pasted)
    document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
  }, fileOf500())
  await page.waitForTimeout(1000)
  await page.evaluate("probe.answers.length = 0")
  for (let round = 0; round < rounds; round++) {
    // Another text each time: the answer for one is kept.
    await page.keyboard.press("1")
    await page.waitForTimeout(300)
    const wrong = await awaitLater(page, "probe.until('.monaco-editor .squiggly-error', true)")
    await page.keyboard.press("%")
    const at = await wrong()
    add("problems: key to mark", at - Number(await page.evaluate("probe.pressed()")))
    const right = await awaitLater(page, "probe.until('.monaco-editor .squiggly-error', false)")
    await page.keyboard.press("Backspace")
    await right()
    await page.waitForTimeout(150)
  }
  await answers(page, "language.analyze", "problems: worker, there and back")
  await context.close()
}

/** The same with Monaco's own JSON. */
async function peerProblems() {
  const { context, page } = await openPage()
  await page.goto(json.url)
  await page.waitForFunction(() => "peer" in globalThis)
  const text = JSON.stringify(
    Object.fromEntries(Array.from({ length: 498 }, (_, i) => [`name${i}`, [i, `text ${i}`, i % 2 === 0]])),
    null,
    0,
  )
  const first = page.evaluate("peer.marked()")
  await page.evaluate((lines) => /** @type {any} */ (globalThis).peer.open(`${lines} %`), text.replaceAll('],"', '],\n"'))
  await first
  for (let round = 0; round < rounds; round++) {
    for (const key of ["Backspace", "%"]) {
      const marked = await awaitLater(page, "peer.marked()")
      await page.keyboard.press(key)
      const at = await marked()
      if (key === "%") add("Monaco's JSON: key to mark", at - Number(await page.evaluate("probe.pressed()")))
    }
  }
  await answers(page, "doValidation", "Monaco's JSON: worker, there and back")
  await context.close()
}

/** From a key to the value of a small program: by Ctrl+Enter, and while it is typed. */
async function values() {
  for (const [evaluate, name] of /** @type {const} */ ([
    ["asked", "value: Ctrl+Enter to value"],
    ["typing", "value: key to value, while typing"],
  ])) {
    const { context, page } = await openPage({ evaluate })
    await page.goto(url)
    await page.locator(".monaco-editor .view-line").first().click()
    await page.keyboard.press("Control+A")
    // Typed without the closing signs that the editor would add.
    await page.keyboard.insertText("let double = x: x * 2; in builtins.foldl' (a: b: a + b) 1 (map double [ 1 2 3 ]) + 1")
    await page.keyboard.press("Control+Enter")
    await page.waitForTimeout(1500)
    for (let round = 0; round < rounds; round++) {
      const changed = () => awaitLater(page, "probe.changed('[role=tabpanel] .line')")
      if (evaluate === "asked") await page.keyboard.press("1")
      const value = await changed()
      await page.keyboard.press(evaluate === "asked" ? "Control+Enter" : "1")
      const at = await value()
      add(name, at - Number(await page.evaluate("probe.pressed()")))
      const next = await changed()
      await page.keyboard.press("Backspace")
      if (evaluate === "asked") await page.keyboard.press("Control+Enter")
      await next()
      await page.waitForTimeout(400)
    }
    await answers(page, "force", `${name} (worker, there and back)`)
    await context.close()
  }
}

/** Twenty thousand attributes, scrolled by twenty rows a frame; an idle page and a plain list beside it. */
async function scrolling() {
  const { context, page } = await openPage({ editor: "plain" })
  await page.goto(url)
  await page
    .getByLabel("Nix expression")
    .fill('builtins.listToAttrs (builtins.genList (n: { name = "attr${toString n}"; value = n * 2; }) 20000)')
  await page.keyboard.press("Control+Enter")
  await page.getByText("{ 20,000 attributes }").waitFor()
  await page.waitForTimeout(500)
  frames["idle: the app"] = await framesOf(page, ["none", 0, 300])
  frames["20,000 attributes, 480 pixels a frame"] = await framesOf(page, [".value-tree", 480, 300])
  frames["20,000 attributes, 40 pixels a frame"] = await framesOf(page, [".value-tree", 40, 300])
  await context.close()
  const other = await openPage()
  await other.page.goto(`${url}/rows`)
  await other.page.waitForTimeout(500)
  frames["idle: a bare page"] = await framesOf(other.page, ["none", 0, 300])
  frames["20,000 plain rows, 480 pixels a frame"] = await framesOf(other.page, [".rows", 480, 300])
  await other.context.close()
}

/** @param {import("playwright-core").Page} page @param {[selector: string, pixels: number, frames: number]} what */
function framesOf(page, what) {
  return page.evaluate(frameTimes, what)
}

/**
 * Begins to wait for something in the page, and gives what waits for its time: the waiting has begun before the next key is pressed.
 * @param {import("playwright-core").Page} page
 * @param {string} waiting an expression that gives a promise
 * @returns {Promise<() => Promise<number>>}
 */
async function awaitLater(page, waiting) {
  await page.evaluate(`void (globalThis.awaited = ${waiting})`)
  return async () => Number(await page.evaluate("awaited"))
}

/** Adds how long a worker took for calls of a name. @param {import("playwright-core").Page} page @param {string} what @param {string} name */
async function answers(page, what, name) {
  /** @type {{ what: string, ms: number }[]} */
  const all = await page.evaluate("probe.answers")
  for (const answer of all) if (answer.what.endsWith(what)) add(name, answer.ms)
}

/** Nix of 500 lines: functions, sets, strings. */
function fileOf500() {
  const lines = Array.from({ length: 98 }, (_, i) =>
    [
      `  f${i} = { a, b ? ${i}, ... }@all: a + b + (all.c or ${i});`,
      `  s${i} = "text ${i} of \${toString (f${i} { a = ${i}; c = 1; })}";`,
      `  l${i} = map (x: x * ${i}) [ 1 2 3 ${i} ];`,
      `  v${i} = { inherit s${i} l${i}; deep.er.\${toString ${i}} = if ${i} > 3 then l${i} else [ ]; };`,
      `  w${i} = with v${i}; builtins.length l${i} + builtins.stringLength s${i};`,
    ].join("\n"),
  )
  return `let\n${lines.join("\n")}\nin\n{\n  all = [ ${Array.from({ length: 98 }, (_, i) => `v${i} w${i}`).join(" ")} ];\n}\n# the end: `.replace(
    "# the end: ",
    "",
  )
}

/** @param {string} name @param {number} ms */
function add(name, ms) {
  times[name] ??= []
  times[name].push(ms)
}

/** @param {readonly number[]} all @param {number} part */
function quantile(all, part) {
  const sorted = [...all].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN
}

function print() {
  console.log(
    `${rounds} rounds, ${cpus().length} cores, load ${before.toFixed(1)} before and ${(loadavg()[0] ?? 0).toFixed(1)} after; medians in ms (least–most)`,
  )
  for (const [name, all] of Object.entries(times))
    console.log(
      `${name.padEnd(58)} ${quantile(all, 0.5).toFixed(1).padStart(7)}  (${Math.min(...all).toFixed(1)}–${Math.max(...all).toFixed(1)}, ${all.length})`,
    )
  console.log("\nframes                                          median    95th  longest  within 16.7 ms")
  for (const [name, all] of Object.entries(frames)) {
    // Clocks of frames are rounded.
    const within = all.filter((ms) => ms <= 17).length / all.length
    const shown = [quantile(all, 0.5), quantile(all, 0.95), Math.max(...all)].map((ms) => ms.toFixed(1).padStart(7))
    console.log(`${name.padEnd(46)} ${shown.join(" ")}  ${(within * 100).toFixed(0).padStart(4)} %`)
  }
  const file = option("--json", "")
  if (file !== "") writeFileSync(file, JSON.stringify({ times, frames }, null, 2))
}

/** @param {string} name @param {string} fallback */
function option(name, fallback) {
  const i = process.argv.indexOf(name)
  return i < 0 ? fallback : (process.argv[i + 1] ?? fallback)
}
