// The stepper: any depth within reasonable memory, slices, waiting, and frames saved at every call or never:
// always the same values and the same errors as by closures (see tests/fuzz for many more programs).
import { beforeAll, describe, expect, test } from "vitest"
import { NixError, Pending, Stopped } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { renderError } from "../../engine/eval/report.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { evaluation } from "../../engine/eval/stepper/generator.ts"
import { Stack } from "../../engine/eval/stepper/trampoline.ts"
import type { Thunk, Value } from "../../engine/eval/value.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

function evaluatorOf(settings: Partial<Settings>, files: Readonly<Record<string, string>> = {}): Evaluator {
  return new Evaluator(new MemoryHost(files), settings)
}

function outcome(evaluator: Evaluator, text: string): string {
  try {
    return printAmbiguous(evaluator.rt, evaluator.evaluate(bytes(text), { kind: "string" }, "/pwd"))
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    return renderError(e, evaluator.rt.sources, { showTrace: true })
  }
}

describe("a million levels, in less than 1.5 GB", () => {
  const programs: readonly (readonly [name: string, nix: string, gives: string])[] = [
    ["n + f (n - 1)", "let f = n: if n == 0 then 0 else n + f (n - 1); in f N", "500000500000"],
    ["map", "let f = n: if n == 0 then 0 else 1 + builtins.head (map f [ (n - 1) ]); in f N", "1000000"],
    ["foldl'", "let f = n: if n == 0 then 0 else builtins.foldl' (a: x: a + f x) 1 [ (n - 1) ]; in f N", "1000000"],
    ["filter", "let f = n: n == 0 || builtins.filter f [ (n - 1) ] != [ ]; in f N", "true"],
    ["sort", "let f = n: n == 0 || builtins.head (builtins.sort (a: b: f (n - 1)) [ 1 2 ]) > 0; in f N", "true"],
    ["selection", "let f = n: if n == 0 then { v = 0; } else { v = (f (n - 1)).v + 1; }; in (f N).v", "1000000"],
    ["interpolation", 'let f = n: if n == 0 then "x" else "${f (n - 1)}"; in f N', '"x"'],
    ["==", "let f = n: if n == 0 then [ ] else [ (f (n - 1)) ]; in f N == f N", "true"],
    ["deepSeq", "let f = n: if n == 0 then [ ] else [ (f (n - 1)) ]; in builtins.deepSeq (f N) 1", "1"],
    ["toJSON", "let f = n: if n == 0 then [ ] else [ (f (n - 1)) ]; in builtins.stringLength (builtins.toJSON (f N))", "2000002"],
    ["a chain of thunks", "builtins.head (builtins.foldl' (a: x: [ (builtins.head a + 1) ]) [ 0 ] (builtins.genList (x: x) N))", "1000000"],
    ["with", "let f = n: if n == 0 then { v = 0; } else with f (n - 1); { inherit v; }; in (f N).v", "0"],
    ["functors", "let f = n: if n == 0 then 0 else { __functor = s: x: 1 + f x; } (n - 1); in f N", "1000000"],
    ["formals", "let f = { n }: if n == 0 then 0 else 1 + f { n = n - 1; }; in f { n = N; }", "1000000"],
    [
      "an error on its way out",
      'let f = n: if n == 0 then throw "x" else 1 + f (n - 1); in [ (builtins.tryEval (f N)).success ((x: x) 1) ]',
      "[ false 1 ]",
    ],
  ]
  test.each(programs)(
    "%s",
    (_name, nix, gives) => {
      const evaluator = evaluatorOf({ maxCallDepth: 100_000_000 })
      const before = process.memoryUsage().heapUsed
      const { rt } = evaluator
      const text = nix.replaceAll(/\bN\b/g, "1000000")
      const value = evaluator.evaluate(text, { kind: "string" }, "/")
      if (Array.isArray(value)) for (const cell of value) evaluator.force(cell)
      // Whatever the collector has not looked at yet counts too.
      expect(process.memoryUsage().heapUsed - before).toBeLessThan(1.5e9)
      expect(printAmbiguous(rt, value)).toBe(gives)
      expect(rt.depth).toBe(0)
      expect(rt.current).toBe(null)
    },
    300_000,
  )
})

test("nesting without end is an error, not the end of the process", () => {
  const evaluator = evaluatorOf({ maxCallDepth: 100_000_000 })
  expect(() => evaluator.evaluate("let f = n: 1 + f n; in f 0", { kind: "string" }, "/")).toThrow(
    expect.objectContaining({ message: "stack overflow (the evaluation nests too deeply)" }),
  )
}, 120_000)

test("the depth limit is Nix's, wherever the stepper is", () => {
  for (const settings of [{ run: "closures" }, { run: "stepper" }, { run: "stepper", stepperBytes: -1 }, { stackBytes: 9000 }] as const) {
    const limited = () => evaluatorOf({ ...settings, maxCallDepth: 500 })
    // The `==` of the innermost level counts as a call too.
    const f = "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f"
    expect(outcome(limited(), `${f} 499`)).toBe("499")
    expect(outcome(limited(), `${f} 500`)).toMatch(/error: stack overflow; max-call-depth exceeded/)
  }
})

test("beyond the depth limit a string that is added to complains before the other operand is evaluated", () => {
  for (const run of ["closures", "stepper"] as const) {
    const text = outcome(evaluatorOf({ run, maxCallDepth: 3 }), '(a: (b: (c: (d: "x" + d d) 1) 1) 1) 1')
    expect(text).toMatch(/max-call-depth exceeded\n +at .*:1:17:/)
  }
})

describe("frames and errors are those of the closures, saved or not", () => {
  const programs = [
    "let f = { a, b ? a + 1 }: a + b; in [ (f { a = 1; }) (f { a = 1; b = 5; }) ]",
    "let f = { a }: a; in f { a = 1; c = 2; }",
    "let f = { a }: a; in f (throw ''no set'')",
    "{ a.b.c = 1; }.a.b.d",
    "let n = throw ''name''; in { a = 1; }.${n}",
    "let s = { a = throw ''attr''; }; in s.a or 3",
    "({ a = 1; }.b or (throw ''fallback'')) + 1",
    "({ a = 1; } ? ${throw ''n''})",
    "1 + (2 * (3 - (throw ''x'')))",
    "if 1 then 2 else 3",
    "assert { a = [ 1 2 ]; } == { a = [ 1 3 ]; }; 1",
    "(x: y: z: x + y + z) 1 2 (throw ''z'')",
    "(x: x) 1 2",
    "builtins.elemAt [ 1 2 ] (throw ''index'')",
    "builtins.foldl' (a: b: a + b) 0 [ 1 (throw ''element'') ]",
    "builtins.sort (a: b: throw ''cmp'') [ 1 2 3 ]",
    "map (x: x + 1) [ 1 2 ] == [ 2 (throw ''eq'') ]",
    "''a${throw ''b''}c''",
    "with throw ''with''; x",
    "rec { a = b; b = a; }.a",
    "let x = x; in x",
    "{ __functor = s: x: throw x; } ''functor''",
    "builtins.tryEval (builtins.addErrorContext ''ctx'' (throw ''t''))",
    "rec { __overrides = { a = 2; }; a = 1; b = a; }.b",
    "{ ${if true then ''x'' else null} = 1; ${null} = 2; ${throw ''dyn''} = 3; }",
    "{ a = 1; } // (throw ''right'')",
    "[ 1 ] ++ (throw ''list'')",
    "true && (false || (1 -> true))",
    "builtins.toJSON { a = [ 1 { b = throw ''json''; } ]; }",
    "[ 1 [ 2 ] ] < [ 1 [ (throw ''less'') ] ]",
  ]
  test.each(programs)("%s", (text) => {
    const closures = outcome(evaluatorOf({ run: "closures", showTrace: true }), text)
    for (const stepperBytes of [-1, 0, 500, 1000, 2000, 24_000])
      expect(outcome(evaluatorOf({ run: "stepper", stepperBytes, showTrace: true }), text)).toBe(closures)
  })
})

describe("slices", () => {
  const fib = "let fib = n: if n < 2 then n else fib (n - 1) + fib (n - 2); in fib 15"
  const fold = "builtins.foldl' (a: x: a + x) 0 (builtins.genList (x: x * 2) 1000)"

  function sliced(text: string, turns: number): { value: Value; slices: number } {
    const evaluator = evaluatorOf({})
    const code = evaluator.load(text, { kind: "string" }, "/")
    const stack = new Stack(evaluator.rt, evaluation(code.expr, evaluator.rt.globals))
    let slices = 1
    while (!stack.run(turns, true)) slices++
    return { value: stack.value as Value, slices }
  }

  test.each([1, 2, 7, 100])("of %i turns give the same value", (turns) => {
    for (const [text, value] of [
      [fib, 610],
      [fold, 999_000],
    ] as const) {
      const run = sliced(text, turns)
      expect(run.value).toBe(value)
      expect(run.slices).toBeGreaterThan(900 / turns)
    }
  })

  test("steps() gives way between slices", async () => {
    const evaluator = evaluatorOf({})
    const code = evaluator.load(fib.replace("15", "22"), { kind: "string" }, "/")
    let pauses = 0
    const value = await evaluator.steps(code.expr, evaluator.rt.globals, async () => {
      pauses++
    })
    expect(value).toBe(17711)
    expect(pauses).toBeGreaterThan(0)
  })

  test("a budget stops the evaluation, and its thunks can be forced again", () => {
    const evaluator = evaluatorOf({ maxSteps: 40_000, run: "stepper" })
    const cell = evaluator.cell(evaluator.load(`(${fib.replace("15", "24")})`, { kind: "string" }, "/")) as Thunk
    const { code } = cell
    expect(() => evaluator.force(cell)).toThrow(Stopped)
    expect(cell.code).toBe(code)
    evaluator.rt.begin()
    expect(() => evaluator.force(cell)).toThrow(Stopped)
  })
})

describe("a host that has to wait", () => {
  const files = {
    "/pwd/a.nix": 'builtins.trace "a" (1 + import ./b.nix)',
    "/pwd/b.nix": 'builtins.trace "b" (builtins.stringLength (builtins.readFile ./c))',
    "/pwd/c": "text",
  }
  const text = 'let f = n: if n == 0 then import ./a.nix else 1 + f (n - 1); in [ (f 50) (f 3) "${./c}" (builtins.toJSON [ ./a.nix ]) ]'

  /** A host that is asked twice for each file, and what it was asked for. */
  function waiting(): { host: MemoryHost; waited: string[] } {
    const host = new MemoryHost(files)
    const waited: string[] = []
    const late = <T>(path: string, f: () => T): T => {
      if (waited.includes(path)) return f()
      waited.push(path)
      throw new Pending(Promise.resolve())
    }
    const read = host.readFile.bind(host)
    host.readFile = (path) => late(path, () => read(path))
    host.addToStore = ({ name }) => late(`store ${name}`, () => `/nix/store/00000000000000000000000000000000-${name}`)
    return { host, waited }
  }

  test.each([-1, 1000, 24_000])("goes on where it was (%i bytes of native stack): nothing is run twice", async (stepperBytes) => {
    const { host, waited } = waiting()
    const evaluator = new Evaluator(host, { stepperBytes })
    const code = evaluator.load(
      `builtins.seq (builtins.trace "begin" 1) (let v = (${text}); in builtins.deepSeq v v)`,
      { kind: "string" },
      "/pwd",
    )
    const value = await evaluator.steps(code.expr, evaluator.rt.globals, async () => {})
    const zeros = "/nix/store/00000000000000000000000000000000"
    expect(printAmbiguous(evaluator.rt, value)).toBe(`[ 55 8 "${zeros}-c" "[\\"${zeros}-a.nix\\"]" ]`)
    expect(waited).toEqual(["/pwd/a.nix", "/pwd/b.nix", "/pwd/c", "store c", "store a.nix"])
    expect(host.lines).toEqual(["trace: begin", "trace: a", "trace: b"])
  })

  test("without waiting the thunks are undone and run again, and lines are traced once", async () => {
    for (const stepperBytes of [-1, 24_000]) {
      const { host, waited } = waiting()
      const evaluator = new Evaluator(host, { run: "stepper", stepperBytes })
      const cell = evaluator.cell(evaluator.load(`let v = (${text}); in builtins.deepSeq v v`, { kind: "string" }, "/pwd"))
      let attempts = 0
      const value = await evaluator.settle(() => {
        attempts++
        return evaluator.force(cell)
      })
      expect(printAmbiguous(evaluator.rt, value)).toMatch(/^\[ 55 8 /)
      expect(attempts).toBe(waited.length + 1)
      expect(host.lines).toEqual(["trace: a", "trace: b"])
    }
  })
})
