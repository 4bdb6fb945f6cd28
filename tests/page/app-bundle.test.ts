// The built app with a workspace that is too long for a link: as a file, and on the gateway that runs beside it, a process of its own.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { encodeLink } from "../../app/link/codec.ts"
import { gatewayNotice, startAppGateway } from "../setup/app-gateway.mjs"
import { type AppPage, appIn, openApp, plainEditor } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

let gateway: ReturnType<typeof startAppGateway> | null = null
const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-bundle-gateway-`)
const site = builtSite([gatewayNotice(async () => (await gateway?.ready) ?? { problem: "it was not started yet" })])

beforeAll(async () => {
  gateway = startAppGateway({ origins: [new URL(site.url).origin], store: folder, port: 0, flags: [] })
  await gateway.ready
})
afterAll(() => {
  gateway?.stop()
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

/** Numbers that do not compress. */
const noise = Array.from({ length: 800 }, (_, i) => `  ${((i * 2654435761) % 4294967296).toString(36)}`).join("\n")
const large = {
  files: {
    "main.nix": "import ./lib/sum.nix (import ./data.nix)\n",
    "lib/sum.nix": "list: builtins.length list\n",
    "data.nix": `[ ''\n${noise}\n'' 2 3 ]\n`,
  },
  settings: { name: "Large" },
}

/** Opens the app with the large workspace, at its dialog for sharing. */
async function openLarge(): Promise<AppPage> {
  const app = await openApp(site.browser, site.url)
  await app.page.goto(site.url + encodeLink(large))
  await app.page.getByRole("tabpanel").getByText("3", { exact: true }).waitFor()
  await app.page.getByRole("button", { name: "Share", exact: true }).click()
  await app.page.getByText("some chats and mail programs cut links").waitFor()
  return app
}

/** Drops a file on the page. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    ({ name, base64 }) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name))
      return transfer
    },
    { name, base64: bytes.toString("base64") },
  )
  await page.dispatchEvent("section[aria-label=Files]", "drop", { dataTransfer: transfer })
}

test("a large workspace leaves as a bundle file and comes back when it is dropped; a damaged file is refused", async () => {
  const app = await openLarge()
  const { page } = app
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as a bundle file" }).click()])
  expect(download.suggestedFilename()).toBe("Large.thunkpad")
  const bytes = fs.readFileSync(await download.path())
  const root = bytes.toString("latin1").split("\n")[1] as string
  await page.getByText(`The digest of its root is ${root}`).waitFor()
  await app.context.close()

  const second = await openApp(site.browser, site.url)
  await drop(second.page, "Large.thunkpad", bytes)
  await second.page.getByRole("button", { name: "Large" }).waitFor()
  await second.page.getByRole("tabpanel").getByText("3", { exact: true }).waitFor()
  // It is a workspace of its own; nothing was added to the one that was open.
  await expect.poll(() => second.page.getByRole("treeitem", { name: "sum.nix" }).count()).toBe(1)
  expect(await second.page.getByText("was added").count()).toBe(0)

  const damaged = Buffer.from(bytes)
  damaged[bytes.length - 100] = (damaged[bytes.length - 100] as number) ^ 0x55
  await drop(second.page, "Damaged.thunkpad", damaged)
  await second.page.getByText("'Damaged.thunkpad' cannot be opened: the bundle").waitFor()
  await second.page.getByRole("button", { name: "Large" }).click()
  const [picker] = await Promise.all([
    second.page.waitForEvent("filechooser"),
    second.page.getByRole("button", { name: "Import a zip file" }).click(),
  ])
  await picker.setFiles({ name: "Again.thunkpad", mimeType: "", buffer: bytes })
  await second.page.getByRole("tabpanel").getByText("3", { exact: true }).waitFor()
  expect(second.faults).toEqual([])
  await second.context.close()
})

test("a large workspace goes to the gateway by a click, and its link fetches by a click", async () => {
  const app = await openLarge()
  await app.page.getByRole("button", { name: /^Put on the gateway http/ }).click()
  const field = app.page.getByLabel("Link to the bundle")
  await expect.poll(() => field.inputValue()).toMatch(/#bundle=[0-9a-f]{64}&at=http/)
  const link = await field.inputValue()
  await app.context.close()

  const context = await site.browser.newContext()
  await plainEditor(context)
  const page = await context.newPage()
  const second = appIn(context, page)
  const asked: string[] = []
  const { origin } = new URL(decodeURIComponent(link.split("&at=")[1] as string))
  page.on("request", (request) => asked.push(request.url()))
  context.on("request", (request) => asked.push(request.url()))
  await page.goto(link)
  await page
    .getByText(`This link wants to load the bundle ${link.split("#bundle=")[1]?.slice(0, 12)}… from the gateway ${origin}`)
    .waitFor()
  await page.getByRole("tabpanel").getByText("42").waitFor()
  expect(asked.filter((url) => url.startsWith(origin))).toEqual([])
  // A gateway that does not answer is waited for as long as the user likes.
  await context.route(`${origin}/**`, () => {})
  await page.getByRole("button", { name: "Load it" }).click()
  await page.getByText(/^Loading the bundle/).waitFor()
  await page.getByRole("button", { name: "Cancel" }).click()
  await page.getByText("Cancelled.").waitFor()
  await context.unroute(`${origin}/**`)
  await page.getByRole("button", { name: "Load it" }).click()
  await page.getByRole("button", { name: "Large" }).waitFor()
  await page.getByRole("tabpanel").getByText("3", { exact: true }).waitFor()
  await page.getByRole("treeitem", { name: "sum.nix" }).waitFor()

  // A digest that the gateway has not, and addresses that are none.
  await page.goto(`${site.url}#bundle=${"0".repeat(64)}&at=${encodeURIComponent(origin)}`)
  await page.getByRole("button", { name: "Load it" }).click()
  await page.getByText(/It cannot be opened: the directory 0+ is absent/).waitFor()
  for (const bad of ["#bundle=abc&at=https://example.org", `#bundle=${"0".repeat(64)}&at=http://example.org`]) {
    await page.goto(site.url + bad)
    await page.reload()
    await page.getByText("This link cannot be opened: the address has '#bundle=' without").waitFor()
  }
  expect(second.faults).toEqual([])
  await context.close()
})
