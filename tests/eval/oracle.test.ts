// 1300 expressions with what real Nix makes of them (conformance/README.md, "oracle-2.34"), by closures and by
// the stepper. What differs for a reason is listed; a listed case that comes out right fails the test too.

import { readdirSync, readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { filterAnsi } from "../../engine/eval/print-ansi.ts"
import { evalPrintOptions, printValue } from "../../engine/eval/print-value.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { show } from "../../engine/lang/show.ts"
import { describeShared } from "../shared.ts"
import { evaluate, instantiate, type Outcome, runs } from "./instantiate.ts"
import { bytes, MemoryHost } from "./memory-host.ts"
import { differs, differsInEval } from "./oracle-notyet.ts"

interface Case {
  readonly expr: string
  readonly prefix?: string
  readonly exit: 0 | 1
  readonly out?: string
  readonly error?: string
  readonly nixEval?: string
}

const features = new Set(["nix-command", "flakes", "fetch-tree", "pipe-operators"])

function host(): MemoryHost {
  return new MemoryHost({ "/etc/passwd": "root" }, { HOME: "/fake-home" })
}

/** The messages were stored without colours, without the indentation of their lines and without the last line's end. */
function plain(message: string): string {
  return filterAnsi(message).replace(/\n\s*/g, "\n").trimEnd()
}

function judged(outcome: Outcome): string {
  return "out" in outcome ? outcome.out : `error: ${plain(outcome.error)}`
}

/** `name: expression`, as the lists of differences have it. */
function title(group: string, c: Case): string {
  return `${group}: ${c.expr}`
}

describeShared("real Nix's answers", "conformance/oracle-2.34", (folder) => {
  const groups = readdirSync(folder).filter((file) => file.endsWith(".json"))
  const cases = new Map<string, readonly Case[]>(
    groups.map((file) => [file.replace(".json", ""), JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Case[]]),
  )

  beforeAll(initHashes)

  /** Runs all cases of some groups; `run` tells whether one is right, or null if it is not judged. Returns the titles of those that are not. */
  function wrong(names: Iterable<string>, run: (c: Case) => boolean | null): string[] {
    const out: string[] = []
    for (const group of names) {
      for (const c of cases.get(group) ?? []) {
        if (run(c) === false) out.push(title(group, c))
      }
    }
    return out
  }

  const evaluated = [...cases.keys()].filter((group) => group !== "parse")

  for (const run of runs) {
    const settings: Partial<Settings> = { features, run }

    test(`values and final messages are Nix's (run: ${run})`, () => {
      const found = wrong(evaluated, (c) => {
        const want = c.exit === 0 ? (c.out ?? "") : `error: ${plain(c.error ?? "")}`
        const got = judged(instantiate(c.expr, { settings, host: host() }))
        return got === want
      })
      expect(found.sort()).toEqual([...differs.keys()].sort())
    })

    test(`values are printed as \`nix eval\` prints them (run: ${run})`, () => {
      const found = wrong(evaluated, (c) => {
        if (c.exit !== 0 || c.nixEval === undefined) return null
        const got = judged(
          evaluate(c.expr, { settings, host: host(), origin: "string" }, (ev, v) => ev.run(printValue(ev.rt, v, evalPrintOptions))),
        )
        return got === c.nixEval
      })
      expect(found.sort()).toEqual([...differsInEval.keys()].sort())
    })
  }

  test("trees are Nix's", () => {
    const found = wrong(["parse"], (c) => {
      const text = (c.prefix ?? "") + c.expr
      const got = judged(
        evaluate("null", { settings: { features }, host: host() }, (ev) =>
          show(ev.bind(ev.parse(bytes(text), { kind: "stdin" }, "/base/pwd"), ev.scope)),
        ),
      )
      const want = c.exit === 0 ? (c.out ?? "") : `error: ${plain(c.error ?? "")}`
      return got === want
    })
    expect(found).toEqual([])
  })
})
