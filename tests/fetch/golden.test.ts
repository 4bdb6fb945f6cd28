// What real Nix 2.34 gave for the same expressions, archives and answers: values, and the texts of errors. Where we differ on purpose,
// ours.ts says what we give and why.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"
import { forgeGroup, type Group, groups } from "./cases.ts"
import { ours } from "./ours.ts"
import { type Golden, lastError, record, recorder, startForgeProxy } from "./record.ts"
import { startServer, type TestServer } from "./server.ts"
import { evaluateInTab } from "./tab.ts"

const golden = (name: string): URL => new URL(`golden/${name}.json`, import.meta.url)
const command = recorder()

describe.each([...groups, forgeGroup].map((group) => [group.name, group] as const))("%s", (name, group) => {
  let server: TestServer
  let home: string

  beforeAll(async () => {
    await initHashes()
    server = await startServer()
    home = fs.mkdtempSync(`${os.tmpdir()}/thunkpad-fetch-`)
    if (command !== null) await writeGolden(command, group, server.base)
  }, 600_000)
  afterAll(async () => {
    await server.close()
    fs.rmSync(home, { recursive: true, force: true })
  })

  const wanted = JSON.parse(fs.readFileSync(golden(name), "utf8")) as Golden[]
  const check = ({ expr, out, error, crash }: Golden, got: { readonly out?: string; readonly error?: string }): void => {
    const shown = JSON.parse(JSON.stringify(got).replaceAll(server.base, "BASE")) as object
    const differs = ours.get(expr)
    if (crash === true) expect(differs).toBeDefined()
    expect(shown).toEqual(differs ?? (out === undefined ? { error } : { out }))
  }

  // The command line has the network as it is: no stand-in of the hosting services.
  if (group !== forgeGroup)
    test.each(wanted.map((g, i) => [g.expr, i, g] as const))("on the command line: %s", async (expr, i, g) => {
      const options = [...(group.options ?? []), ["download-attempts", "1"] as const]
      const flags = options.flatMap(([k, v]) => ["--option", k, v.replaceAll("BASE", server.base)])
      const argv = ["--eval", "--strict", ...flags, "-E", expr.replaceAll("BASE", server.base)]
      // A cache of its own for each: these are what a first fetch gives.
      const ran = await runCommand(instantiate, argv, { cwd: "/pwd", env: { XDG_CACHE_HOME: `${home}/${i}` } })
      check(g, ran.status === 0 ? { out: ran.out.trimEnd() } : { error: lastError(ran.err) })
    })

  test.each(wanted.map((g) => [g.expr, g] as const))("in a tab: %s", async (expr, g) => {
    const { out, error } = await evaluateInTab(expr, {
      base: server.base,
      options: group.options ?? [],
      files: { "/dev/null": "", "/usr/x": "" },
    })
    check(g, out === undefined ? { error: lastError(error ?? "") } : { out })
  })
})

async function writeGolden(command: readonly string[], group: Group, base: string): Promise<void> {
  const proxy = group === forgeGroup ? await startForgeProxy() : null
  try {
    fs.writeFileSync(golden(group.name), `${JSON.stringify(await record(command, group, base, proxy?.env), null, 1)}\n`)
  } finally {
    proxy?.close()
  }
}
