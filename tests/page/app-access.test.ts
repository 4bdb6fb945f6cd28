// The built app for everybody: axe-core finds nothing serious, everything is reached by keyboard, nothing is wider than the screen.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { AxeResults } from "axe-core"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { launchChromium, serveDist } from "../setup/browser.ts"
import { type AppPage, ENDLESS, openApp } from "./app-page.ts"

let browser: Browser
let server: { url: string; close(): Promise<void> }
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")

beforeAll(async () => {
  server = await serveDist()
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

/** What axe finds serious or critical: rule and element. */
async function serious(page: Page): Promise<string[]> {
  // As the test's own code, which the page's policy does not concern.
  await page.evaluate(axe)
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults
  return violations
    .filter((v) => v.impact === "serious" || v.impact === "critical")
    .flatMap((v) => v.nodes.map((node) => `${v.id}: ${node.html} (${node.failureSummary ?? ""})`))
}

/** Elements wider than the screen, as a page that scrolls sideways has them. */
const sideways = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

const RICH = `
{
  fails = throw "this attribute fails";
  traced = builtins.trace "seen" 42;
  long = builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 150);
  many = builtins.genList (x: x) 150;
  f = { pkgs, lib ? null }: pkgs;
  nested.deep.deeper.deepest.value = { path = /etc/nixos/configuration.nix; };
}`

for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const)
  for (const colorScheme of ["light", "dark"] as const)
    describe(`${width} pixels wide, ${colorScheme}`, () => {
      let app: AppPage
      beforeAll(async () => {
        app = await openApp(browser, server.url, { viewport: { width, height }, colorScheme })
      })
      afterAll(() => app.context.close())
      const judge = async (): Promise<void> => {
        expect(await serious(app.page)).toEqual([])
        expect(await sideways(app.page)).toBeLessThanOrEqual(0)
      }

      test("the first page", judge)
      test("a tree with all kinds of rows", async () => {
        await app.evaluate(RICH)
        for (const label of ["fails", "traced", "long", "f", "nested", "deep", "deeper", "deepest", "value", "many"]) {
          await app.press(label)
          await app.page.locator(".row [aria-busy=true]").waitFor({ state: "detached" })
        }
        await app.press("fails")
        await app.page.getByRole("alert").waitFor()
        await judge()
      })
      test("a printed value", async () => {
        await app.page.getByRole("tab", { name: "Nix" }).click()
        await app.page.getByRole("tabpanel").getByText("this attribute fails").first().waitFor()
        await judge()
      })
      test("an error with its trace", async () => {
        await app.evaluate(`let f = n: if n == 0 then throw "${"a long message ".repeat(20)}" else 1 + f (n - 1); in f 5`)
        await app.page.getByText(/^Trace \(/).click()
        await judge()
      })
      test("a stopped evaluation", async () => {
        await app.start(ENDLESS)
        await app.stop.click()
        await app.status.getByText("Stopped").waitFor()
        await judge()
        // Stop is on the first screen, also of a phone.
        expect((await app.stop.boundingBox())?.y).toBeLessThan(height)
      })
    })

test("everything can be done by keyboard", async () => {
  const app = await openApp(browser, server.url)
  const { keyboard } = app.page
  await app.editor.focus()
  await keyboard.press("Control+A")
  await keyboard.type("{ a = 1 + 1; }")
  await keyboard.press("Control+Enter")
  await app.row("a").waitFor()
  // What divides editor and result, the panes, the views as one stop, then the tree as one stop.
  const focused = (): Promise<string> =>
    app.page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent")
  const stops: string[] = []
  while (stops.length < 12 && stops.at(-1) !== "Value") {
    await keyboard.press("Tab")
    stops.push(await focused())
  }
  expect(stops).toEqual(["Width of the editor", "Result", "Problems", "REPL", "Store", "Builds", "Docs", "Tree", "Value"])
  await keyboard.press("ArrowDown")
  await keyboard.press("Enter")
  await app.row("a").getByText("2").waitFor()
  await app.page.getByRole("tab", { name: "Tree" }).focus()
  await keyboard.press("ArrowRight")
  expect(await focused()).toBe("Explain")
  await keyboard.press("ArrowRight")
  expect(await focused()).toBe("Nix")
  await app.page.getByText("{ a = 2; }").waitFor()
  await app.context.close()
})
