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
