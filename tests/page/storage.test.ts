// Storage in a real page: workers killed in the middle of imports, no room left, no storage in a frame of another site.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Browser, type BrowserContext, chromium, type Frame, type Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { launchChromium, patient } from "../setup/browser.ts"
import { launchOptions } from "../setup/chromium.mjs"
import type { StoragePage } from "./storage-page.ts"
import { serveSite } from "./storage-site.mjs"

let browser: Browser
let site: Awaited<ReturnType<typeof serveSite>>

beforeAll(async () => {
  site = await serveSite({
    page: fileURLToPath(new URL("storage-page.ts", import.meta.url)),
    worker: fileURLToPath(new URL("storage-worker.ts", import.meta.url)),
  })
  browser = await launchChromium()
})

afterAll(async () => {
  await browser?.close()
  await site?.close()
})

interface Window {
  readonly storagePage: StoragePage
}

/** A page with the storage, in a profile of its own. */
async function freshPage(): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(site.url)
  await page.waitForFunction(() => "storagePage" in globalThis)
  return page
}

test("a worker that is killed in an import a hundred times leaves nothing wrong, and the next import succeeds", {
  timeout: 900_000,
}, async () => {
  const seed = 20_261_121
  let state = seed
  const random = Array.from({ length: 200 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return state / 0x80000000
  })
  const page = await freshPage()
  const report = await page.evaluate((random) => (globalThis as unknown as Window).storagePage.kills(100, random), random)
  console.info(`seed ${seed}: ${report.killed} imports killed, ${report.partly} of them left something`)
  expect(report.faults).toEqual([])
  expect(report.killed).toBe(100)
  expect(report.partly).toBeGreaterThan(5)
  await page.context().close()
})

test("two tabs that import at once and tidy between do not disturb each other", async () => {
  const one = await freshPage()
  const two = await one.context().newPage()
  await two.goto(site.url)
  await two.waitForFunction(() => "storagePage" in globalThis)
  const importAll = (page: Page, seeds: readonly number[]) =>
    page.evaluate(async (seeds) => {
      const { storagePage } = globalThis as unknown as Window
      const outcomes: string[] = []
      for (const seed of seeds) {
        outcomes.push(await storagePage.importTree(seed, 4_500_000))
        await storagePage.tidy()
      }
      return outcomes
    }, seeds)
  // Some of the trees are the same.
  expect(await Promise.all([importAll(one, [1, 2, 3]), importAll(two, [3, 2, 4])])).toEqual(Array(2).fill(Array(3).fill("done")))
  for (const page of [one, two]) {
    for (const seed of [1, 2, 3, 4]) {
      const found = await page.evaluate((seed) => (globalThis as unknown as Window).storagePage.verify(seed, 4_500_000), seed)
      expect(found).toEqual({ committed: true, right: 43, wrong: 0, damaged: 0, absent: 0 })
    }
  }
  await one.context().close()
})

test("where there is no room, an import says so, what was there stays, and with room the same import succeeds", async () => {
  // In a window that keeps nothing on the disk Chromium counts no room for databases.
  const { context, remove } = await profileOnDisk()
  const page = await openedIn(context)
  const importTree = (seed: number, largest: number) =>
    page.evaluate(([seed, largest]) => (globalThis as unknown as Window).storagePage.importTree(seed, largest), [seed, largest] as const)
  const verify = (seed: number, largest: number) =>
    page.evaluate(([seed, largest]) => (globalThis as unknown as Window).storagePage.verify(seed, largest), [seed, largest] as const)
  const session = await page.context().newCDPSession(page)
  const origin = new URL(site.url).origin
  // Before the first import: Chromium remembers for half a minute how much room there was.
  await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 8_000_000 })
  expect(await importTree(1, 1000)).toBe("done")
  // Too much for the private file system.
  expect(await importTree(2, 30_000_000)).toMatch(/^quota: there is no room left in the browser's private file system/)
  // Small enough for the database, until there are too many of them.
  let last = 3
  let outcome = await importTree(last, 3_900_000)
  while (outcome === "done" && last < 10) outcome = await importTree(++last, 3_900_000)
  expect(outcome).toMatch(/^quota: there is no room left in the browser's database/)
  expect(last).toBeGreaterThan(3)
  expect(await verify(1, 1000)).toMatchObject({ committed: true, right: 43 })
  expect(await verify(2, 30_000_000)).toMatchObject({ committed: false, wrong: 0 })
  expect(await verify(3, 3_900_000)).toMatchObject({ committed: true, right: 43 })
  expect(await verify(last, 3_900_000)).toMatchObject({ committed: false, wrong: 0 })
  await session.send("Storage.overrideQuotaForOrigin", { origin })
  expect(await importTree(2, 30_000_000)).toBe("done")
  expect(await importTree(last, 3_900_000)).toBe("done")
  expect(await verify(2, 30_000_000)).toEqual({ committed: true, right: 43, wrong: 0, damaged: 0, absent: 0 })
  expect(await verify(last, 3_900_000)).toEqual({ committed: true, right: 43, wrong: 0, damaged: 0, absent: 0 })
  await remove()
})

test("files of the browser that are lost or damaged on the disk are never read, and importing again repairs it", async () => {
  const { context, profile, remove } = await profileOnDisk()
  let page = await openedIn(context)
  for (const seed of [1, 2, 3]) {
    const outcome = await page.evaluate((seed) => (globalThis as unknown as Window).storagePage.importTree(seed, 4_500_000), seed)
    expect(outcome).toBe("done")
  }
  await context.close()
  // Large values of the database and private files, as this browser names them.
  const files = readdirSync(profile, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /indexeddb\.blob|File System/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size > 60_000)
  expect(files.length).toBeGreaterThan(5)
  for (const [i, path] of files.entries()) {
    if (i % 3 === 0) rmSync(path)
    else if (i % 3 === 1) truncateSync(path, 1000)
    else {
      const bytes = readFileSync(path)
      bytes[bytes.length >> 1]! ^= 1
      writeFileSync(path, bytes)
    }
  }
  const again = patient(await chromium.launchPersistentContext(profile, { ...launchOptions(), headless: true }))
  page = await openedIn(again)
  const verify = (seed: number) => page.evaluate((seed) => (globalThis as unknown as Window).storagePage.verify(seed, 4_500_000), seed)
  const tidy = () => page.evaluate(() => (globalThis as unknown as Window).storagePage.tidy())
  let harmed = 0
  await tidy()
  for (const seed of [1, 2, 3]) {
    const { wrong, damaged, absent } = await verify(seed)
    expect(wrong).toBe(0)
    harmed += damaged + absent
    await page.evaluate((seed) => (globalThis as unknown as Window).storagePage.importTree(seed, 4_500_000), seed)
    expect(await verify(seed)).toEqual({ committed: true, right: 43, wrong: 0, damaged: 0, absent: 0 })
  }
  expect(harmed).toBeGreaterThan(5)
  await tidy()
  for (const seed of [1, 2, 3]) expect(await verify(seed)).toMatchObject({ committed: true, right: 43 })
  await again.close()
  await remove()
})

test("in a frame of another site there is no storage: memory serves, and says why", async () => {
  const page = await browser.newPage()
  await page.goto(site.embedding)
  const frame = await frameOf(page)
  const description = await frame.evaluate(() => (globalThis as unknown as Window).storagePage.describe())
  expect(description).toMatchObject({ isDurable: false, notice: expect.stringContaining("the browser does not let this page use") })
  expect(description.notice).toContain("Nothing is kept when this tab is closed")
  expect(await frame.evaluate(() => (globalThis as unknown as Window).storagePage.importTree(1, 4_500_000))).toBe("done")
  expect(await frame.evaluate(() => (globalThis as unknown as Window).storagePage.verify(1, 4_500_000))).toMatchObject({
    right: 42,
    wrong: 0,
  })
  await page.close()
})

test("in a frame of another site whose cookies the user allows, storage lasts", async () => {
  const { context, remove } = await profileOnDisk()
  try {
    const page = await context.newPage()
    await page.goto(site.embedding)
    const first = await frameOf(page)
    expect(await first.evaluate(() => (globalThis as unknown as Window).storagePage.describe())).toEqual({ isDurable: true, notice: null })
    expect(await first.evaluate(() => (globalThis as unknown as Window).storagePage.importTree(1, 4_500_000))).toBe("done")
    await page.reload()
    const again = await frameOf(page)
    expect(await again.evaluate(() => (globalThis as unknown as Window).storagePage.verify(1, 4_500_000))).toMatchObject({ right: 43 })
  } finally {
    await remove()
  }
})

async function frameOf(page: Page): Promise<Frame> {
  const frame = await (await page.waitForSelector("iframe")).contentFrame()
  if (frame === null) throw new Error("the frame has no page")
  await frame.waitForFunction(() => "storagePage" in globalThis)
  return frame
}

/** A browser with a profile on the disk, in which other sites' frames may keep things. */
async function profileOnDisk(): Promise<{ context: BrowserContext; profile: string; remove(): Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), "profile-"))
  mkdirSync(join(profile, "Default"))
  const preferences = { profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }
  writeFileSync(join(profile, "Default/Preferences"), JSON.stringify(preferences))
  const context = patient(await chromium.launchPersistentContext(profile, { ...launchOptions(), headless: true }))
  return {
    context,
    profile,
    remove: async () => {
      await context.close()
      rmSync(profile, { recursive: true, force: true })
    },
  }
}

async function openedIn(context: BrowserContext): Promise<Page> {
  const page = await context.newPage()
  await page.goto(site.url)
  await page.waitForFunction(() => "storagePage" in globalThis)
  return page
}
