// The built library entry in real Chromium: the language suite in a worker, depth, Stop, memory, two engines.

import * as fs from "node:fs"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { finalError, type LangTest, langTests } from "../conformance/lang-suite.ts"
import { launchChromium, serveDist } from "../setup/browser.ts"
import { shared, sharedIsHere } from "../shared.ts"

let browser: Browser
let server: { url: string; close(): Promise<void> }
let page: Page

beforeAll(async () => {
  server = await serveDist()
  browser = await launchChromium()
  page = await browser.newPage()
  await page.goto(server.url)
  // A string: the test's own bundler must not see the import.
  await page.evaluate(
    `import("${server.url}engine.js").then((m) => { globalThis.engine = m.createEngine(); globalThis.createEngine = m.createEngine })`,
  )
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

interface Answer {
  readonly text?: string
  readonly code?: string
  readonly message?: string
  readonly report?: string
  readonly log: readonly string[]
}

/** Evaluates and prints deeply in the page's engine. */
function evaluate(request: object, form = "nix"): Promise<Answer> {
  return page.evaluate(
    async ([request, form]) => {
      const { engine } = globalThis as unknown as { engine: import("../../engine/worker/client.ts").Engine }
      const { run, view, log } = await engine.evaluate(request as object)
      try {
        if (view.kind === "failed") return { ...view.problem, log }
        if (!("ref" in view)) {
          const again =
            view.kind === "bool" ? String(view.value) : view.kind === "null" ? "null" : view.kind === "path" ? view.path : view.text
          return { text: again, log }
        }
        const printed = await engine.print(run, view.ref, form as "nix")
        return "text" in printed ? { text: printed.text, log } : { ...printed.problem, log }
      } finally {
        await engine.release(run)
      }
    },
    [request, form] as const,
  )
}

test("Nix's call depth is reached in a worker, through every kind of nesting", { timeout: 120_000 }, async () => {
  const cases: Record<string, string> = {
    "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 9900": "9900",
    "let f = n: if n == 0 then 0 else builtins.head (map (x: x + f (n - 1)) [ 1 ]); in f 3000": "3000",
    "let f = n: if n == 0 then 0 else builtins.foldl' (a: x: a + x + f (n - 1)) 0 [ 1 ]; in f 3200": "3200",
    "let f = n: if n == 0 then 0 else builtins.length (builtins.filter (x: f (n - 1) == 0 || true) [ 1 ]); in f 2400": "1",
    "let f = n: if n == 0 then 0 else builtins.head (builtins.sort (a: b: a < b + f (n - 1)) [ 2 1 ]); in f 1900": "1",
    "let f = n: if n == 0 then { v = 0; } else { v = (f (n - 1)).v + 1; }; in (f 4900).v": "4900",
    'let f = n: if n == 0 then "" else "a${f (n - 1)}"; in builtins.stringLength (f 3200)': "3200",
  }
  for (const [expr, wanted] of Object.entries(cases)) expect(await evaluate({ expr }), expr).toMatchObject({ text: wanted })
  expect(await evaluate({ expr: "let f = n: 1 + f (n + 1); in f 0" })).toMatchObject({
    code: "stack-overflow",
    message: "stack overflow; max-call-depth exceeded",
  })
})

test("trace prints exactly once", async () => {
  const { text, log } = await evaluate({ expr: 'let x = builtins.trace "once" 1; in x + x' })
  expect(text).toBe("2")
  expect(log).toEqual(["trace: once"])
})

test("a memory bomb ends in the engine's error, and the page goes on", { timeout: 240_000 }, async () => {
  for (const expr of [
    "builtins.length (builtins.foldl' (xs: i: xs ++ xs) [ 1 2 3 ] (builtins.genList (i: i) 100))",
    'builtins.stringLength (builtins.foldl\' (s: i: s + s) "abcdefgh" (builtins.genList (i: i) 100))',
    "builtins.length (builtins.genList (x: x) 2000000000)",
    "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = x.key + 1; } ]; }",
  ])
    expect((await evaluate({ expr, options: { maxCallDepth: 1_000_000_000 } })).code, expr).toBe("memory")
  expect(await evaluate({ expr: "1 + 1" })).toMatchObject({ text: "2" })
})

test("Stop ends an endless evaluation, and the engine can be used on", async () => {
  const outcome = await page.evaluate(async () => {
    const { createEngine } = globalThis as unknown as { createEngine: typeof import("../../engine/worker/client.ts").createEngine }
    const mine = createEngine()
    const endless = mine.evaluate({
      expr: "builtins.genericClosure { startSet = [ { key = 0; } ]; operator = x: [ { key = 1 - x.key; } { key = builtins.foldl' (a: b: a + b) 0 (builtins.genList (i: i) 100000); } ]; }.x or (let f = n: f (n + 1); in builtins.foldl' (a: b: a) 0 (builtins.genList (i: builtins.foldl' (a: b: a + b) 0 (builtins.genList (j: j) 100000)) 1000000))",
    })
    await new Promise((resolve) => setTimeout(resolve, 300))
    mine.stop()
    const why = await endless.then(
      () => "ended by itself",
      (e: Error) => e.name,
    )
    const after = await mine.evaluate({ expr: "40 + 2" })
    mine.close()
    return [why, "text" in after.view ? after.view.text : after.view.kind]
  })
  expect(outcome).toEqual(["EngineStopped", "42"])
})

test("two engines run side by side", async () => {
  const both = await page.evaluate(async () => {
    const { createEngine } = globalThis as unknown as { createEngine: typeof import("../../engine/worker/client.ts").createEngine }
    const [a, b] = [createEngine(), createEngine()]
    const [x, y] = await Promise.all([a.evaluate({ expr: "let n = 1; in n" }), b.evaluate({ expr: "let n = 2; in n" })])
    a.close()
    b.close()
    return [x.view, y.view].map((v) => ("text" in v ? v.text : v.kind))
  })
  expect(both).toEqual(["1", "2"])
})

/** The files of the suite as the engine takes them. */
function suiteFiles(): Record<string, string | { symlink: string }> {
  const root = shared("conformance/nix-lang")
  const files: Record<string, string | { symlink: string }> = {}
  const walk = (dir: string): void => {
    for (const entry of fs.readdirSync(`${root}${dir}`, { withFileTypes: true })) {
      if (entry.isDirectory()) walk(`${dir}/${entry.name}`)
      else if (entry.isFile()) files[`/pwd/lang${dir}/${entry.name}`] = fs.readFileSync(`${root}${dir}/${entry.name}`, "utf8")
    }
  }
  walk("")
  const links = JSON.parse(fs.readFileSync(`${root}/SYMLINKS.json`, "utf8")) as Record<string, string>
  for (const [path, symlink] of Object.entries(links)) {
    for (const known of Object.keys(files)) if (known.startsWith(`/pwd/lang/${path}/`)) delete files[known]
    files[`/pwd/lang/${path}`] = { symlink }
  }
  return files
}

/** The options of a test's arguments; null if the engine has no such option. */
function requestOf(t: LangTest): { options: Record<string, unknown>; args: Record<string, object>; attrPath?: string } | null {
  const options: Record<string, unknown> = { features: [] as string[] }
  const args: Record<string, object> = {}
  let attrPath: string | undefined
  const lint: Record<string, string> = {
    "lint-url-literals": "urlLiterals",
    "lint-short-path-literals": "shortPathLiterals",
    "lint-absolute-path-literals": "absolutePathLiterals",
  }
  const set = (name: string, value: string): boolean => {
    if (name in lint) options[lint[name] as string] = value
    else if (name === "extra-experimental-features" || name === "experimental-features")
      (options["features"] as string[]).push(...value.split(" "))
    else if (name === "max-call-depth") options["maxCallDepth"] = Number(value)
    else return false
    return true
  }
  for (let i = 0; i < t.args.length; i++) {
    const a = t.args[i] as string
    if (["--eval", "--strict", "--show-trace", "--no-location", "--xml", "--parse", "-"].includes(a) || a.startsWith("lang/")) continue
    const next = t.args[i + 1] ?? ""
    if (a === "--arg" || a === "--argstr") {
      args[next] = a === "--arg" ? { expr: t.args[i + 2] } : { string: t.args[i + 2] }
      i += 2
    } else if (a === "-A") attrPath = t.args[++i] ?? ""
    else if (a === "--option" && set(next, t.args[i + 2] ?? "")) i += 2
    else if (a.startsWith("--") && set(a.slice(2), next)) i++
    else return null
  }
  return { options, args, ...(attrPath === undefined ? {} : { attrPath }) }
}

const utf8 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8")

test.skipIf(!sharedIsHere)("the language suite in a worker: value or final error line", { timeout: 300_000 }, async () => {
  const files = suiteFiles()
  const wrong: string[] = []
  let ran = 0
  for (const t of langTests()) {
    const request = requestOf(t)
    // Bytes that are no UTF-8 and flags of the command line alone are judged there (tests/conformance/lang.test.ts).
    if (request === null || /binary-data|non-utf|non-ascii/.test(t.name)) continue
    ran++
    const file = t.args.find((a) => a.startsWith("lang/"))
    const env = t.env
    const nixPath = env["NIX_PATH"] === undefined ? [] : ["/pwd/lang/dir3", "/pwd/lang/dir4"]
    const full = { ...request, files, base: "/pwd", env, nixPath }
    let answer: Answer
    if (t.args.includes("--parse"))
      answer = await page.evaluate(
        async (r) => {
          const { engine } = globalThis as unknown as { engine: import("../../engine/worker/client.ts").Engine }
          const printed = await engine.parse(r as object)
          return "text" in printed ? { text: printed.text, log: [] } : { ...printed.problem, log: [] }
        },
        { ...full, expr: utf8(t.stdin ?? "") },
      )
    else answer = await evaluate({ ...full, file: `/pwd/${file}` }, t.args.includes("--xml") ? "xml" : "nix")
    // The engine's expressions are strings, the suite's parse tests standard input: only the name differs.
    const report = (answer.report ?? "").replaceAll("«string»", "«stdin»")
    const right =
      t.status === 0
        ? answer.text !== undefined && (t.out ?? "").trimEnd() === Buffer.from(answer.text, "utf8").toString("latin1").trimEnd()
        : finalError(Buffer.from(report, "utf8").toString("latin1")) === finalError(t.err ?? "")
    if (!right) wrong.push(`${t.name}: ${(answer.text ?? answer.report ?? "").slice(0, 200)}`)
  }
  console.log(`language suite in a worker: ${ran} tests`)
  expect(wrong).toEqual([])
  expect(ran).toBeGreaterThan(460)
})
