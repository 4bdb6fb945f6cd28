// The borders between the panes of the built app, moved as a user moves them.
import { expect, test } from "vitest"
import { openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

test("a border is dragged, and is there after a reload; the files close and open by keyboard", async () => {
  const app = await openApp(site.browser, site.url, { viewport: { width: 1440, height: 900 } })
  const { page } = app
  const border = page.getByRole("separator", { name: "Width of the editor" })
  const left = async (): Promise<number> => Math.round((await border.boundingBox())?.x ?? 0)
  const before = await left()
  await page.mouse.move(before + 2, 400)
  await page.mouse.down()
  await page.mouse.move(before - 100, 420, { steps: 5 })
  await page.mouse.move(before - 198, 300, { steps: 5 })
  await page.mouse.up()
  await expect.poll(async () => Math.abs((await left()) - (before - 200))).toBeLessThanOrEqual(2)
  const moved = await left()
  await page.reload()
  await border.waitFor()
  await expect.poll(async () => Math.abs((await left()) - moved)).toBeLessThanOrEqual(1)

  const files = page.getByRole("separator", { name: "Width of the files" })
  await files.focus()
  await files.press("Enter")
  await expect.poll(() => files.getAttribute("aria-valuenow")).toBe("0")
  await expect.poll(async () => (await files.boundingBox())?.x).toBe(0)
  await files.press("Enter")
  await page.getByRole("treeitem", { name: "main.nix" }).click()
  await border.dblclick()
  await expect.poll(async () => Math.abs((await left()) - before)).toBeLessThanOrEqual(1)
  expect(app.faults).toEqual([])
  await app.context.close()
})
