// The large editors in the built app: Monaco with the language's answers on a desktop, the light editor on a phone.
import type { BrowserContext, Page } from "playwright-core"
import { beforeAll, expect, test } from "vitest"
import { builtSite } from "./built-site.ts"
import { watchFaults } from "./engine-page.ts"

const site = builtSite()
let context: BrowserContext
let page: Page
let faults: readonly string[]

beforeAll(async () => {
  context = await site.browser.newContext({ viewport: { width: 1440, height: 900 } })
  page = await context.newPage()
  faults = watchFaults(page)
  await page.goto(site.url)
  await page.locator(".monaco-editor .view-line").first().waitFor()
})

/** Replaces the text as somebody who pastes; the caret is at `|`. */
async function write(marked: string): Promise<void> {
  const at = marked.indexOf("|")
  const text = at < 0 ? marked : marked.slice(0, at) + marked.slice(at + 1)
  // Again where the editor had not the focus yet.
  await expect
    .poll(async () => {
      await page.locator(".monaco-editor .view-lines").first().click()
      await page.keyboard.press("Control+A")
      await page.evaluate((pasted) => {
        const data = new DataTransfer()
        data.setData("text/plain", pasted)
        document.activeElement?.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }))
      }, text)
      await page.waitForTimeout(100)
      // A question in a comment may have its answer by now.
      return (await shownText()).replaceAll(/(# \^\?).*/g, "$1")
    })
    .toBe(text)
  const after = at < 0 ? 0 : text.length - at
  for (let i = 0; i < after; i++) await page.keyboard.press("ArrowLeft")
}

/**
 * Presses keys until something of it is in sight: Monaco says at once that there is nothing where the language has not answered yet.
 * What else came up is closed before the next time.
 */
async function pressUntil(keys: string, isThere: () => Promise<boolean>): Promise<void> {
  await expect
    .poll(
      async () => {
        await page.keyboard.press(keys)
        for (let turn = 0; turn < 20; turn++) {
          if (await isThere()) return true
          await page.waitForTimeout(100)
        }
        await page.keyboard.press("Escape")
        return false
      },
      { interval: 500 },
    )
    .toBe(true)
}

/** The text in the editor; Monaco draws spaces as no-break spaces. */
async function shownText(): Promise<string> {
  const lines = await page.locator(".monaco-editor .view-line").evaluateAll((elements) =>
    elements
      .map((element) => ({ top: element.getBoundingClientRect().top, text: element.textContent ?? "" }))
      .sort((a, b) => a.top - b.top)
      .map(({ text }) => text),
  )
  return lines.join("\n").replaceAll("\u00a0", " ")
}

/** Points at the last place of a word until what is shown there has a text: colours that come meanwhile make the words anew. */
async function pointAt(word: string, text: string): Promise<void> {
  await expect
    .poll(async () => {
      await page.mouse.move(5, 5)
      await page.locator(".monaco-editor .view-line span span", { hasText: word }).last().hover()
      await page.waitForTimeout(1200)
      return (await page.locator(".monaco-hover-content").allInnerTexts()).join("\n")
    })
    .toContain(text)
}

test("names are coloured by what they mean", async () => {
  await write("x: map x")
  const parts = page.locator(".monaco-editor .view-line span span")
  await expect
    .poll(async () => new Set(await parts.evaluateAll((all) => all.map((e) => getComputedStyle(e).color))).size)
    .toBeGreaterThan(1)
  expect(faults).toEqual([])
})

test("completes what is in scope, and attributes that an evaluation finds", async () => {
  await write("let colours = { red = 1; rose = 2; }; in colours.|")
  const rows = page.locator(".suggest-widget .monaco-list-row")
  await pressUntil("Control+Space", async () => {
    const offered = (await rows.allInnerTexts()).map((text) => text.trim())
    return offered.includes("red") && offered.includes("rose")
  })
  await page.keyboard.press("Escape")
})

test("shows problems, and a fix mends the text", async () => {
  await write("let unused = 1; |in 2")
  await expect.poll(() => page.locator(".monaco-editor .squiggly-inline-unnecessary").count()).toBeGreaterThan(0)
  for (let i = 0; i < 8; i++) await page.keyboard.press("ArrowLeft")
  const fix = page.getByText("Remove 'unused'").first()
  await pressUntil("Control+.", () => fix.isVisible())
  await fix.click()
  await expect.poll(shownText).toBe("let in 2")
})

test("hovering tells what a builtin does and what a name is worth", async () => {
  await write("let answer = 6 * 7; in builtins.head [ answer ]")
  await pointAt("head", "builtins.head")
  await pointAt("answer", "42")
  expect(faults).toEqual([])
})

test("renames a name with all its uses", async () => {
  await write("let f|oo = x: foo x; in foo 1")
  await page.keyboard.press("F2")
  await page.locator(".rename-box input").fill("bar")
  await page.keyboard.press("Enter")
  await expect.poll(shownText).toBe("let bar = x: bar x; in bar 1")
})

test("formats the text", async () => {
  await write("{a=1;b=[1 2];}")
  // Monaco has another key on each system; this is that of Linux.
  await page.keyboard.press("Control+Shift+I")
  await expect.poll(shownText).toContain("{\n  a = 1;\n  b = [\n    1\n    2\n  ];\n}")
})

test("a question in a comment is answered, and a wrong claim is marked", async () => {
  await write("let\n  a = 1 + 1;\n# ^?\nin\na # => 3")
  await expect.poll(shownText).toContain("# ^?2")
  await expect.poll(() => page.locator(".monaco-editor .squiggly-warning").count()).toBe(1)
  const fix = page.getByText("Write what it is: 2").first()
  await pressUntil("Control+.", () => fix.isVisible())
  await fix.click()
  await expect.poll(shownText).toContain("a # => 2")
  await write("1 + 1 # => 2")
  await expect.poll(() => page.locator(".monaco-editor .squiggly-warning").count()).toBe(0)
})

test("Ctrl+Enter evaluates what is typed", async () => {
  await write('{ typed = "in Monaco"; }')
  await page.keyboard.press("Control+Enter")
  await expect.poll(() => page.locator(".row", { hasText: "typed" }).first().textContent()).toContain('"in Monaco"')
  expect(faults).toEqual([])
})

test("a phone has the light editor, which completes and evaluates too", async () => {
  const phone = await site.browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    colorScheme: "dark",
  })
  const small = await phone.newPage()
  const wrong = watchFaults(small)
  await small.goto(site.url)
  const text = small.locator(".cm-content")
  await text.waitFor()
  // The editor fills its pane, and has the colours of the page's theme where CodeMirror's own would be white and black.
  await text.click()
  const seen = `(() => {
    const style = (place) => getComputedStyle(document.querySelector(place))
    const height = (place) => document.querySelector(place).getBoundingClientRect().height
    const ink = style(".light-editor").color
    return [height(".cm-editor") === height(".light-editor"), style(".cm-cursor").borderLeftColor === ink, style(".cm-gutters").backgroundColor]
  })()`
  await expect.poll(() => small.evaluate(seen)).toEqual([true, true, "rgba(0, 0, 0, 0)"])
  await text.fill("let colours = { red = 1; }; in colours.")
  await text.press("End")
  await text.pressSequentially("r")
  // By itself; asked for again where the language was not there yet.
  const offers = small.locator(".cm-tooltip-autocomplete li")
  await expect
    .poll(
      async () => {
        if ((await offers.count()) === 0) await small.keyboard.press("Control+Space")
        return (await offers.allInnerTexts()).join()
      },
      { interval: 2000 },
    )
    .toContain("red")
  await small.keyboard.press("Escape")
  await text.fill("20 + 22")
  await small.getByRole("button", { name: /^Evaluate/ }).click()
  await small.getByRole("button", { name: "Result", exact: true }).click()
  await small.getByText("42").first().waitFor()
  expect(wrong).toEqual([])
  await phone.close()
})
