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
  await expect.poll(() => app.page.getByRole("alert").textContent()).toMatch(/^error: syntax error, unexpected ';'/)
  await app.page.getByRole("button", { name: "line 3, column 7" }).click()
  await expect.poll(() => selected()).toBe(";")
  await expect.poll(() => app.editor.evaluate((area) => area === area.ownerDocument.activeElement)).toBe(true)
})

test("columns count bytes, the selection counts characters", async () => {
  await app.evaluate('"ä€😀" + undefinedHere')
  await expect.poll(() => app.page.getByRole("alert").textContent()).toBe("error: undefined variable 'undefinedHere'")
  await app.page.getByRole("button", { name: "line 1, column 15" }).first().click()
  await expect.poll(() => selected()).toBe("undefinedHere")
})

test("an evaluation error shows Nix's report, and its trace leads to every place", async () => {
  await app.evaluate('let\n  f = x: x + bad;\n  bad = throw "no good";\nin\nf 1')
  await expect.poll(() => app.page.getByRole("alert").textContent()).toBe("error: no good")
  const report = app.page.locator(".problem pre")
  await expect.poll(() => report.textContent()).toContain("… while calling the 'throw' builtin")
  await expect.poll(() => report.textContent()).toContain("at /workspace/main.nix:3:9:")
  await app.page.getByText(/^Trace \(\d+\)$/).click()
  const places = app.page.locator("details").getByRole("button", { name: /^line/ })
  await expect.poll(() => places.count()).toBeGreaterThan(1)
  await places.last().click()
  await expect.poll(() => selected()).toBe("throw")
})

test("an error far down scrolls into view", async () => {
  await app.evaluate(`[\n${"  1\n".repeat(400)}  missing\n]`)
  await app.page.getByRole("button", { name: "line 402, column 3" }).first().click()
  await expect.poll(() => selected()).toBe("missing")
  const isSeen = () =>
    app.editor.evaluate((area) => {
      const { scrollTop, clientHeight } = area
      const [first, last] = [scrollTop, scrollTop + clientHeight].map((y) => Math.floor(y / 21)) as [number, number]
      return first < 402 && last > 402
    })
  await expect.poll(isSeen).toBe(true)
})

test("endless recursion ends with Nix's error", async () => {
  await app.evaluate("let f = x: f (x + 1) + 1; in f 0")
  await expect.poll(() => app.page.getByRole("alert").textContent()).toBe("error: stack overflow; max-call-depth exceeded")
})

test("what needs the network says that it is not there yet", async () => {
  await app.evaluate('builtins.fetchTarball "https://example.org/x.tar.gz"')
  await expect.poll(() => app.page.getByRole("alert").textContent()).toMatch(/not/)
})
