// One workspace in two tabs of the built app: one of them writes it, the other looks on until it takes over, and what is typed in either
// is in the browser's storage afterwards.
import { expect, test } from "vitest"
import { seriousFindings } from "./access.ts"
import { type AppPage, appIn, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

const WARNING = "This workspace is open in another tab"

async function secondTab(first: AppPage): Promise<AppPage> {
  const page = await first.context.newPage()
  const second = appIn(first.context, page)
  await page.goto(site.url)
  return second
}

const warned = ({ page }: AppPage) => page.getByText(`${WARNING}, which saves it`)
const button = ({ page }: AppPage, name: string) => page.getByRole("button", { name, exact: true })

/** All texts of main.nix that are kept, by the name of the workspace. */
function kept({ page }: AppPage): Promise<Record<string, string>> {
  return page.evaluate(() => {
    const all: Record<string, string> = {}
    for (const [key, text] of Object.entries(localStorage)) {
      if (!key.startsWith("thunkpad/2/workspace/")) continue
      const { workspace } = JSON.parse(text as string) as { workspace: { name: string; files: Record<string, string> } }
      all[workspace.name] = workspace.files["main.nix"] as string
    }
    return all
  })
}

async function typed(app: AppPage, text: string): Promise<void> {
  await app.editor.fill(text)
}

test("the second tab looks on, follows what the first one saves, and takes over with everything that was typed there", async () => {
  const first = await openApp(site.browser, site.url)
  await typed(first, '"one"')
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"one"' })
  const second = await secondTab(first)
  await warned(second).waitFor()
  expect(await warned(first).count()).toBe(0)
  expect(await seriousFindings(second.page)).toEqual([])
  await expect.poll(() => second.editor.inputValue()).toBe('"one"')
  await typed(first, '"two"')
  await expect.poll(() => second.editor.inputValue()).toBe('"two"')

  // Not saved yet when the other tab takes over.
  await typed(first, '"three"')
  await button(second, "Take over here").click()
  await warned(second).waitFor({ state: "detached" })
  await expect.poll(() => second.editor.inputValue()).toBe('"three"')
  await warned(first).waitFor()
  await typed(second, '"four"')
  await expect.poll(() => first.editor.inputValue()).toBe('"four"')
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"four"' })

  // The tab that waits gets it when the other one is closed, or opens something else.
  await second.page.close()
  await warned(first).waitFor({ state: "detached" })
  await typed(first, '"five"')
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"five"' })
  expect(first.faults).toEqual([])
  await first.context.close()
})

test("what is typed in the tab that looks on goes into a copy, and so does what an unresponsive tab still has", async () => {
  const first = await openApp(site.browser, site.url)
  await typed(first, '"one"')
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"one"' })
  const second = await secondTab(first)
  await warned(second).waitFor()
  await typed(second, '"mine"')
  await warned(second).waitFor({ state: "detached" })
  await second.page.getByText(`${WARNING}. Your changes are in a copy`).waitFor()
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"one"', "My first workspace (copy)": '"mine"' })
  await expect.poll(() => second.editor.inputValue()).toBe('"mine"')
  await expect.poll(() => first.editor.inputValue()).toBe('"one"')
  await second.page.close()

  // A page that hangs cannot answer; the text it has not saved yet is there when it goes on.
  const third = await secondTab(first)
  await third.page.getByRole("button", { name: "My first workspace (copy)" }).click()
  await third.page.getByRole("button", { name: /^My first workspace ?main\.nix/ }).click()
  await warned(third).waitFor()
  const devtools = await first.context.newCDPSession(first.page)
  await devtools.send("Debugger.enable")
  const paused = new Promise((resolve) => devtools.once("Debugger.paused", resolve))
  const stuck = first.page.evaluate(() => {
    const area = document.querySelector<HTMLTextAreaElement>("textarea.plain")
    if (area === null) throw new Error("no editor")
    const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value")?.set
    set?.call(area, '"typed and stuck"')
    area.dispatchEvent(new Event("input", { bubbles: true }))
    // biome-ignore lint/suspicious/noDebugger: the page hangs here until it is told to go on
    debugger
  })
  await paused
  await button(third, "Take over here").click()
  await warned(third).waitFor({ state: "detached" })
  await typed(third, '"third"')
  await devtools.send("Debugger.resume")
  await stuck
  await expect.poll(() => kept(third).then((all) => Object.values(all).sort())).toEqual(['"mine"', '"third"', '"typed and stuck"'])
  await first.context.close()
})

test("a tab that is opened anew writes its workspace at once, and a copy can be opened without typing", async () => {
  const first = await openApp(site.browser, site.url)
  await typed(first, '"one"')
  await first.page.reload()
  // Longer than it would wait for another tab before it says so.
  await first.page.waitForTimeout(600)
  await expect.poll(() => warned(first).count()).toBe(0)
  const second = await secondTab(first)
  await button(second, "Open a copy").click()
  await warned(second).waitFor({ state: "detached" })
  await expect.poll(() => kept(first)).toEqual({ "My first workspace": '"one"', "My first workspace (copy)": '"one"' })
  await first.context.close()
})
