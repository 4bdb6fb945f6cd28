// What the README shows of the command line: an example with its answer in a comment gives that answer.

import { readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { instantiate } from "../../engine/cli/instantiate.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { runCommand } from "../setup/command.ts"

const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8")
const examples = [...readme.matchAll(/^thunkpad instantiate (.*) -E '(.*)' +# (.*)$/gm)]

beforeAll(initHashes)

test("the README has examples with answers", () => {
  expect(examples.length).toBeGreaterThanOrEqual(3)
})

for (const [, flags, expr, answer] of examples) {
  test(`README: ${expr} gives ${answer}`, async () => {
    const { status, out } = await runCommand(instantiate, [...flags!.split(" "), "-E", expr!])
    expect([status, out.trimEnd()]).toEqual([0, answer])
  })
}
