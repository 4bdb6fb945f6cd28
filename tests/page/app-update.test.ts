// A newer build at the address of the page that is open: it says so, and the new one is there after one click, with all that was written.
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import * as os from "node:os"
import { extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Browser, BrowserContext, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchChromium } from "../setup/browser.ts"
import { appIn, plainEditor } from "./app-page.ts"

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
}
const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-update-`)
let browser: Browser
let server: Server
let url: string

beforeAll(async () => {
  fs.cpSync(fileURLToPath(new URL("../../dist/", import.meta.url)), folder, { recursive: true })
  server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path)
    if (!fs.existsSync(file)) return response.writeHead(404).end()
    return response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }).end(fs.readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = await launchChromium()
})
afterAll(async () => {
  await browser?.close()
  server?.closeAllConnections()
  server?.close()
  fs.rmSync(folder, { recursive: true, force: true })
})

/** What a build of a changed page does: another index.html, and a service worker that names it. */
function publish(title: string): void {
  const html = join(folder, "index.html")
  fs.writeFileSync(html, fs.readFileSync(html, "utf8").replace(/<title>.*<\/title>/, `<title>${title}</title>`))
  const revision = createHash("md5").update(fs.readFileSync(html)).digest("hex")
  const worker = join(folder, "sw.js")
  const before = fs.readFileSync(worker, "utf8")
  const after = before.replace(
    /(revision:"?)[0-9a-f]{32}("?,url:"index\.html")|(url:"index\.html",revision:"?)[0-9a-f]{32}/,
    (_, a, b, c) => (c === undefined ? `${a}${revision}${b}` : `${c}${revision}`),
  )
  expect(after).not.toBe(before)
  fs.writeFileSync(worker, after)
}

async function opened(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.getByLabel("Nix expression").waitFor()
  await page.evaluate("navigator.serviceWorker.ready")
  return page
}

test("a newer build is offered, and is there after a click with every keystroke kept", async () => {
  const context = await browser.newContext()
  await plainEditor(context)
  const page = await opened(context)
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  const app = appIn(context, page)
  const offer = page.getByText("A newer version of this page is ready.")
  publish("The second version")
  // A visit later the old page is still there, from the cache, and the newer one waits.
  await page.reload()
  await offer.waitFor()
  expect(await page.title()).not.toBe("The second version")
  await app.editor.fill('"written before the update"')
  await page.getByRole("button", { name: "Reload" }).click()
  await expect.poll(() => page.title()).toBe("The second version")
  await page.getByLabel("Nix expression").waitFor()
  await expect.poll(() => app.editor.inputValue()).toBe('"written before the update"')
  expect(await offer.count()).toBe(0)

  // Found while the page is open, without a visit in between; and nothing happens until the user says so.
  publish("The third version")
  await page.evaluate("navigator.serviceWorker.getRegistration().then((registration) => registration.update())")
  await offer.waitFor()
  const other = await opened(context)
  await app.editor.fill('"written after it"')
  await page.waitForTimeout(500)
  await expect.poll(() => page.title()).toBe("The second version")
  await page.getByRole("button", { name: "Reload" }).click()
  await expect.poll(() => page.title()).toBe("The third version")
  await expect.poll(() => app.editor.inputValue()).toBe('"written after it"')
  // The other tab is told that what it is of has been replaced, and goes on until it is told to.
  const replaced = other.locator(".notice").filter({ hasText: "Another tab has started a newer version of this page." })
  await expect.poll(() => other.title()).toBe("The second version")
  await replaced.getByRole("button", { name: "Reload" }).click()
  await expect.poll(() => other.title()).toBe("The third version")
  expect(app.faults).toEqual([])
  await context.close()
})
