// The built app with links of somebody who means ill: it stays usable, Stop works, nothing is run or fetched.
import type { BrowserContext, Page } from "playwright-core"
import { beforeAll, expect, test } from "vitest"
import { encodeLink } from "../../app/link/codec.ts"
import { appIn, plainEditor } from "./app-page.ts"
import { builtSite } from "./built-site.ts"
import { watchFaults } from "./engine-page.ts"

const site = builtSite()
let context: BrowserContext

beforeAll(async () => {
  context = await site.browser.newContext()
  await plainEditor(context)
})

/** Milliseconds for which the page answered nothing, at worst, within a second. */
function worstGap(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const begun = performance.now()
        let last = begun
        let worst = 0
        const timer = setInterval(() => {
          const now = performance.now()
          worst = Math.max(worst, now - last)
          last = now
          if (now - begun < 1000) return
          clearInterval(timer)
          resolve(worst)
        }, 5)
      }),
  )
}

const programs: Readonly<Record<string, string>> = {
  "an endless loop": "let f = x: if x == 0 then f 0 else f (x - 1); in f 1000000000",
  "a memory bomb": "let f = n: s: if n == 0 then s else f (n - 1) (s ++ s); in builtins.length (f 60 [ 1 2 3 4 5 6 7 8 ])",
  "a string of 160 MB": 'builtins.foldl\' (s: _: s + s) "0123456789" (builtins.genList (x: x) 24)',
  "a million attributes": 'builtins.listToAttrs (builtins.genList (i: { name = "a${toString i}"; value = i; }) 1000000)',
  "deep nesting": "builtins.foldl' (a: _: [ a ]) null (builtins.genList (x: x) 200000)",
  "a deep text": `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
}

for (const [name, program] of Object.entries(programs))
  test(`${name} leaves the page usable`, async () => {
    const page = await context.newPage()
    const app = appIn(context, page)
    await page.goto(site.url + encodeLink({ files: { "main.nix": program }, settings: {} }))
    // Far from the 100 ms that are the goal: other tests run beside this one.
    expect(await worstGap(page)).toBeLessThan(1000)
    await app.status.getByText(/allocated|Stopped/).waitFor()
    await app.evaluate("1 + 1")
    expect(await app.top.locator("code").textContent()).toBe("2")
    expect(app.faults).toEqual([])
    await page.close()
  })

test("names and texts full of markup and signs that turn the line are shown as what they are", async () => {
  const page = await context.newPage()
  const faults = watchFaults(page)
  const asked: string[] = []
  page.on("request", (request) => asked.push(request.url()))
  page.on("dialog", (dialog) => asked.push(dialog.message()))
  const files = {
    "main.nix": `{
      "<img src=x onerror=alert(1)>" = "<script>alert(2)</script>";
      "\\u0000" = "\u202Eexe.txt";
      doc = /** <b onclick=alert(3)>bold</b> */ x: x;
      log = builtins.trace "<iframe src=javascript:alert(4)>" 1;
    }`,
    "<b>.nix": "1",
    "\u202Exin.b": "2",
  }
  await page.goto(site.url + encodeLink({ files, settings: { name: "<u>name</u>", view: "<i>", sel: '["__proto__"]' } }))
  await page.locator(".row", { hasText: "<img src=x onerror=alert(1)>" }).waitFor()
  await page.getByRole("button", { name: "<u>name</u>" }).waitFor()
  await page.getByRole("treeitem", { name: "<b>.nix" }).waitFor()
  for (const view of ["Nix", "JSON", "XML", "Parsed", "Statistics"]) {
    await page.getByRole("tab", { name: view }).click()
    await page.getByRole("tabpanel").waitFor()
  }
  expect(await page.locator("#app img, #app iframe, #app b, #app u, #app script").count()).toBe(0)
  expect(asked.filter((what) => !what.startsWith(site.url))).toEqual([])
  expect(faults).toEqual([])
  await page.close()
})
