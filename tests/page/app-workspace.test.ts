// The built app: several files, workspaces that are kept, links that open beside them.
import { expect, test } from "vitest"
import { encodeLink } from "../../app/link/codec.ts"
import { type AppPage, appIn, ENDLESS, openApp, plainEditor } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

/** Opens the app at a part of its address, with nothing kept from before. */
async function openAt(part: string): Promise<AppPage> {
  const context = await site.browser.newContext()
  await plainEditor(context)
  const page = await context.newPage()
  const app = appIn(context, page)
  await page.goto(site.url + part)
  return app
}

async function newFile({ page }: AppPage, path: string): Promise<void> {
  await page.getByRole("button", { name: "New file" }).click()
  await page.getByLabel("Path of the new file").fill(path)
  await page.keyboard.press("Enter")
}

test("files import each other; they are created, renamed, moved, deleted and brought back", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  await app.editor.fill("import ./lib/a.nix + 1")
  await newFile(app, "lib/a.nix")
  await app.editor.fill("41")
  await app.editor.press("Control+Enter")
  await page.getByRole("tabpanel").getByText("42").waitFor()

  await page.getByRole("treeitem", { name: "a.nix" }).press("F2")
  await page.getByLabel("New path of lib/a.nix").fill("b.nix")
  await page.keyboard.press("Enter")
  await page.getByRole("treeitem", { name: "b.nix" }).waitFor()
  expect(await page.getByRole("treeitem", { name: "lib" }).count()).toBe(0)
  await expect.poll(() => app.editor.inputValue()).toBe("41")
  await app.editor.press("Control+Enter")
  await expect.poll(() => page.getByRole("alert").first().textContent()).toContain("lib/a.nix")

  await page.getByRole("treeitem", { name: "b.nix" }).press("Delete")
  await expect.poll(() => page.getByRole("treeitem").count()).toBe(1)
  await page.getByRole("button", { name: "Undo" }).click()
  await page.getByRole("treeitem", { name: "b.nix" }).click()
  await expect.poll(() => app.editor.inputValue()).toBe("41")
  // A path that is taken is refused with a reason, and nothing is lost.
  await newFile(app, "main.nix")
  await page.getByText("There is a 'main.nix' already.").waitFor()
  expect(app.faults).toEqual([])
  await app.context.close()
})

test("another file can be the one that is evaluated, and uploads and downloads keep what is in them", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  await page.locator("input[type=file]").setInputFiles([
    { name: "other.nix", mimeType: "text/plain", buffer: Buffer.from('"ä€😀"') },
    { name: "picture.bin", mimeType: "image/png", buffer: Buffer.from([0xff, 0xfe, 0x00]) },
  ])
  await page.getByText("Left out, since they are no text or too large: picture.bin.").waitFor()
  const row = page.getByRole("treeitem", { name: "other.nix" })
  await row.hover()
  await row.getByTitle("Evaluate this file from now on").click()
  await app.editor.press("Control+Enter")
  await page.getByRole("tabpanel").getByText('"ä€😀"').waitFor()
  await row.hover()
  const [download] = await Promise.all([page.waitForEvent("download"), row.getByTitle("Download").click()])
  expect(download.suggestedFilename()).toBe("other.nix")
  await app.context.close()
})

test("a link opens beside one's own work, in both directions", async () => {
  const own = await openApp(site.browser, site.url)
  await own.evaluate('"my own work"')
  const files = { "main.nix": "import ./twice.nix 21", "twice.nix": "n: n * 2" }
  const link = encodeLink({ files, settings: { name: "Somebody's", view: "json" } })
  await own.page.goto(site.url + link)
  await own.page.getByRole("tabpanel").getByText("42").waitFor()
  await expect.poll(() => own.page.getByRole("tab", { selected: true }).textContent()).toBe("JSON")
  await expect.poll(() => own.page.getByRole("treeitem").count()).toBe(2)
  await own.page.getByRole("button", { name: "Somebody's" }).click()
  await own.page.getByRole("button", { name: /^My first workspace/ }).click()
  await expect.poll(() => own.editor.inputValue()).toBe('"my own work"')
  await own.context.close()

  const second = await openAt(link)
  await second.page.getByRole("tabpanel").getByText("42").waitFor()
  expect(second.faults).toEqual([])
  await second.context.close()
})

test("what is shared comes up in a second profile as it was, and the browser's history has one entry more", async () => {
  const app = await openApp(site.browser, site.url)
  await app.context.grantPermissions(["clipboard-read", "clipboard-write"])
  await app.evaluate('derivation { name = "shared"; builder = "/bin/sh"; system = "x86_64-linux"; }')
  const before = await app.page.evaluate("history.length")
  await app.page.keyboard.press("Control+s")
  await app.page.getByText(/^The link is copied/).waitFor()
  const link: string = await app.page.evaluate("navigator.clipboard.readText()")
  await expect.poll(() => app.page.evaluate("history.length")).toBe((before as number) + 1)
  // Writing on leaves the history alone, and the address no longer claims to be what is open.
  await app.editor.pressSequentially("# and on")
  await expect.poll(() => app.page.evaluate("location.hash")).toBe("")
  await expect.poll(() => app.page.evaluate("history.length")).toBe((before as number) + 1)
  await app.context.close()

  const second = await openAt(link.slice(site.url.length))
  await second.page.getByRole("tab", { name: "Derivation" }).click()
  await second.page.getByText("/nix/store/").first().waitFor()
  await expect.poll(() => second.editor.inputValue()).toContain('"shared"')
  await second.context.close()
})

test("a stranger's endless program ends by itself, and the page answers meanwhile", async () => {
  const app = await openAt(encodeLink({ files: { "main.nix": ENDLESS }, settings: {} }))
  await app.status.getByText("Evaluating…").waitFor()
  await app.editor.press("End")
  await app.editor.pressSequentially(" ")
  expect(await app.page.getByText("runs under a small budget").count()).toBe(0)
  await app.page.getByRole("alert").first().waitFor()
  await expect.poll(() => app.page.getByRole("alert").first().textContent()).toMatch(/^error: evaluation took (more|longer)/)
  await app.context.close()
})

test("a stranger's program fetches nothing until the user says so", async () => {
  const asked: string[] = []
  const context = await site.browser.newContext()
  await plainEditor(context)
  await context.route(/^https:/, (route) => {
    asked.push(route.request().url())
    return route.abort()
  })
  const page = await context.newPage()
  const program = 'builtins.readFile (builtins.fetchurl "https://example.org/secret")'
  await page.goto(site.url + encodeLink({ files: { "main.nix": program }, settings: {} }))
  await page.getByText("This program wants to use the network.").waitFor()
  expect(asked).toEqual([])
  await page.getByRole("button", { name: "Allow and run again" }).click()
  await expect.poll(() => asked.length).toBeGreaterThan(0)
  expect(new URL(asked[0] as string).host).toBe("example.org")
  await context.close()
})

test("files elsewhere are loaded after a click, and a broken link says what is wrong with it", async () => {
  const context = await site.browser.newContext()
  await plainEditor(context)
  const asked: string[] = []
  await context.route(/^https:/, (route) => {
    asked.push(route.request().url())
    return route.fulfill({ body: "6 * 7", headers: { "access-control-allow-origin": "*" } })
  })
  const page = await context.newPage()
  await page.goto(`${site.url}?github=someone/repo/v1/lib/x.nix`)
  const load = page.getByRole("button", { name: "Load it" })
  await load.waitFor()
  expect(asked).toEqual([])
  await load.click()
  // The example that was open before has a 42 too.
  await page.getByRole("button", { name: "x.nix" }).first().waitFor()
  await page.getByRole("tabpanel").getByText("42").waitFor()
  expect(asked).toEqual(["https://raw.githubusercontent.com/someone/repo/v1/lib/x.nix"])

  await page.goto(`${site.url}#1.bm90aGluZw`)
  await page.reload()
  await page.getByText("This link cannot be opened: this link is damaged").waitFor()
  await page.goto(`${site.url}#7.abc`)
  await page.getByText("This link cannot be opened: this link is of version 7").waitFor()
  await context.close()
})

test("a workspace leaves as a zip file and comes back", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  await newFile(app, "data/x.txt")
  await app.editor.fill("in the zip")
  await page.getByRole("button", { name: "My first workspace" }).click()
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export this one as zip" }).click(),
  ])
  const [picker] = await Promise.all([page.waitForEvent("filechooser"), page.getByRole("button", { name: "Import a zip file" }).click()])
  await picker.setFiles(await download.path())
  await page.getByRole("treeitem", { name: "x.txt" }).click()
  await expect.poll(() => app.editor.inputValue()).toBe("in the zip")
  await page.keyboard.press("Control+k")
  await page.getByPlaceholder("What do you want to do?").fill("My first workspace")
  await page.keyboard.press("Enter")
  await page.getByRole("button", { name: "My first workspace" }).waitFor()
  await app.context.close()
})
