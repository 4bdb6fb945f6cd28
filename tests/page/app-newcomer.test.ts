// Somebody who is here for the first time and follows only what is on the screen: evaluates, edits, breaks and mends an expression, opens a
// derivation, sees its paths, shares it; and somebody else, elsewhere, who opens the link and sees the same.
import type { BrowserContextOptions, Page } from "playwright-core"
import { expect, test } from "vitest"
import { builtSite } from "./built-site.ts"
import { watchFaults } from "./engine-page.ts"

const site = builtSite()

const screens: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
}

/** Replaces the text, as somebody does who selects all of it and pastes. */
async function write(page: Page, text: string): Promise<void> {
  const code = page.getByRole("button", { name: "Code", exact: true })
  if (await code.isVisible()) await code.click()
  await page.evaluate((pasted) => navigator.clipboard.writeText(pasted), text)
  // Pasting takes its time, and goes elsewhere where the editor has not the focus yet.
  await expect
    .poll(async () => {
      await page.getByLabel("Nix expression").last().focus()
      await page.keyboard.press("Control+A")
      await page.keyboard.press("Control+V")
      await page.waitForTimeout(200)
      return (await page.locator(".monaco-editor .view-lines, .cm-content").first().textContent())?.replaceAll("\u00a0", " ").trim()
    })
    .toBe(text)
}

/** What is read twice alike. */
async function settled<T>(read: () => Promise<T>): Promise<T> {
  for (let before = await read(); ; ) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const now = await read()
    if (JSON.stringify(now) === JSON.stringify(before)) return now
    before = now
  }
}

for (const [name, options] of Object.entries(screens))
  test(`on a ${name}: evaluate, edit, break, mend, open a derivation, share; the link shows the same elsewhere`, async () => {
    const context = await site.browser.newContext({ ...options, permissions: ["clipboard-read", "clipboard-write"] })
    const page = await context.newPage()
    const faults = watchFaults(page)
    const button = (text: string | RegExp) => page.getByRole("button", { name: text, exact: typeof text === "string" })
    const evaluate = () => button(/^Evaluate( Ctrl.*)?$/).click()
    await page.goto(site.url)
    // The editor that comes after the page: what is typed before it is another test's.
    await page.locator(".monaco-editor .view-line, .cm-content").first().waitFor()

    await evaluate()
    await page.getByRole("treeitem", { name: "answer = 42" }).waitFor()
    await button("Evaluate unforced").click()
    await page.getByText("error: nobody has looked at me yet").first().waitFor()

    await write(page, '{ greeting = "Hello"; double = map (x: 2 * x) [ 1 2 ]; }')
    await evaluate()
    await page.getByRole("treeitem", { name: 'greeting = "Hello"' }).waitFor()
    await button("Evaluate double").click()
    await button("Evaluate 1").click()
    await page.getByRole("treeitem", { name: "1: 4" }).waitFor()

    await write(page, '{ greeting = "Hello; }')
    await evaluate()
    await page.getByRole("tabpanel").getByRole("alert").getByText("error: syntax error").waitFor()
    await button(/^line 1, column/)
      .first()
      .click()
    await write(page, '{ greeting = "Hello again"; }')
    await evaluate()
    await page.getByRole("treeitem", { name: 'greeting = "Hello again"' }).waitFor()
    await expect.poll(() => page.getByRole("tabpanel").getByRole("alert").count()).toBe(0)

    await button("Examples").click()
    await page
      .getByRole("dialog", { name: "Examples" })
      .getByRole("button", { name: /^A derivation/ })
      .click()
    if (name === "phone") await evaluate()
    await button(/^derivation /)
      .first()
      .click()
    const paths = (of: Page): Promise<string[]> =>
      of
        .getByRole("tabpanel")
        .getByRole("button", { name: /^\/nix\/store\// })
        .allTextContents()
    await expect.poll(() => paths(page).then(({ length }) => length)).toBeGreaterThan(1)
    const seen = await settled(() => paths(page))
    const heading = await page.getByRole("tabpanel").getByRole("heading").first().textContent()

    await button("Share").click()
    await page.getByRole("dialog", { name: "Share" }).getByRole("button", { name: "Copy" }).first().click()
    const clipboard = (): Promise<string> => page.evaluate("navigator.clipboard.readText()")
    await expect.poll(async () => (await clipboard()).startsWith(site.url)).toBe(true)
    const link = await clipboard()
    expect(faults).toEqual([])
    await context.close()

    const elsewhere = await site.browser.newContext(options)
    const other = await elsewhere.newPage()
    const wrong = watchFaults(other)
    await other.goto(link)
    if (name === "phone") await other.getByRole("button", { name: "Result", exact: true }).click()
    await expect.poll(() => paths(other)).toEqual(seen)
    await expect.poll(() => other.getByRole("tabpanel").getByRole("heading").first().textContent()).toBe(heading)
    expect(wrong).toEqual([])
    await elsewhere.close()
  })
