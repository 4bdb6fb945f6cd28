// The built app with files elsewhere: gists, files of GitHub repositories, any address. Nothing is asked for before the click.
import type { BrowserContext, Page } from "playwright-core"
import { expect, test } from "vitest"
import { encodeLink } from "../../app/link/codec.ts"
import { appIn, ENDLESS, plainEditor } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const site = builtSite()

interface Elsewhere {
  readonly context: BrowserContext
  readonly page: Page
  /** Requests to other origins. */
  readonly asked: string[]
}

/** A visitor for whom the rest of the network is a table; other addresses answer 404. */
async function visitor(answers: Readonly<Record<string, string | Buffer>>): Promise<Elsewhere> {
  const context = await site.browser.newContext()
  await plainEditor(context)
  const asked: string[] = []
  await context.route(/^https:/, (route) => {
    const request = route.request()
    asked.push(request.url())
    expect(request.headers()["cookie"]).toBeUndefined()
    expect(request.headers()["referer"]).toBeUndefined()
    const body = answers[request.url()]
    const headers = { "access-control-allow-origin": "*" }
    return route.fulfill(body === undefined ? { status: 404, headers } : { body, headers })
  })
  return { context, page: await context.newPage(), asked }
}

const GIST = "https://api.github.com/gists/0123456789abcdef"
const RAW = "https://gist.githubusercontent.com/someone/0123456789abcdef/raw/1/long.nix"
const gist = (files: object): string => JSON.stringify({ files })

test("a gist is loaded after the click, all of its files, and evaluated as somebody else's", async () => {
  const given = {
    "default.nix": { content: "import ./b.nix * import ./long.nix", truncated: false },
    "b.nix": { content: "6" },
    "long.nix": { content: "cut", truncated: true, raw_url: RAW },
    "../evil.nix": { content: "out" },
  }
  const { context, page, asked } = await visitor({ [GIST]: gist(given), [RAW]: "7" })
  await page.goto(`${site.url}?gist=0123456789abcdef`)
  await page.getByText("This link wants to load gist 0123456789abcdef on GitHub.").waitFor()
  await page.getByRole("tabpanel").getByText("42").waitFor()
  expect(asked).toEqual([])
  await page.getByRole("button", { name: "Load it" }).click()
  await page.getByRole("button", { name: "Gist 01234567" }).waitFor()
  await page.getByRole("tabpanel").getByText("42", { exact: true }).waitFor()
  const files = page.getByRole("tree", { name: "Files of the workspace" }).getByRole("treeitem")
  await expect
    .poll(async () => (await files.allInnerTexts()).map((text) => text.replace(/^.*\n/, "")))
    .toEqual(["b.nix", "default.nix", "long.nix"])
  expect(asked).toEqual([GIST, RAW])
  await context.close()
})

test("a gist that is gone, empty or no gist at all ends in a sentence, and can be tried again", async () => {
  const answers: Record<string, string> = {}
  const { context, page, asked } = await visitor(answers)
  await page.goto(`${site.url}?gist=0123456789abcdef`)
  const load = page.getByRole("button", { name: "Load it" })
  await load.click()
  await page.getByText("It cannot be opened: api.github.com answered 404.").waitFor()
  answers[GIST] = gist({})
  await load.click()
  await page.getByText("It cannot be opened: that gist has no files that can be read.").waitFor()
  answers[GIST] = gist({ "x.nix": { content: "1", truncated: true, raw_url: "https://example.org/x.nix" } })
  await load.click()
  await page.getByText("It cannot be opened: that gist has only the beginning of 'x.nix'.").waitFor()
  answers[GIST] = gist({ "x.nix": { content: "1" } })
  await load.click()
  await page.getByRole("treeitem", { name: "x.nix" }).waitFor()
  expect(asked).toEqual([GIST, GIST, GIST, GIST])
  await page.goto(`${site.url}?gist=../../users`)
  await page.getByText("the address has '?gist=' without the gist's number").waitFor()
  expect(asked.length).toBe(4)
  await context.close()
})

test("a file of a GitHub repository is loaded after the click, from the ref that the link names", async () => {
  const raw = "https://raw.githubusercontent.com/someone/some.repo/v1.0/lib/deep/x.nix"
  const { context, page, asked } = await visitor({ [raw]: "{ x = 6 * 7; }" })
  await page.goto(`${site.url}?github=someone/some.repo/v1.0/lib/deep/x.nix`)
  await page.getByText("This link wants to load lib/deep/x.nix of someone/some.repo at v1.0 on GitHub.").waitFor()
  expect(asked).toEqual([])
  await page.getByRole("button", { name: "Load it" }).click()
  await page.getByRole("treeitem", { name: "x.nix" }).waitFor()
  expect(asked).toEqual([raw])
  for (const bad of ["someone/repo", "someone/repo/ref/../../secret", "a/b/c/%3Cscript%3E"]) {
    await page.goto(`${site.url}?github=${bad}`)
    await page.getByText("the address has '?github=' without 'owner/repo/ref/path'").waitFor()
  }
  expect(asked).toEqual([raw])
  await context.close()
})

test("what is no text, or larger than a workspace, is refused; and the notice goes away without a request", async () => {
  const url = "https://example.org/a.nix"
  const answers: Record<string, string | Buffer> = { [url]: Buffer.from([0xff, 0xfe]) }
  const { context, page, asked } = await visitor(answers)
  await page.goto(`${site.url}#url=${encodeURIComponent(url)}`)
  const load = page.getByRole("button", { name: "Load it" })
  await load.click()
  await page.getByText("It cannot be opened: that is no text.").waitFor()
  answers[url] = Buffer.alloc(5 * 2 ** 20, " ")
  await load.click()
  await page.getByText("It cannot be opened: that is too large for a workspace.").waitFor()
  const before = asked.length
  await page.getByRole("button", { name: "Dismiss" }).first().click()
  await load.waitFor({ state: "detached" })
  expect(asked.length).toBe(before)
  await context.close()
})

test("a pasted link is compared: texts, values, derivations; one to files elsewhere fetches after a click of its own", async () => {
  const raw = "https://raw.githubusercontent.com/a/b/main/x.nix"
  const program = (flag: string): string =>
    `{ n = ${flag.length}; same = "x"; drv = derivation { name = "d"; system = "x"; builder = "/bin/sh"; args = [ "${flag}" ]; }; }\n`
  const { context, page, asked } = await visitor({ [raw]: program("there") })
  await page.goto(`${site.url}#code=${encodeURIComponent(program("here"))}`)
  await page.getByRole("tabpanel").getByText("same").waitFor()
  await page.keyboard.press("Control+k")
  await page.getByPlaceholder("What do you want to do?").fill("Compare with a link")
  await page.keyboard.press("Enter")
  const dialog = page.getByRole("dialog", { name: "Compare" })
  const paste = dialog.getByPlaceholder("https://…")
  await paste.fill(`${site.url}#9.later`)
  await dialog.getByRole("button", { name: "Compare", exact: true }).click()
  await dialog.getByText("This link cannot be opened: this link is of version 9").waitFor()
  await paste.fill("https://github.com/a/b/blob/main/x.nix")
  await dialog.getByRole("button", { name: "Compare", exact: true }).click()
  await dialog.getByText("This link wants to load x.nix of a/b at main on GitHub.").waitFor()
  expect(asked).toEqual([])
  await dialog.getByRole("button", { name: "Load it" }).click()
  await dialog.getByText("2 of 2 files differ.").waitFor()
  expect(asked).toEqual([raw])

  await dialog.getByRole("button", { name: "Compare with something else" }).click()
  await paste.fill(`${site.url}#code=${encodeURIComponent(program("there"))}`)
  await dialog.getByRole("button", { name: "Compare", exact: true }).click()
  await dialog.getByText("1 of 1 file differs.").waitFor()
  await dialog.getByRole("tab", { name: "Values" }).click()
  await dialog.getByText("2 differences; 4 values compared.").waitFor()
  const n = dialog.getByRole("region", { name: "n", exact: true })
  await expect.poll(() => n.locator("del, ins").allInnerTexts()).toEqual(["− 5", "+ 4"])
  await dialog.getByRole("tab", { name: "Derivations" }).click()
  await dialog.getByText("1 derivation differs.").waitFor()
  await dialog.getByText("1 cause").waitFor()
  await dialog.getByRole("heading", { name: "arguments" }).waitFor()
  await context.close()
})

test("a comparison with a program that does not end can be stopped, ends when nobody looks, and ends by itself", async () => {
  const { context, page, asked } = await visitor({})
  const app = appIn(context, page)
  await page.goto(site.url)
  const dialog = page.getByRole("dialog", { name: "Compare" })
  await app.editor.waitFor()
  const begin = async (): Promise<void> => {
    await page.keyboard.press("Control+k")
    await page.getByPlaceholder("What do you want to do?").fill("Compare with a link")
    await page.keyboard.press("Enter")
    await dialog.getByPlaceholder("https://…").fill(encodeLink({ files: { "main.nix": ENDLESS }, settings: { seconds: "1000" } }))
    await dialog.getByRole("button", { name: "Compare", exact: true }).click()
    await dialog.getByRole("tab", { name: "Values" }).click()
    await dialog.getByText("Evaluating both…").waitFor()
  }
  await begin()
  await dialog.getByRole("button", { name: "Stop" }).click()
  await dialog.getByText("Not compared: the evaluation was stopped.").waitFor()
  await page.keyboard.press("Escape")
  await begin()
  await page.keyboard.press("Escape")
  await app.evaluate("6 * 7")
  await begin()
  await dialog.getByText("error: evaluation took", { exact: false }).waitFor()
  expect(asked).toEqual([])
  expect(app.faults).toEqual([])
  await context.close()
})

test("the editor of differences shows both texts side by side, and is loaded for that alone", async () => {
  const context = await site.browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const faults: string[] = []
  page.on("pageerror", (e) => faults.push(e.message))
  page.on("console", (message) => (message.type() === "error" ? faults.push(message.text()) : undefined))
  const scripts: string[] = []
  page.on("request", (request) => scripts.push(request.url()))
  await page.goto(`${site.url}#code=${encodeURIComponent("{ a = 1; b = 2; }\n")}`)
  await page.locator(".monaco-editor").first().waitFor()
  expect(scripts.filter((url) => url.includes("DifferenceEditor"))).toEqual([])
  await page.getByRole("button", { name: "Share", exact: true }).click()
  await page.getByRole("button", { name: "Compare with a link…" }).click()
  await page.getByPlaceholder("https://…").fill(`${site.url}#code=${encodeURIComponent("{ a = 1; b = 3; }\n")}`)
  await page.getByRole("button", { name: "Compare", exact: true }).click()
  await page.getByRole("button", { name: "Side by side" }).click()
  const editor = page.locator(".difference-editor")
  await editor.locator(".line-delete").first().waitFor()
  await editor.locator(".line-insert").first().waitFor()
  await expect
    .poll(async () => (await editor.locator(".view-lines").allInnerTexts()).map((text) => text.replaceAll("\u00a0", " ")))
    .toEqual([expect.stringContaining("b = 3"), expect.stringContaining("b = 2")])
  expect(faults).toEqual([])
  await context.close()
})
