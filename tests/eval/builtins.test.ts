// What holds for every builtin: the names are Nix's, each is documented, and each example is true by closures
// and by the stepper.

import { beforeAll, describe, expect, test } from "vitest"
import type { Attrs } from "../../engine/eval/attrs.ts"
import type { Example, PrimOp } from "../../engine/eval/builtin.ts"
import { constants } from "../../engine/eval/builtins/constants.ts"
import { notYet } from "../../engine/eval/builtins/not-yet.ts"
import { primOps } from "../../engine/eval/builtins.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { builtinNames } from "./builtin-names.ts"
import { evaluate, instantiate, runs } from "./instantiate.ts"
import { MemoryHost } from "./memory-host.ts"

const missing: ReadonlySet<PrimOp> = new Set(notYet)

beforeAll(initHashes)

describe("the set of builtins", () => {
  test("has the names of Nix 2.36", () => {
    const names = evaluate("builtins", { settings: { features: new Set(["nix-command", "flakes"]) } }, (_ev, v) =>
      (v as Attrs).sortedNames().join(" "),
    )
    expect(names).toEqual({ out: builtinNames.join(" ") })
  })

  test("declares each name once", () => {
    const names = [...primOps, ...constants].map((b) => b.name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  test("is known under the bare name or with two underscores, never both", () => {
    const wrong = [...primOps, ...constants].filter((b) => {
      const bare = evaluate(b.name, {}, () => "")
      const underscored = evaluate(`__${b.name}`, {}, () => "")
      const absent = "feature" in b && b.feature !== null && b.feature !== "fetch-tree" && b.feature !== "flakes"
      return "error" in bare === (b.global && !absent) || "error" in underscored === (!b.global && !absent)
    })
    expect(wrong.map((b) => b.name)).toEqual([])
  })
})

describe.each(primOps.map((op) => [op.name, op] as const))("builtins.%s", (_name, op) => {
  test("says what it does, who decides, and what to call it with", () => {
    expect(op.doc.length).toBeGreaterThan(20)
    expect(op.see).toMatch(/^[\w/.-]+\.(cc|hh|nix)\b/)
    expect(new Set(op.args.map(([name]) => name)).size).toBe(op.arity)
    expect(op.run !== null || op.step !== null).toBe(true)
  })

  if (missing.has(op)) {
    test("is not there yet, and says so", () => {
      const args = op.args.map(() => "{ }").join(" ")
      const features = new Set(["nix-command", "flakes", ...(op.feature === null ? [] : [op.feature])])
      const got = instantiate(`builtins.${op.name} ${args}`, { settings: { features } })
      expect(got).toEqual({ error: expect.stringContaining("not supported yet") })
    })
  } else {
    test("has examples, and they are true", () => {
      expect(op.examples.length).toBeGreaterThan(0)
      for (const run of runs) for (const example of op.examples) expect([run, outcome(example, run)]).toEqual([run, wanted(example)])
    })
  }
})

/** What an example gives; the host has a file or two for those that read. */
function outcome(example: Example, run: (typeof runs)[number]): Record<string, string> {
  const features = new Set(["nix-command", "flakes", ...(example.features ?? [])])
  const host = new MemoryHost({ "/etc/hostname": "thunkpad\n" }, { HOME: "/home/me" })
  return { [example.nix]: JSON.stringify(instantiate(example.nix, { settings: { features, run }, host, origin: "string" })) }
}

function wanted(example: Example): Record<string, string> {
  return { [example.nix]: JSON.stringify("gives" in example ? { out: example.gives } : { error: example.fails }) }
}
