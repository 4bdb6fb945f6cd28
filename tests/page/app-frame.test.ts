// The built app's frame: what opens over the page, the other panes, themes. Without a network, and embedded in another site's page.

import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { serveDist } from "../setup/browser.ts"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"
import { watchFaults } from "./engine-page.ts"

const site = builtSite()
for (const [width, height, colorScheme] of [
  [1440, 900, "light"],
  [390, 844, "dark"],
] as const)
  describe(`${width} pixels wide, ${colorScheme}`, () => {
    let app: AppPage
    beforeAll(async () => {
      app = await openApp(site.browser, site.url, { viewport: { width, height }, colorScheme })
    })
    afterAll(async () => {
      expect(app.faults).toEqual([])
      await app.context.close()
    })
    const judge = async (): Promise<void> => {
      await expect.poll(() => app.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")).toBe(0)
    }

    for (const [keys, title] of [
      ["Control+k", "Actions"],
      ["Control+,", "Settings"],
    ] as const)
      test(`${keys} opens ${title}, Escape closes it`, async () => {
        await app.page.keyboard.press(keys)
        const dialog = app.page.getByRole("dialog", { name: title })
        await dialog.waitFor()
        await judge()
        await app.page.keyboard.press("Escape")
        await dialog.waitFor({ state: "detached" })
      })
    for (const [button, title] of [
      ["Examples", "Examples"],
      ["Share", "Share"],
      ["My first workspace", "Workspaces"],
    ] as const)
      test(`the dialog ${title}`, async () => {
        await app.page.getByRole("button", { name: button }).click()
        const dialog = app.page.getByRole("dialog", { name: title })
        await dialog.waitFor()
        await judge()
        await app.page.keyboard.press("Escape")
        await dialog.waitFor({ state: "detached" })
      })
    test("the reference is searched, and an example runs", async () => {
      await app.page.getByRole("button", { name: "Docs" }).click()
      await app.page.getByLabel("Search the reference").fill("elemAt")
      await app.page.getByRole("button", { name: "elemAt", exact: true }).click()
      await app.page.getByRole("heading", { name: /elemAt/ }).waitFor()
      await judge()
      await app.page.getByRole("button", { name: "Try it" }).first().click()
      await app.page.getByRole("tabpanel").waitFor()
    })
    test("the repl answers", async () => {
      await app.page.getByRole("button", { name: "REPL" }).click()
      const field = app.page.getByLabel("REPL").getByRole("textbox")
      await field.fill("{ a = 40 + 2; }")
      await field.press("Enter")
      const answer = app.page.getByLabel("REPL").getByRole("button", { name: "Open the value" })
      await answer.click()
      await app.page.getByLabel("REPL").getByText("{ 1 attribute }").waitFor()
      await judge()
    })
    test("a lesson is read, evaluated and explained", async () => {
      await app.page.getByRole("button", { name: "Examples" }).click()
      await app.page.getByRole("button", { name: /Anatomy of a store path/ }).click()
      await app.page.getByRole("heading", { name: /Anatomy of a store path/ }).waitFor()
      await judge()
      if (width < 800) await app.page.getByRole("button", { name: "Result" }).click()
      await app.page.getByRole("tab", { name: "Tree" }).click()
      await app.page.getByText("m6wswa7yn6x5gi6gdq7x1fqlwmlhfja9").first().waitFor()
    })
    test("problems are listed and lead to their place", async () => {
      await app.start("let a = 1; b = ; in a")
      await app.page.getByRole("button", { name: /^Problems/ }).click()
      const problem = app.page.getByLabel("Problems", { exact: true }).getByRole("button").first()
      await problem.waitFor()
      await judge()
      await problem.click()
      await expect.poll(() => app.editor.evaluate((area) => area === area.ownerDocument.activeElement)).toBe(true)
    })
    test("high contrast", async () => {
      await app.page.keyboard.press("Control+k")
      await app.page.getByPlaceholder("What do you want to do?").fill("Theme: contrast")
      await app.page.keyboard.press("Enter")
      await app.page.locator("html[data-theme=contrast]").waitFor()
      await judge()
    })
  })

test("without a network the page opens and evaluates, after one visit", async () => {
  const own = await serveDist()
  const context = await site.browser.newContext()
  const page = await context.newPage()
  await page.goto(own.url)
  await page.evaluate("navigator.serviceWorker.ready")
  await page.waitForFunction(async () => (await caches.keys()).length > 0)
  await own.close()
  const again = await context.newPage()
  const faults = watchFaults(again)
  await again.goto(`${own.url}#code=6*7`)
  await again.getByRole("tabpanel").getByText("42").waitFor()
  await again.getByRole("button", { name: "Examples" }).click()
  await again.getByRole("dialog", { name: "Examples" }).waitFor()
  expect(faults.filter((fault) => !/ERR_CONNECTION_REFUSED|ERR_FAILED|Failed to fetch/.test(fault))).toEqual([])
  await context.close()
})

/** A page of another site. */
async function otherSite(html: string): Promise<{ url: string; close(): void }> {
  const host = createServer((_, response) => response.setHeader("content-type", "text/html").end(`<!doctype html>${html}`))
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve))
  return { url: `http://127.0.0.1:${(host.address() as AddressInfo).port}/`, close: () => host.close() }
}

test("in another site's page the element shows a program, runs it, and tells what came of it", async () => {
  const other = await otherSite(`<script src="${site.url}embed.js"></script><thunkpad-embed height="300">20 + 1</thunkpad-embed>`)
  const page = await site.browser.newPage()
  const faults = watchFaults(page)
  await page.goto(other.url)
  const frame = page.frameLocator("iframe")
  await frame.getByRole("tabpanel").getByText("21").waitFor()
  // The sites differ: what the page around it types arrives by messages alone.
  const told = page.evaluate(
    `new Promise((resolve) => document.addEventListener("thunkpad-result", (event) => resolve(event.detail.text), { once: true }))`,
  )
  await page.evaluate(`{ const e = document.querySelector("thunkpad-embed"); e.code = "40 + 2"; e.evaluate() }`)
  expect(await told).toBe("42")
  expect(await frame.getByRole("button", { name: "Examples" }).count()).toBe(0)
  await expect.poll(() => frame.getByRole("link", { name: "Open in Thunkpad" }).getAttribute("href")).toContain("#code=40")
  expect(faults).toEqual([])
  await page.close()
  other.close()
})

test("a frame without an origin of its own says why there is nothing", async () => {
  const other = await otherSite(`<iframe sandbox="allow-scripts" src="${site.url}?embed"></iframe>`)
  const page = await site.browser.newPage()
  await page.goto(other.url)
  await page.frameLocator("iframe").getByText("Thunkpad could not start.").waitFor()
  await page.close()
  other.close()
})
