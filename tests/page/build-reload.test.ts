// The page is loaded anew at random moments of a build of twelve derivations: the build goes on, nothing is built twice, the output is the
// same, all logs are whole. `npm run faults -- reload`
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { momentsOf, randomNumbers, say } from "../faults/count.ts"
import { journalFaults, readJournal } from "../faults/journal.ts"
import { RunningBuilders } from "../faults/running-builders.ts"
import { gatewayNotice, startAppGateway } from "../setup/app-gateway.mjs"
import { type AppPage, openApp } from "./app-page.ts"
import { builtSite } from "./built-site.ts"

const moments = momentsOf(2)
const perBuild = 2
/** Milliseconds that a build takes, about. */
const usual = 5000

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-reload-`))
let gateway: ReturnType<typeof startAppGateway> | null = null
const site = builtSite([gatewayNotice(async () => (await gateway?.ready) ?? { problem: "it was not started yet" })])
beforeAll(async () => {
  await initHashes()
  gateway = startAppGateway({ origins: [new URL(site.url).origin], store: folder, port: 0, flags: ["--jobs", "2"] })
})
afterAll(() => {
  gateway?.stop()
  spawnSync("chmod", ["-R", "u+w", folder])
  fs.rmSync(folder, { recursive: true, force: true })
})

const ours = `reload-${process.pid}`
/** Each reads the first line of the one before, all together are read by the last. There is nothing but a shell: it counts to wait. */
const programOf = (mark: string): string => `let
  wait = "i=0; while [ $i -lt 40000 ]; do i=$((i+1)); done";
  sh = name: attrs: script: derivation ({ inherit name; system = "x86_64-linux"; builder = "/bin/sh";
    args = [ "-ec" ": ${ours}-${mark}; echo \${name}.1; \${wait}; echo \${name}.2; \${wait}; \${script}; echo \${name}.3" ]; } // attrs);
  node = n: sh "node-\${toString n}" { below = if n < 3 then "/etc/hosts" else node (n - 3); } "read line < $below; echo \${toString n} from $line > $out";
in {
  all-${mark} = sh "all-${mark}" { a = node 8; b = node 9; c = node 10; } "read a < $a; read b < $b; read c < $c; echo $a, $b, $c > $out";
}`
const lineOf = (n: number): string => `${n} from ${n < 3 ? "127.0.0.1 localhost" : lineOf(n - 3)}`
const names = (mark: string): string[] => [...Array.from({ length: 11 }, (_, n) => `node-${n}`), `all-${mark}`]
const logOf = (name: string): string => [1, 2, 3].map((i) => `${name}.${i}\n`).join("")

/** From the program to the button; the first time it is asked what may be sent. */
async function begin(app: AppPage, mark: string, isFirst: boolean): Promise<void> {
  const { page } = app
  await app.evaluate(programOf(mark))
  await app.press(`all-${mark}`)
  await page
    .getByRole("button", { name: `derivation all-${mark}` })
    .first()
    .click()
  await page.getByRole("heading", { name: `all-${mark}` }).waitFor()
  await page.getByRole("button", { name: "Build", exact: true }).click()
  if (isFirst) await page.getByRole("button", { name: "Send and build", exact: true }).click()
}

test.skipIf(spawnSync("bwrap", ["--version"]).status !== 0)(
  "a page that is loaded anew at any moment of a build goes on with it",
  async () => {
    const random = randomNumbers()
    const builders = new RunningBuilders(new RegExp(`: ${ours}-(\\w+; echo [-\\w]+)\\.1`))
    const marks: string[] = []
    try {
      for (let moment = 0; moment < moments; ) {
        const app = await openApp(site.browser, site.url)
        const { page } = app
        const mark = `r${marks.length}`
        marks.push(mark)
        await begin(app, mark, true)
        const begun = performance.now()
        const reloads: number[] = []
        while (reloads.length < perBuild && moment < moments) {
          await page.waitForTimeout(random() * (usual / perBuild))
          reloads.push(Math.round(performance.now() - begun))
          moment++
          await page.reload()
          await begin(app, mark, false)
        }
        await page
          .getByRole("button", { name: `Open out of all-${mark}`, exact: true })
          .first()
          .click({ timeout: 60_000 })
        const text = [8, 9, 10].map(lineOf).join(", ")
        await page
          .getByRole("article", { name: new RegExp(`-all-${mark}$`) })
          .getByText(text)
          .waitFor()
        expect(app.faults).toEqual([])
        await app.context.close()
        say(`loaded anew after ${reloads.join(" and ")} ms: ${Math.round(performance.now() - begun)} ms`)
      }
      expect([...builders.overlaps]).toEqual([])
    } finally {
      builders.stop()
    }
    gateway?.stop()
    await expect.poll(() => fs.existsSync(`${folder}/build/journal/lock`)).toBe(false)
    const journal = readJournal(`${folder}/build/journal`)
    const faults: string[] = []
    // The nodes of each round have the same names: their builds are told apart by the mark in their logs' derivations.
    for (const mark of marks) {
      const own = journal.filter(({ script }) => script.includes(`: ${ours}-${mark};`))
      faults.push(...journalFaults(own, names(mark), logOf).map((fault) => `${mark}: ${fault}`))
      if (own.some(({ attempts }) => attempts.length !== 1)) faults.push(`${mark}: more than one attempt`)
    }
    say(`page loaded anew at ${moments} moments of ${marks.length} builds: ${faults.length === 0 ? "all well" : faults.join("; ")}`)
    expect(faults).toEqual([])
  },
  3_600_000,
)
