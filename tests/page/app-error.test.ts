// The built app: errors with Nix's text, and positions that lead into the text.
import { afterAll, beforeAll, expect, test } from "vitest"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
let app: AppPage

beforeAll(async () => {
  app = await openApp(site.browser, site.url)
})
afterAll(async () => {
  expect(app.faults).toEqual([])
})

const selected = (): Promise<string> =>
  app.editor.evaluate((area) => {
    const { value, selectionStart, selectionEnd } = area as unknown as { value: string; selectionStart: number; selectionEnd: number }
    return value.slice(selectionStart, selectionEnd)
  })

test("a syntax error tells its place, and a click on it selects the text", async () => {
  await app.evaluate("let\n  a = 1;\n  b = ;\nin a")
  expect(await app.page.getByRole("alert").textContent()).toMatch(/^error: syntax error, unexpected ';'/)
  await app.page.getByRole("button", { name: "line 3, column 7" }).click()
  expect(await selected()).toBe(";")
  expect(await app.editor.evaluate((area) => area === area.ownerDocument.activeElement)).toBe(true)
})

test("columns count bytes, the selection counts characters", async () => {
  await app.evaluate('"ä€😀" + undefinedHere')
  expect(await app.page.getByRole("alert").textContent()).toBe("error: undefined variable 'undefinedHere'")
  await app.page.getByRole("button", { name: "line 1, column 15" }).first().click()
  expect(await selected()).toBe("undefinedHere")
})

test("an evaluation error shows Nix's report, and its trace leads to every place", async () => {
  await app.evaluate('let\n  f = x: x + bad;\n  bad = throw "no good";\nin\nf 1')
  expect(await app.page.getByRole("alert").textContent()).toBe("error: no good")
  const report = await app.page.locator(".problem pre").textContent()
  expect(report).toContain("… while calling the 'throw' builtin")
  expect(report).toContain("at /workspace/main.nix:3:9:")
  await app.page.getByText(/^Trace \(\d+\)$/).click()
  const places = app.page.locator("details").getByRole("button", { name: /^line/ })
  expect(await places.count()).toBeGreaterThan(1)
  await places.last().click()
  expect(await selected()).toBe("throw")
})

test("an error far down scrolls into view", async () => {
  await app.evaluate(`[\n${"  1\n".repeat(400)}  missing\n]`)
  await app.page.getByRole("button", { name: "line 402, column 3" }).first().click()
  expect(await selected()).toBe("missing")
  const seen = await app.editor.evaluate((area) => {
    const { scrollTop, clientHeight } = area
    return [scrollTop, scrollTop + clientHeight].map((y) => Math.floor(y / 21))
  })
  expect(seen[0]).toBeLessThan(402)
  expect(seen[1]).toBeGreaterThan(402)
})

test("endless recursion ends with Nix's error", async () => {
  await app.evaluate("let f = x: f (x + 1) + 1; in f 0")
  expect(await app.page.getByRole("alert").textContent()).toBe("error: stack overflow; max-call-depth exceeded")
})

test("what needs the network says that it is not there yet", async () => {
  await app.evaluate('builtins.fetchTarball "https://example.org/x.tar.gz"')
  expect(await app.page.getByRole("alert").textContent()).toMatch(/not/)
})
