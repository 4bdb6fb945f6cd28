// Files and folders of the user's machine dropped onto the file tree of the built app, as the browser itself delivers them.
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type AppPage, appIn, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()
const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-drop-`)
const at = (name: string): string => `${folder}/${name}`

beforeAll(() => {
  for (const below of ["project/lib/deep", "project/.git", "project/node_modules/x"]) fs.mkdirSync(at(below), { recursive: true })
  fs.writeFileSync(at("plain.nix"), "1")
  fs.writeFileSync(at("default.nix"), '"another"')
  fs.writeFileSync(at("ümlaut – “quoted”.nix"), '"ä€😀"')
  fs.writeFileSync(at("picture.png"), Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0xfe]))
  fs.writeFileSync(at("project/default.nix"), "import ./lib/deep/value.nix + 1")
  fs.writeFileSync(at("project/lib/deep/value.nix"), "41")
  fs.writeFileSync(at("project/lib/empty.txt"), "")
  fs.writeFileSync(at("project/.git/config"), "[core]")
  fs.writeFileSync(at("project/node_modules/x/index.js"), "")
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Lets go of files over an element, as somebody who drags them from a file manager. */
async function drop(app: AppPage, target: string, files: readonly string[]): Promise<void> {
  const element = app.page.locator(target).first()
  await element.waitFor()
  const box = await element.boundingBox()
  if (box === null) throw new Error(`${target} is not in sight`)
  const session = await app.context.newCDPSession(app.page)
  const data = { items: [], files: files.map(at), dragOperationsMask: 1 }
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, x: box.x + box.width / 2, y: box.y + box.height / 2, data })
  await session.detach()
}

/** Paths and texts of the workspace that is kept. */
function kept(app: AppPage): Promise<Record<string, string>> {
  return app.page.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("thunkpad/2/workspace/"))
    const saved = JSON.parse(localStorage.getItem(key ?? "") ?? "{}") as { workspace?: { files?: Record<string, string> } }
    return saved.workspace?.files ?? {}
  })
}

test("several files and a folder are dropped at once; what is no text is named, what nobody writes is left out", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  await app.editor.fill("import ./project")
  await drop(app, "section.files", ["plain.nix", "ümlaut – “quoted”.nix", "picture.png", "project"])
  await page.getByText("5 files were added.").waitFor()
  await page.getByText("Left out, since they are no text or too large: picture.png.").waitFor()
  await page.getByRole("button", { name: "Open the store" }).click()
  await page.getByRole("region", { name: "Bring in" }).waitFor()
  const files = {
    "main.nix": "import ./project",
    "plain.nix": "1",
    "ümlaut – “quoted”.nix": '"ä€😀"',
    "project/default.nix": "import ./lib/deep/value.nix + 1",
    "project/lib/deep/value.nix": "41",
    "project/lib/empty.txt": "",
  }
  await expect.poll(() => kept(app)).toEqual(files)
  await page.getByRole("treeitem", { name: "main.nix" }).click()
  await app.editor.press("Control+Enter")
  await page.getByRole("tabpanel").getByText("42").waitFor()

  // Onto a folder: they go into it, over what is there under the same name; one undo brings that back.
  await drop(app, '[data-folder="project/lib/"]', ["default.nix", "plain.nix"])
  await page.getByText("2 files were added.").waitFor()
  await expect.poll(() => kept(app)).toEqual({ ...files, "project/lib/default.nix": '"another"', "project/lib/plain.nix": "1" })
  await drop(app, '[data-folder="project/lib/"]', ["plain.nix"])
  fs.writeFileSync(at("plain.nix"), "2")
  await drop(app, "section.files h2", ["plain.nix"])
  await expect.poll(async () => (await kept(app))["plain.nix"]).toBe("2")
  await page.getByText("'plain.nix' was added.").locator("..").getByRole("button", { name: "Undo" }).click()
  await expect.poll(async () => (await kept(app))["plain.nix"]).toBe("1")
  expect(app.faults).toEqual([])
  await app.context.close()
})

test("what is dropped anywhere else in the page comes in too, also onto the editor, and the page stays", async () => {
  const app = await openApp(site.browser, site.url)
  await app.editor.fill('"still here"')
  await drop(app, "header", ["plain.nix"])
  await app.page.getByText("'plain.nix' was added.").waitFor()
  await app.page.getByRole("treeitem", { name: "main.nix" }).click()
  await drop(app, "textarea.plain", ["project"])
  await app.page.getByText("3 files were added.").waitFor()
  expect(app.page.url()).toBe(site.url)
  await expect.poll(async () => (await kept(app))["main.nix"]).toBe('"still here"')
  expect(app.faults).toEqual([])
  await app.context.close()
})

test("with the full editor a dropped file comes in as well, and not into the text", async () => {
  const context = await site.browser.newContext()
  const page = await context.newPage()
  await page.goto(site.url)
  await page.locator(".monaco-editor .view-line").first().waitFor()
  const app = appIn(context, page)
  await drop(app, ".monaco-editor .view-lines", ["default.nix"])
  await page.getByText("'default.nix' was added.").waitFor()
  await expect.poll(() => kept(app)).toMatchObject({ "default.nix": '"another"', "main.nix": expect.not.stringContaining("default.nix") })
  await context.close()
})

test("a folder that is dropped onto the store becomes a tree beside the files, which can be imported and looked at", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  await app.editor.fill("import ./project")
  await page.getByRole("button", { name: "Store", exact: true }).click()
  await drop(app, ".store-pane", ["project"])
  await page.getByRole("list", { name: "Trees of the store in the workspace" }).getByRole("button", { name: "project" }).click()
  await page.getByRole("article", { name: /-project$/ }).waitFor()
  await app.evaluate("import ./project")
  await page.getByRole("tabpanel").getByText("42").waitFor()
  expect(app.faults).toEqual([])
  await app.context.close()
})
