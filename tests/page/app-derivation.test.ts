// Derivations in the built app: card, graph, downloads, and how their paths come about.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { strFromU8, unzipSync } from "fflate"
import type { Download } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
// Lessons 5 and 9: the paths are real Nix's.
const PROGRAM = `let
  sh = name: script: extra: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" script ]; } // extra);
  hello = sh "hello" "echo hello > $out" { };
in {
  greeter = sh "greeter" "cat \${hello} > $out" { };
}
`
const OUT = "/nix/store/8ad9n3i6ix5vjrfaa19qb5kc4y0l9q4v-greeter"

async function openCard(app: AppPage): Promise<void> {
  await app.evaluate(PROGRAM)
  await app.press("greeter")
  await app.page.getByRole("button", { name: "derivation greeter" }).first().click()
  await app.page.getByRole("heading", { name: "greeter" }).waitFor()
}

async function saved(download: Download): Promise<Buffer> {
  return readFileSync((await download.path()) ?? "")
}

const button = (app: AppPage, name: string) => app.page.getByRole("button", { name, exact: true })

for (const [width, height, colorScheme] of [
  [1440, 900, "light"],
  [390, 844, "dark"],
] as const)
  describe(`${width} pixels wide, ${colorScheme}`, () => {
    let app: AppPage
    beforeAll(async () => {
      app = await openApp(site.browser, site.url, { viewport: { width, height }, colorScheme })
      await openCard(app)
    })
    afterAll(() => app.context.close())

    test("a card shows the paths of real Nix, and has other views", async () => {
      await button(app, OUT).waitFor()
      for (const view of ["Card", "ATerm", "JSON", "Graph", "Closure", "Compare"]) {
        await button(app, view).click()
        if (view === "Graph") await app.page.getByRole("group", { name: "Dependencies" }).waitFor()
        if (view === "Closure") await app.page.getByRole("region", { name: "Closure" }).waitFor()
      }
      expect(app.faults).toEqual([])
    })

    test("the graph is zoomed, and walked by keyboard to another card and back", async () => {
      await button(app, "Graph").click()
      const graph = app.page.getByRole("group", { name: "Dependencies" })
      await button(app, "Zoom in").click()
      await graph.getByRole("button", { name: "greeter" }).focus()
      await app.page.keyboard.press("ArrowRight")
      await app.page.keyboard.press("Enter")
      await app.page.getByRole("heading", { name: "hello" }).waitFor()
      await button(app, "← Back").click()
      await app.page.getByRole("heading", { name: "greeter" }).waitFor()
    })

    test("explain shows the steps", async () => {
      await button(app, "Explain").first().click()
      const results = app.page.getByRole("region", { name: "Results" })
      await results.getByText(OUT).waitFor()
      // The inner of the two hashes stands for hello: unmasked.
      await app.page.locator("#step-masked-modulo mark", { hasText: "325ff400" }).waitFor()
      await button(app, "← Back").click()
    })

    test("the proof sheet runs under sh and agrees; the closure and the file are downloads", async () => {
      await button(app, "Explain").first().click()
      const [sheet] = await Promise.all([
        app.page.waitForEvent("download"),
        app.page.getByRole("button", { name: "Download the proof sheet" }).click(),
      ])
      const ran = spawnSync("sh", { input: await saved(sheet), encoding: "utf8" })
      expect(ran.stdout).toMatch(/^all \d+ steps agree$/m)
      await button(app, "← Back").click()
      const [drv] = await Promise.all([app.page.waitForEvent("download"), button(app, "Download .drv").click()])
      expect(drv.suggestedFilename()).toMatch(/^3dv2375l.*-greeter\.drv$/)
      const text = (await saved(drv)).toString("utf8")
      expect(text).toContain(OUT)
      const [zip] = await Promise.all([app.page.waitForEvent("download"), button(app, "Download closure").click()])
      const files = unzipSync(await saved(zip))
      expect(Object.keys(files).sort()).toEqual([drv.suggestedFilename(), "r3f9l9f32qpzwmdgizjpbwn3ff2n6ny7-hello.drv"].sort())
      expect(strFromU8(files[drv.suggestedFilename()] as Uint8Array)).toBe(text)
      expect(app.faults).toEqual([])
    })

    test("an environment entry leads to where it was written", async () => {
      await app.page
        .getByRole("region", { name: "How it is built" })
        .getByRole("button", { name: /^line 2, column/ })
        .first()
        .click()
      await expect
        .poll(() => app.editor.evaluate((area: HTMLTextAreaElement) => area.value.slice(area.selectionStart, area.selectionEnd)))
        .toBe("system")
    })
  })

test("a comparison with an earlier result tells the cause", async () => {
  const app = await openApp(site.browser, site.url)
  await openCard(app)
  await app.page.getByRole("tab", { name: "Tree", exact: true }).click()
  await app.evaluate(PROGRAM.replace("echo hello", "echo hallo"))
  await app.press("greeter")
  await app.page.getByRole("button", { name: "derivation greeter" }).first().click()
  await button(app, "Compare").click()
  await app.page.getByRole("combobox", { name: /Compare with/ }).selectOption({ label: await earlier(app) })
  await app.page.getByRole("region", { name: "Cause in hello" }).getByText("hallo").first().waitFor()
  expect(app.faults).toEqual([])
  await app.context.close()
})

async function earlier(app: AppPage): Promise<string> {
  const option = app.page
    .getByRole("combobox", { name: /Compare with/ })
    .getByRole("option")
    .filter({ hasText: /^greeter.*earlier result$/ })
    .first()
  return (await option.textContent()) ?? ""
}
