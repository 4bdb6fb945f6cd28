// The built app when things go on for too long: Stop, memory bombs, reloads and crashes.
import { expect, test } from "vitest"
import { appIn, ENDLESS, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

test("Stop ends an endless genericClosure, and rows of the earlier result still open", async () => {
  const app = await openApp(site.browser, site.url)
  await app.evaluate('{ old = { deep = map (x: x * 2) [ 20 21 ]; other = throw "nobody asks"; }; }')
  await app.press("old")
  await app.row("deep").waitFor()
  await expect.poll(() => app.stop.isDisabled()).toBe(true)

  await app.start(ENDLESS)
  await app.status.getByText("Evaluating…").waitFor()
  // Stopped somewhere in the middle of it.
  await app.page.waitForTimeout(300)
  await app.stop.click()
  await app.status.getByText("Stopped: the evaluation was stopped. The earlier result still opens.").waitFor()
  await expect.poll(() => app.editor.inputValue()).toBe(ENDLESS)

  // The worker that knew these values is gone: the way to them is evaluated again.
  await app.press("deep")
  await app.press("1")
  await app.row("1").getByText("42").waitFor()
  await expect.poll(() => app.row("other").textContent()).toMatch(/«thunk»/)
  await app.page.getByRole("tab", { name: "JSON" }).click()
  await app.page.getByRole("tabpanel").getByText("nobody asks").first().waitFor()
  await app.page.getByRole("tab", { name: "Tree" }).click()
  await app.evaluate("1 + 1")
  await expect.poll(() => app.top.textContent()).toBe("2")
  expect(app.faults).toEqual([])
  await app.context.close()
})

test("Stop works for a row that is being opened, which can be opened again", async () => {
  const app = await openApp(site.browser, site.url)
  await app.evaluate(`{ endless = ${ENDLESS}; short = 1 + 1; }`)
  await app.begin("endless")
  await app.row("endless").locator("[aria-busy=true]").waitFor()
  // Stopped somewhere in the middle of it.
  await app.page.waitForTimeout(200)
  await app.editor.press("Escape")
  await app.row("endless").getByText("stopped; open it to run it again").waitFor()
  await app.press("short")
  await app.row("short").getByText("2").waitFor()
  await app.context.close()
})

test("a new text does not wait for an endless one", async () => {
  const app = await openApp(site.browser, site.url)
  await app.start(ENDLESS)
  await app.status.getByText("Evaluating…").waitFor()
  await app.evaluate('"at once"')
  await expect.poll(() => app.top.textContent()).toBe('"at once"')
  await app.context.close()
})

test("a memory bomb ends in the engine's error by the default limit, and the page goes on", async () => {
  const app = await openApp(site.browser, site.url)
  await app.evaluate(
    "let xs = builtins.genList (x: x) 1000000; many = builtins.genList (i: xs ++ [ i ]) 1000; in builtins.deepSeq (map builtins.length many) many",
  )
  await expect
    .poll(() => app.page.getByRole("alert").textContent())
    .toMatch(/^error: evaluation holds more memory than it may \(about \d+ MiB\)$/)
  await app.evaluate("2 + 2")
  await expect.poll(() => app.top.textContent()).toBe("4")
  expect(app.faults).toEqual([])
  await app.context.close()
})

test("text and history survive a reload, and nothing runs by itself that the user has not started", async () => {
  const app = await openApp(site.browser, site.url)
  await app.evaluate('"first"')
  await app.evaluate('"second"')
  await app.editor.fill("half a sente")
  await app.page.reload()
  await expect.poll(() => app.editor.inputValue()).toBe("half a sente")
  await expect.poll(() => app.status.textContent()).toBe("Press Evaluate to see the value.")
  await app.page.getByLabel("Earlier inputs").selectOption({ label: '"first"' })
  await expect.poll(() => app.editor.inputValue()).toBe('"first"')
  await app.context.close()
})

test("text survives a crash of the tab in the middle of an evaluation", async () => {
  const app = await openApp(site.browser, site.url)
  await app.start(ENDLESS)
  await app.status.getByText("Evaluating…").waitFor()
  const crashed = new Promise((resolve) => app.page.on("crash", resolve))
  const devtools = await app.context.newCDPSession(app.page)
  devtools.send("Page.crash").catch(() => {})
  await crashed
  const again = appIn(app.context, await app.context.newPage())
  await again.page.goto(site.url)
  await expect.poll(() => again.editor.inputValue()).toBe(ENDLESS)
  await expect.poll(() => again.status.textContent()).toBe("Press Evaluate to see the value.")
  await app.context.close()
})

test("a tab that was reloaded in the middle of an evaluation says so, and waits", async () => {
  const app = await openApp(site.browser, site.url)
  await app.start(ENDLESS)
  await app.status.getByText("Evaluating…").waitFor()
  await app.page.waitForFunction(() => sessionStorage.getItem("thunkpad/2/running") !== null)
  await app.page.reload()
  await app.page.getByText("This tab went away while it was evaluating.").waitFor()
  await expect.poll(() => app.editor.inputValue()).toBe(ENDLESS)
  await expect.poll(() => app.stop.isDisabled()).toBe(true)
  await app.context.close()
})
