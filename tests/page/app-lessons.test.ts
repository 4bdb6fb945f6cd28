// Explain in the built app: for every expression of the twelve lessons the values of real Nix are among the steps, and the proof sheet, a
// text that somebody downloads, agrees under sh.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { lessons } from "../../app/lesson/lessons.ts"
import { encodeLink } from "../../app/link/codec.ts"
import { lessonCases, sh } from "../app/lesson-cases.ts"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
let app: AppPage

beforeAll(async () => {
  app = await openApp(site.browser, site.url)
})

/** Opens what a part of the address names, in the page that is there. */
async function open(part: string): Promise<void> {
  await app.page.evaluate((hash) => {
    location.hash = hash
  }, part)
}

/** The part to be looked at, where the first one has no path. */
const withPath: Readonly<Record<string, string>> = { fold: "path", context: "with-context" }

const panel = () => app.page.getByRole("tabpanel")

test.each(lessonCases.map((c) => [c.lesson, c] as const))("lesson %s", async (lesson, { nix, values, absent }) => {
  const files = { "main.nix": `let ${sh} in ${nix}`, myfile: "mycontent\n" }
  await open(encodeLink({ files, settings: { name: lesson, view: "explain" } }))
  await app.page.getByRole("button", { name: lesson }).waitFor()
  await panel().getByRole("region", { name: "Results" }).waitFor()
  const text = async (): Promise<string> => (await panel().textContent()) ?? ""
  for (const value of values) await expect.poll(text).toContain(value)
  for (const value of absent ?? []) expect(await text()).not.toContain(value)
  const [sheet] = await Promise.all([
    app.page.waitForEvent("download"),
    app.page.getByRole("button", { name: "Download the proof sheet" }).click(),
  ])
  const ran = spawnSync("sh", { input: readFileSync((await sheet.path()) ?? ""), encoding: "utf8" })
  expect(`${ran.stdout}${ran.stderr}`).toMatch(/^all \d+ steps agree$/m)
  expect(ran.status).toBe(0)
  expect(app.faults).toEqual([])
})

test.each(lessons.map((lesson) => [lesson.title, lesson] as const))(
  "the guided workspace '%s' evaluates, and its parts are explained",
  async (title, { id }) => {
    await open(`#lesson-${id}`)
    await app.page.getByRole("heading", { name: title }).waitFor()
    await app.page.getByRole("button", { name: /^Evaluate( Ctrl.*)?$/ }).click()
    await app.page.locator("[aria-busy=false] .status").getByText("allocated").waitFor()
    await app.page.getByRole("tab", { name: "Explain" }).click()
    // Down to a part that has a path: the first one, but where a lesson's first part is another text.
    const results = panel().getByRole("region", { name: "Results" })
    const parts = panel().getByRole("listitem").getByRole("button")
    for (let depth = 0; depth < 3; depth++) {
      await results.or(parts.first()).first().waitFor()
      if (await results.isVisible()) break
      const before = (await parts.allTextContents()).join()
      const named = depth === 0 ? withPath[id] : undefined
      await (named === undefined ? parts.first() : parts.filter({ hasText: named })).click()
      await expect.poll(async () => (await results.isVisible()) || (await parts.allTextContents()).join() !== before).toBe(true)
    }
    await results.waitFor()
    await expect.poll(() => results.textContent()).toMatch(/\/nix\/store\/[0-9a-z]{32}-/)
    expect(app.faults).toEqual([])
  },
)
