// Where the store of the built app gets what it has not, as the user sets it: binary caches, and a composition with a gateway.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import type { BrowserContext } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { gatewayNotice, startAppGateway } from "../setup/app-gateway.mjs"
import { mapSink } from "../store/cache-server.ts"
import { addOutput, memoryStore } from "../store/memory-store.ts"
import { seriousFindings } from "./access.ts"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

let gateway: ReturnType<typeof startAppGateway> | null = null
const site = builtSite([gatewayNotice(async () => (await gateway?.ready) ?? { problem: "it was not started yet" })])
const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-app-gateway-`)
const secret = secretKeyFromSeed("page-1", new Uint8Array(32).fill(8))
const publicKey = printKey(publicKeyOf(secret))
const files = new Map<string, Uint8Array>()
let cached = ""

beforeAll(async () => {
  gateway = startAppGateway({ origins: [new URL(site.url).origin], store: folder, port: 0, flags: [] })
  await initHashes()
  const store = memoryStore()
  const path = await addOutput(store, "cached", { text: "out of a cache" })
  cached = `/nix/store/${path}`
  await exportClosure(store, [path], mapSink(files), { compression: "none", secretKeys: [secret] })
})
afterAll(() => {
  gateway?.stop()
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

/** A binary cache at two addresses; what it was asked for. */
async function cacheIn(context: BrowserContext): Promise<readonly string[]> {
  const asked: string[] = []
  await context.route("https://*.example/**", async (route) => {
    const url = new URL(route.request().url())
    asked.push(url.href)
    const body = files.get(url.pathname.slice(1))
    const headers = { "access-control-allow-origin": "*" }
    await route.fulfill(body === undefined ? { status: 404, headers } : { status: 200, headers, body: Buffer.from(body) })
  })
  return asked
}

async function settings({ page }: AppPage) {
  await page.keyboard.press("Control+,")
  const dialog = page.getByRole("dialog", { name: "Settings" })
  await dialog.waitFor()
  const button = (name: string) => dialog.getByRole("button", { name, exact: true })
  const add = async (url: string, keys: string) => {
    await dialog.getByLabel("Address of a binary cache").fill(url)
    await dialog.getByLabel("Public keys that are trusted").fill(keys)
    await button("Add the cache").click()
  }
  return { dialog, button, add }
}

test("binary caches are added, tested, put in order, kept, asked after a click only, and removed", async () => {
  const app = await openApp(site.browser, site.url)
  const { page } = app
  const asked = await cacheIn(app.context)
  const { dialog, button, add } = await settings(app)
  await add("cache.example", "")
  await dialog.getByRole("alert").getByText("The address has to begin with https://").waitFor()
  await add("https://one.example/", "one-1:short")
  await dialog.getByRole("alert").getByText("'one-1:short' is no public key").waitFor()
  await add("https://one.example/", publicKey)
  await add("https://two.example", "")
  await button("Test https://one.example").click()
  await dialog.getByText(/It answers, within \d+ ms/).waitFor()
  expect(asked).toEqual(["https://one.example/nix-cache-info"])
  expect(await seriousFindings(page)).toEqual([])
  await button("Ask https://two.example earlier").click()
  await expect.poll(() => dialog.locator(".caches code").allInnerTexts()).toEqual(["https://two.example", "https://one.example"])

  await page.reload()
  await app.evaluate(`builtins.readFile ${cached}/text`)
  await page.getByText("Your binary caches may have it.").waitFor()
  expect(asked.length).toBe(1)
  await page.getByRole("button", { name: "Allow and run again" }).click()
  await page.getByRole("tabpanel").getByText("out of a cache").waitFor()
  // The one that is asked first signs with a key that nobody trusts there.
  expect(asked[1]).toBe("https://two.example/nix-cache-info")

  const again = await settings(app)
  await again.button("Remove https://two.example").click()
  await expect.poll(() => again.dialog.locator(".caches code").allInnerTexts()).toEqual(["https://one.example"])
  expect(app.faults).toEqual([])
  await app.context.close()
})

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)(
  "a store composed with a gateway reads from there; what is wrong with a composition is said in its place",
  async () => {
    const drv = `derivation { name = "far"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo far away > $out" ]; }`
    const first = await openApp(site.browser, site.url)
    await first.evaluate(`let drv = ${drv}; in builtins.readFile drv + builtins.unsafeDiscardStringContext drv.outPath`)
    await first.page.getByRole("button", { name: "Allow builds for this evaluation…" }).click()
    await first.page.getByRole("button", { name: "Send, build and evaluate" }).click()
    await first.page.getByRole("tabpanel").getByText("far away").waitFor()
    const path = /\/nix\/store\/[0-9a-z]{32}-far/.exec((await first.top.textContent()) ?? "")?.[0] ?? ""
    await first.context.close()

    // Another browser, which has built nothing.
    const app = await openApp(site.browser, site.url)
    const { page } = app
    const read = `builtins.readFile ${path}`
    await app.evaluate(read)
    await page.getByRole("alert").first().waitFor()
    const { dialog, button } = await settings(app)
    await dialog.getByText("Of what the store is made").click()
    const text = dialog.getByLabel("Configuration of the store")
    await text.fill("{ no json")
    await button("Check and use it").click()
    await dialog.getByRole("alert").getByText("This is no JSON").waitFor()
    await text.fill('{ "blobs": { "root": { "type": "cache", "near": "here" }, "here": { "type": "storage" } } }')
    await button("Check and use it").click()
    await dialog.getByRole("alert").getByText("the store 'root' of blobs is wrong: 'far' is missing").waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await button("Fill in the gateway").click()
    await button("Check and use it").click()
    await dialog.getByText("The store was opened anew, as this says.").waitFor()
    await page.keyboard.press("Escape")
    await app.evaluate(read)
    await page.getByRole("tabpanel").getByText("far away").waitFor()
    // Kept for the next visit.
    await page.reload()
    await app.evaluate(`${read} + "!"`)
    await page.getByRole("tabpanel").getByText("far away").waitFor()
    // As usual again: the tree that was read is near, what is known of its path is not.
    const last = await settings(app)
    await last.button("As usual").click()
    await page.keyboard.press("Escape")
    await app.evaluate(`${read} + "?"`)
    await page.getByRole("alert").first().waitFor()
    expect(app.faults).toEqual([])
    await app.context.close()
  },
)
