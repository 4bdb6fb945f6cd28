// Builds from the built app, at the gateway that runs beside it as `npm start` runs it: a process of its own, found by the page itself.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { gatewayNotice, startAppGateway } from "../setup/app-gateway.mjs"
import { launchChromium, serveDist } from "../setup/browser.ts"
import { openApp } from "./app-page.ts"

let browser: Browser
let server: { url: string; close(): Promise<void> }
let gateway: ReturnType<typeof startAppGateway> | null = null
const folder = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-app-gateway-`)

beforeAll(async () => {
  server = await serveDist([gatewayNotice(async () => (await gateway?.ready) ?? { problem: "it was not started yet" })])
  gateway = startAppGateway({ origins: [new URL(server.url).origin], store: folder, port: 0, flags: [] })
  browser = await launchChromium()
})
afterAll(async () => {
  gateway?.stop()
  await browser?.close()
  await server?.close()
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

const PROGRAM = `let
  sh = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-ec" script ]; };
  low = sh "low" "echo low begun; echo low > $out";
in {
  top = sh "top" "echo top begun; read line < \${low}; echo $line top > $out";
  bad = sh "bad" "echo 'error: nothing to be done' >&2; exit 3";
}`

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)(
  "a derivation is built from its card, and its output opens in the store",
  async () => {
    const app = await openApp(browser, server.url)
    const { page } = app
    const button = (name: string) => page.getByRole("button", { name, exact: true })
    const build = async (name: string): Promise<void> => {
      await app.evaluate(PROGRAM)
      await app.press(name)
      await page
        .getByRole("button", { name: `derivation ${name}` })
        .first()
        .click()
      await page.getByRole("heading", { name }).waitFor()
      await button("Build").click()
    }
    await build("top")
    const question = page.getByRole("region", { name: "Before it is sent" })
    await question.getByText(/-low\.drv$/).waitFor()
    await button("Send and build").click()
    await button("top").click()
    await page.getByRole("region", { name: "Log of top" }).getByText("top begun").waitFor()
    await button("Open out of top").click()
    await page.getByRole("article", { name: /-top$/ }).getByText("low top").waitFor()
    // Asked once for each endpoint, and a new visit remembers.
    await page.reload()
    await build("bad")
    await page.getByRole("alert").getByText("error: nothing to be done").waitFor()
    await button("Retry bad").waitFor()
    expect(app.faults).toEqual([])
    await app.context.close()
  },
)

const SLOW = `derivation {
  name = "slow"; system = "x86_64-linux"; builder = "/bin/sh";
  args = [ "-ec" "for n in 1 2 3 4 5 6 7 8; do echo line $n; sleep 1; done; echo end > $out" ];
}`

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)(
  "a page that is reloaded goes on with its builds, with the whole log; another page finds them at the gateway",
  async () => {
    const app = await openApp(browser, server.url)
    const { page } = app
    await app.evaluate(SLOW)
    await page.getByRole("button", { name: "derivation slow" }).first().click()
    await page.getByRole("button", { name: "Build", exact: true }).click()
    await page.getByRole("button", { name: "Send and build" }).click()
    await page.getByRole("button", { name: "slow", exact: true }).click()
    const log = page.getByRole("region", { name: "Log of slow" })
    await log.getByText("line 2", { exact: true }).waitFor()
    await page.reload()
    await page.getByRole("button", { name: "Builds", exact: true }).click()
    await page.getByRole("button", { name: "slow", exact: true }).click()
    await log.getByText("line 1", { exact: true }).waitFor()
    await page.getByRole("button", { name: "Open out of slow" }).waitFor()
    for (let n = 1; n <= 8; n++) await expect.poll(() => log.getByText(`line ${n}`, { exact: true }).count()).toBe(1)
    // Once it is over, too.
    await page.reload()
    await page.getByRole("button", { name: "Builds", exact: true }).click()
    await page.getByRole("button", { name: "slow", exact: true }).click()
    await log.getByText("line 8", { exact: true }).waitFor()
    await expect.poll(() => log.getByText("line 1", { exact: true }).count()).toBe(1)
    await page.getByRole("button", { name: "Open out of slow" }).click()
    await page
      .getByRole("article", { name: /-slow$/ })
      .getByText("end")
      .waitFor()

    const other = await openApp(browser, server.url)
    await other.page.getByRole("button", { name: "Builds", exact: true }).click()
    await other.page.getByText("Other builds that the endpoint knows of").click()
    await other.page.getByRole("button", { name: "Watch slow" }).click()
    await other.page.getByRole("region", { name: "Log of slow" }).getByText("line 8", { exact: true }).waitFor()
    expect([...app.faults, ...other.faults]).toEqual([])
    await app.context.close()
    await other.context.close()
  },
)

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)("the repl builds what :b names, after one question", async () => {
  const app = await openApp(browser, server.url)
  const { page } = app
  await page.getByRole("button", { name: "REPL", exact: true }).click()
  const line = page.getByLabel("nix-repl>")
  const say = async (text: string): Promise<void> => {
    await line.fill(text)
    await line.press("Enter")
  }
  await say(`d = derivation { name = "named"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo told; echo 7 > $out" ]; }`)
  // Typed ahead: the first may still be under way.
  await say(":b d")
  await page.getByRole("button", { name: "Allow builds for this evaluation…" }).click()
  await page.getByRole("button", { name: "Send, build and evaluate" }).click()
  const entries = page.getByRole("log", { name: "Inputs and answers" })
  await entries.getByText("This derivation produced the following outputs:").waitFor()
  await say(":log d")
  await entries.getByText("told", { exact: true }).waitFor()
  await say("import d")
  await entries.getByText("7", { exact: true }).waitFor()
  expect(app.faults).toEqual([])
  await app.context.close()
})
