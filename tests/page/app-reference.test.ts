// The built app's reference: constructs of the language have addresses, are found by their signs, refer to each other and run.
import { expect, test } from "vitest"
import { appIn, plainEditor } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

test("a construct opens by its address, leads to others, and its examples run", async () => {
  const context = await site.browser.newContext()
  await plainEditor(context)
  const page = await context.newPage()
  const app = appIn(context, page)
  await page.goto(`${site.url}#doc=indented%20string`)
  const article = page.getByRole("article", { name: "indented string" })
  await article.getByText("the indentation that all lines share").waitFor()
  await expect.poll(() => article.getByRole("link", { name: "Link to this entry" }).getAttribute("href")).toBe("#doc=indented%20string")

  await page.getByRole("searchbox", { name: "Search the reference" }).fill("@")
  await page.getByRole("list", { name: "Entries" }).getByRole("button", { name: "formals" }).click()
  const formals = page.getByRole("article", { name: "formals" })
  await formals.getByRole("button", { name: "functionArgs" }).click()
  await page.getByRole("article", { name: "functionArgs" }).waitFor()
  await page.getByRole("list", { name: "Entries" }).getByRole("button", { name: "formals" }).click()
  await formals.getByRole("button", { name: "Try it" }).first().click()
  await page.getByRole("tabpanel").getByText("3", { exact: true }).waitFor()
  await expect.poll(() => app.editor.inputValue()).toBe("({ a, b ? a * 2 }: a + b) { a = 1; }\n")
  expect(app.faults).toEqual([])
  await context.close()
})
