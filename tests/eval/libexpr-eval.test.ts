// The expressions of libexpr's own C++ unit tests (conformance/README.md, "unit-vectors"), by closures and by the stepper.

import { readFileSync } from "node:fs"
import { beforeAll, expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { type ErrorKind, NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { isList, NixFloat, textOf, type Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { describeShared } from "../shared.ts"
import { deep, runs, text } from "./instantiate.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

interface Vector {
  readonly suite: string
  readonly name: string
  readonly expr: string
  readonly expect?: Expected
  readonly throws?: keyof typeof kinds
  /** What Nix 2.8 prints. */
  readonly printed28?: string
}

interface Expected {
  readonly bool?: boolean
  /** Digits, since it may be beyond what a JavaScript number holds. */
  readonly int?: string
  readonly float?: number
  readonly string?: string
  readonly null?: true
  readonly listSize?: number
  readonly attrsSize?: number
  readonly json?: unknown
  readonly see?: "printed28"
}

/** The kinds of error that a C++ class stands for, its subclasses included. */
const kinds = {
  Error: null,
  EvalError: ["eval", "type", "undefined-variable", "missing-argument", "assertion", "throw", "abort", "infinite-recursion"],
  TypeError: ["type"],
  ThrownError: ["throw"],
  Abort: ["abort"],
  ParseError: ["parse"],
} as const satisfies Record<string, readonly ErrorKind[] | null>

/** Vectors that say no more than that they evaluate: what they give is the machine's. */
const unstated = new Set(["storeDir", "nixVersion", "currentSystem", "currentTime", "nixPath"])

function check(v: Vector, run: (typeof runs)[number]): void {
  const features = new Set(["nix-command", "flakes", "pipe-operators"])
  const ev = new Evaluator(new MemoryHost({}, { _NIX_UNIT_TEST_ENV_VALUE: "test value" }), { run, features })
  let value: Value
  try {
    value = deep(ev, ev.evaluate(bytes(v.expr), { kind: "string" }, "/"))
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    expect(v.throws, `fails: ${text(e.message)}`).toBeDefined()
    const wanted: readonly ErrorKind[] | null = kinds[v.throws as keyof typeof kinds]
    if (wanted !== null) expect(wanted).toContain(e.kind)
    return
  }
  expect(v.throws).toBeUndefined()
  if (unstated.has(v.name)) return
  expect(v.expect).toBeDefined()
  const want = v.expect as Expected
  if (want.bool !== undefined) expect(value).toBe(want.bool)
  else if (want.int !== undefined) expect(["number", "bigint"].includes(typeof value) && String(value)).toBe(want.int)
  else if (want.float !== undefined) expect(value instanceof NixFloat && value.value).toBe(want.float)
  else if (want.string !== undefined) expect(text(textOf(value) ?? "not a string")).toBe(want.string)
  else if (want.null !== undefined) expect(value).toBeNull()
  else if (want.listSize !== undefined) expect(isList(value) && value.length).toBe(want.listSize)
  else if (want.attrsSize !== undefined) expect(value instanceof Attrs && value.size).toBe(want.attrsSize)
  else if (want.see !== undefined) expect(text(printAmbiguous(ev.rt, value))).toBe(v.printed28)
  else expect(asJson(value)).toEqual(want.json)
}

/** The few plain values that the vectors give as JSON. */
function asJson(value: Value): unknown {
  if (value instanceof Attrs) return Object.fromEntries(value.names().map((n) => [n, asJson(value.get(n) as Value)]))
  return isList(value) ? value.map((v) => asJson(v as Value)) : value
}

describeShared("libexpr's unit tests", "conformance/unit-vectors/libexpr-eval.json", (file) => {
  beforeAll(initHashes)
  const vectors = JSON.parse(readFileSync(file, "utf8").replace(/"int": *(-?\d+)/g, '"int": "$1"')) as Vector[]
  test.each(runs)("hold (run: %s)", (run) => {
    expect(vectors.length).toBe(239)
    for (const v of vectors) {
      try {
        check(v, run)
      } catch (e) {
        throw new Error(`${v.suite} ${v.name}: ${v.expr}\n${e instanceof Error ? e.message : String(e)}`)
      }
    }
  })
})
