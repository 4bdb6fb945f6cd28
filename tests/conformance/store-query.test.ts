// What a store says of six derivations, in Nix's own shapes; and derivations as JSON, out and in again.

import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import { derivation } from "../../engine/cli/derivation.ts"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { store } from "../../engine/cli/store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytes } from "../eval/memory-host.ts"
import { runCommand } from "../setup/command.ts"
import { describeShared } from "../shared.ts"

interface Answers {
  readonly drvPath: string
  readonly tree: string
  readonly graph: string
  readonly graphml: string
  readonly requisites: string
  readonly references: string
  readonly "derivation-show-r": string
}

describeShared("queries of a store", "conformance/oracle-2.34", (data) => {
  const queries = JSON.parse(fs.readFileSync(`${data}/store-query/queries.json`, "utf8")) as Record<string, Answers>
  const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-query-`))
  const flag = ["--store", folder]

  beforeAll(async () => {
    await initHashes()
    for (const [name, { drvPath }] of Object.entries(queries)) {
      const { out, err } = await runCommand(instantiate, [...flag, `${data}/derivations/cases/${name}.nix`])
      expect(out, err).toBe(`${drvPath}\n`)
    }
  })
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  test("a derivation shown as JSON is added under its own path", async () => {
    for (const { drvPath } of Object.values(queries)) {
      const shown = JSON.parse((await runCommand(derivation, ["show", ...flag, drvPath])).out) as { derivations: Record<string, unknown> }
      const stdin = bytes(JSON.stringify(Object.values(shown.derivations)[0]))
      expect(await runCommand(derivation, ["add", ...flag], { stdin })).toEqual({ status: 0, out: `${drvPath}\n`, err: "" })
    }
  })

  for (const [name, answers] of Object.entries(queries)) {
    test(name, async () => {
      const { drvPath } = answers
      const ask = async (...argv: string[]): Promise<string> => (await runCommand(store, [...argv, ...flag, drvPath])).out
      expect(await ask("tree")).toBe(bytes(answers.tree))
      expect(await ask("graph")).toBe(bytes(answers.graph))
      expect(await ask("graph", "--graphml")).toBe(bytes(answers.graphml))
      expect(await ask("requisites")).toBe(bytes(answers.requisites))
      expect(await ask("references")).toBe(bytes(answers.references))
      expect(await ask("verify")).toBe("")
      const shown = await runCommand(derivation, ["show", "-r", ...flag, drvPath])
      expect(shown.out).toBe(bytes(answers["derivation-show-r"]))
    })
  }
})
