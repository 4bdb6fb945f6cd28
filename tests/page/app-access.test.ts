// The built app for everybody: in every view axe-core finds nothing serious, nothing is wider than the screen, and everything is reached
// by keyboard. With THUNKPAD_SCREENSHOTS=FOLDER each view leaves a picture there, to be looked at.
import { mkdirSync } from "node:fs"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { seriousFindings } from "./access.ts"
import { type AppPage, openApp, plainEditor } from "./app-page.ts"
import { appViews } from "./app-views.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
const pictures = process.env["THUNKPAD_SCREENSHOTS"] ?? ""

/** Elements wider than the screen, as a page that scrolls sideways has them. */
const sideways = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

/** What is wrong with a view, in light and in dark: in the dark only the colours are others. */
async function judge(page: Page, name: string): Promise<void> {
  const size = page.viewportSize()?.width ?? 0
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
    if (pictures !== "") await page.screenshot({ path: `${pictures}/${size}-${name.replaceAll(/\W+/g, "-")}-${colorScheme}.png` })
    const rules = colorScheme === "light" ? {} : { runOnly: ["color-contrast"] }
    expect.soft(await seriousFindings(page, rules), colorScheme).toEqual([])
  }
  await page.emulateMedia({ colorScheme: "light" })
  expect.soft(await sideways(page)).toBeLessThanOrEqual(0)
}

for (const [width, height] of [
  [1440, 900],
  [390, 844],
] as const)
  describe(`${width} pixels wide`, () => {
    let app: AppPage
    beforeAll(async () => {
      if (pictures !== "") mkdirSync(pictures, { recursive: true })
      app = await openApp(site.browser, site.url, { viewport: { width, height }, colorScheme: "light", reducedMotion: "reduce" })
    })
    afterAll(() => app.context.close())

    for (const view of appViews)
      test(view.name, async () => {
        await view.open(app)
        await judge(app.page, view.name)
        await view.close?.(app)
      })
  })

for (const [width, height, name, ready] of [
  [1440, 900, "full editor", ".monaco-editor .view-line"],
  [390, 844, "light editor", ".cm-content"],
] as const)
  test(`the ${name}`, async () => {
    const context = await site.browser.newContext({ viewport: { width, height }, hasTouch: width < 800 })
    const page = await context.newPage()
    await page.goto(`${site.url}#code=let unused = 1; in { a = undefinedName; }`)
    await page.locator(ready).first().waitFor()
    // Both are marked.
    await expect.poll(() => page.locator(".squiggly-inline-unnecessary, .cm-lintRange").count()).toBeGreaterThan(0)
    await judge(page, name)
    await context.close()
  })

test("on a phone Stop is on the first screen", async () => {
  const context = await site.browser.newContext({ viewport: { width: 390, height: 844 } })
  await plainEditor(context)
  const page = await context.newPage()
  await page.goto(site.url)
  await expect.poll(async () => (await page.getByRole("button", { name: "Stop" }).boundingBox())?.y).toBeLessThan(844)
  await context.close()
})

test("everything can be done by keyboard", async () => {
  const app = await openApp(site.browser, site.url)
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
  await expect.poll(() => focused()).toBe("Explain")
  await keyboard.press("ArrowRight")
  await expect.poll(() => focused()).toBe("Nix")
  await app.page.getByText("{ a = 2; }").waitFor()
  await app.context.close()
})
