// Import from derivation in the built app: refused until the user allows it, having been told what is built and sent where; with a gateway
// of its own that really builds.
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { gatewayNotice, startAppGateway } from "../setup/app-gateway.mjs"
import { launchChromium, serveDist } from "../setup/browser.ts"
import { seriousFindings } from "./access.ts"
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

/** Three builds, each known only when the one before it was read; the second one counts so far before it ends. */
const chain = (word: string, pause = 0): string => `let
  sh = name: script: derivation { inherit name; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-ec" script ]; };
  pause = "i=0; while [ $i -lt ${pause} ]; do i=$((i+1)); done; ";
  first = import (sh "first" "echo '{ word = \\"${word}\\"; }' > $out");
  second = import (sh "second" "\${pause}echo '{ words = [ \\"\${first.word}\\" \\"two\\" ]; }' > $out");
  third = import (sh "third" "echo '\\"\${toString second.words} three\\"' > $out");
in { plain = 1 + 1; chained = third; card = sh "made-of-\${first.word}" "echo > $out"; }`

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)(
  "a chain of three imports is built after one click that says what is sent where",
  async () => {
    const app = await openApp(browser, server.url)
    const { page } = app
    const sent: string[] = []
    const { url } = (await gateway!.ready) as { url: string }
    page.context().on("request", (request) => (request.url().startsWith(url) && request.method() === "POST" ? sent.push(request.url()) : 0))
    await app.evaluate(chain("one"))
    // What needs no build is there, and nothing is said of builds before something needs one.
    expect(await page.getByText("needs 'first' to be built").count()).toBe(0)
    await app.press("chained")
    await app.press("chained")
    await page.getByText(/The evaluation needs 'first' to be built, which http:.* can do\./).waitFor()
    expect(sent).toEqual([])
    await page.getByRole("button", { name: "Allow builds for this evaluation…" }).click()
    const question = page.getByRole("region", { name: "Before it is sent" })
    await question.getByRole("heading", { name: `Build first at ${url}?` }).waitFor()
    await question.getByText(/-first\.drv$/).waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await question.getByRole("button", { name: "Send, build and evaluate" }).click()
    await app.row("chained").getByRole("button", { name: "Evaluate chained" }).click()
    await app.row("chained").getByText('"one two three"').waitFor()

    // It may, until that is taken back.
    await page.getByRole("button", { name: `may build at ${url}` }).click()
    // Long enough to be seen waiting, by a page that has little of the machine.
    await app.evaluate(chain("eins", 2_000_000))
    await app.press("chained")
    await app.press("chained")
    await page.getByRole("button", { name: "Allow builds for this evaluation", exact: true }).click()
    await app.row("chained").getByRole("button", { name: "Evaluate chained" }).click()
    await page.getByText("It waits for what is being built: second.").waitFor()
    await app.row("chained").getByText('"eins two three"').waitFor()

    // The card of a derivation whose name is known only after a build; then the text changes under it.
    await app.press("card")
    await app
      .row("card")
      .getByRole("button", { name: /^derivation/ })
      .click()
    await page.getByRole("heading", { name: "made-of-eins" }).waitFor()
    await app.evaluate(chain("uno"))
    await page.getByRole("heading", { name: "made-of-uno" }).waitFor()
    // The node is gone: that is said, and is no fault of the engine's.
    await app.evaluate("{ other = 1; }")
    await page.getByText("this value has nothing at the place that is asked for").first().waitFor()

    // Another visit asks again, in one click: the endpoint is known.
    await page.reload()
    await app.evaluate(
      `import (derivation { name = "late"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo 40 + 2 > $out" ]; })`,
    )
    await page.getByRole("button", { name: "Allow builds for this evaluation", exact: true }).click()
    await page.getByRole("tabpanel").getByText("42").waitFor()
    expect(app.faults).toEqual([])
    await app.context.close()
  },
)

test("where there is no endpoint the user is led to choosing one", async () => {
  const alone = await serveDist()
  const app = await openApp(browser, alone.url)
  await app.evaluate(`import (derivation { name = "late"; system = "x86_64-linux"; builder = "/bin/sh"; })`)
  await app.page.getByText("and there is no endpoint for builds").waitFor()
  await app.page.getByRole("button", { name: "Choose an endpoint" }).click()
  await app.page.getByLabel("Address").waitFor()
  await app.context.close()
  await alone.close()
})
