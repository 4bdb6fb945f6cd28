// The constructs of the language in the reference: each example is what our own evaluator says, by closures and by the stepper.
import { beforeAll, describe, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { ConstructExample } from "../../engine/worker/construct/construct.ts"
import { constructs } from "../../engine/worker/construct/constructs.ts"
import { keywords } from "../../engine/worker/language.ts"
import { instantiate, runs } from "../eval/instantiate.ts"

beforeAll(initHashes)

/** What came of an example; of an error the first line, as errors go on with what was seen where. */
function outcome(example: ConstructExample, run: (typeof runs)[number]): Record<string, string> {
  const features = new Set(["nix-command", "flakes", ...(example.features ?? [])])
  const got = instantiate(example.nix, { settings: { features, run }, origin: "string" })
  return "out" in got ? { gives: got.out } : { fails: got.error.split("\n", 1)[0] as string }
}

const wanted = (example: ConstructExample): Record<string, string> =>
  "gives" in example ? { gives: example.gives } : { fails: example.fails }

describe.each(constructs.map((construct) => [construct.name, construct] as const))("%s", (_name, construct) => {
  test("is explained, and says who decides", () => {
    expect(construct.text.length).toBeGreaterThan(150)
    expect(construct.text.split("\n\n", 1)[0]?.length).toBeLessThan(400)
    expect(construct.see).toMatch(/^libexpr\/[\w/.-]+\.(cc|hh|y|l)\b/)
  })
  test("has examples, and they are true", () => {
    expect(construct.examples.length).toBeGreaterThan(1)
    for (const run of runs)
      for (const example of construct.examples)
        expect([run, example.nix, outcome(example, run)]).toEqual([run, example.nix, wanted(example)])
  })
})

test("each is there once, and what a text refers to is there", () => {
  const names = constructs.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  for (const { text } of constructs) for (const [, name] of text.matchAll(/\b(?:see|under) `([^`]+)`/g)) expect(names).toContain(name)
})

test("every keyword leads to one", () => {
  const led = new Set([...constructs.map(({ name }) => name), "then", "else", "in"])
  expect([...keywords].filter((word) => !led.has(word))).toEqual([])
})
