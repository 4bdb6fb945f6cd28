// Every line of `trace` once, in order, however often evaluation has to wait and begin again.
import { beforeAll, expect, test } from "vitest"
import { forceDeep } from "../../engine/eval/deep.ts"
import { Pending } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

/** A host that has each file only the second time it is asked for. */
class SlowHost extends MemoryHost {
  readonly #seen = new Set<string>()
  readonly printed: string[] = []
  waits = 0
  override readFile(path: string): string {
    if (!this.#seen.has(path)) {
      this.#seen.add(path)
      this.waits++
      throw new Pending(Promise.resolve())
    }
    return super.readFile(path)
  }
  override log(line: string): void {
    this.printed.push(line.replace("trace: ", ""))
  }
}

const files = { "/a": "a", "/b": "b", "/c": "c", "/m.nix": 'builtins.trace "in m" (builtins.readFile /c)' }

async function printed(nix: string, run: "auto" | "closures" | "stepper"): Promise<readonly string[]> {
  const host = new SlowHost(files)
  const evaluator = new Evaluator(host, { run })
  const code = evaluator.load(nix, { kind: "string" }, "/")
  const cell = evaluator.cell(code)
  evaluator.rt.begin()
  await evaluator.settle(() => forceDeep(evaluator.rt, cell))
  expect(host.waits).toBeGreaterThan(0)
  return host.printed
}

const programs: readonly (readonly [what: string, nix: string, lines: readonly string[]])[] = [
  [
    "one inside another's argument",
    'builtins.trace "one" (builtins.stringLength (builtins.trace "two" (builtins.readFile /a)))',
    ["one", "two"],
  ],
  [
    "the same line for each element",
    'map (f: builtins.trace "reading" (builtins.readFile f)) [ /a /b /c ]',
    ["reading", "reading", "reading"],
  ],
  [
    "lines of finished thunks before it",
    'let x = builtins.trace "x" 1; in [ x x (builtins.trace "x" (builtins.readFile /a)) (builtins.trace "x" 2) ]',
    ["x", "x", "x"],
  ],
  [
    "arguments that are made anew",
    'let f = y: builtins.seq y (builtins.readFile /a); in f (builtins.trace "arg" 1) + f (builtins.trace "arg" 2)',
    ["arg", "arg"],
  ],
  [
    "several waits in one thunk",
    'builtins.trace "1" (builtins.readFile /a) + builtins.trace "2" (builtins.readFile /b) + builtins.trace "3" (builtins.readFile /c)',
    ["1", "2", "3"],
  ],
  ["imports", 'builtins.trace "before" (import /m.nix + builtins.trace "after" (builtins.readFile /a))', ["before", "in m", "after"]],
  [
    "an error that is caught",
    'let r = builtins.tryEval (builtins.trace "t" (builtins.seq (builtins.readFile /a) (throw "x"))); in [ r.success (builtins.trace "t" (builtins.readFile /b)) ]',
    ["t", "t"],
  ],
]

for (const run of ["auto", "closures", "stepper"] as const)
  test.each(programs)(`${run}: %s`, async (_what, nix, lines) => {
    expect(await printed(nix, run)).toEqual(lines)
  })
