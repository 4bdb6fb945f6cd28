// What is begun while something takes long: what is evaluated after it in any case, and nothing of that is seen before its turn.
import { beforeAll, describe, expect, test } from "vitest"
import { forceDeep } from "../../engine/eval/deep.ts"
import { NixError, Pending } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { renderError } from "../../engine/eval/report.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

beforeAll(initHashes)

/** A host that takes long for the files of /slow/, each in a round of its own; `/slow/bad` is an error then. */
class SlowHost extends MemoryHost {
  /** Files asked for before the first was there. */
  readonly begun: string[] = []
  readonly #there = new Set<string>()
  #rounds = 0
  readonly isSlow: boolean

  constructor(isSlow: boolean) {
    super({
      "/slow/one": "1",
      "/slow/two": "2",
      "/slow/three": "3",
      "/slow/four": "4",
      "/slow/bad": "",
      "/pwd/t.nix": 'builtins.trace "file" 5',
    })
    this.isSlow = isSlow
  }

  override readFile(path: string): string {
    if (path.startsWith("/slow/") && this.isSlow && !this.#there.has(path)) {
      if (this.#rounds === 0 && !this.begun.includes(path)) this.begun.push(path)
      throw new Pending(
        Promise.resolve().then(() => {
          this.#rounds++
          this.#there.add(path)
        }),
        true,
      )
    }
    if (path === "/slow/bad") throw new NixError("error", "bad", 0)
    return super.readFile(path)
  }
}

const modes = ["closures", "stepper"] as const

async function run(text: string, mode: (typeof modes)[number], isSlow = true) {
  const host = new SlowHost(isSlow)
  const evaluator = new Evaluator(host, { run: mode })
  const { rt } = evaluator
  const expr = `let r = n: builtins.fromJSON (builtins.readFile (/slow + "/\${n}")); s = n: builtins.readFile (/slow + "/\${n}"); in ${text}`
  const cell = evaluator.cell(evaluator.load(bytes(expr), { kind: "string" }, "/pwd"))
  let outcome: string
  try {
    outcome = await evaluator.settle(() => {
      forceDeep(rt, cell)
      return printAmbiguous(rt, cell)
    })
  } catch (e) {
    if (!(e instanceof NixError)) throw e
    outcome = renderError(e, rt.sources, { showTrace: true, color: false })
  }
  return { outcome, lines: host.lines, begun: host.begun.map((path) => path.slice(6)) }
}

describe.each(modes)("by %s", (mode) => {
  test.each([
    [`r "one" + r "two" + r "three"`, 3],
    [`"\${s "one"}-\${s "two"}-\${s "three"}"`, 3],
    [`/pwd + s "one" + s "two"`, 2],
    [`[ 0 ] ++ (if r "one" == 1 then [ 1 ] else [ ]) ++ (if r "two" == 2 then [ 2 ] else [ ])`, 2],
    [`(if r "one" == 1 then { a = 1; } else { }) // (if r "two" == 2 then { b = 2; } else { })`, 2],
    [`r "one" == r "two"`, 2],
    [`r "one" != r "two"`, 2],
    [`[ (r "one" + r "two") (r "three" + r "four") ]`, 4],
  ])("%s", async (text, count) => {
    const slow = await run(text, mode)
    expect(slow.outcome).toBe((await run(text, mode, false)).outcome)
    expect(slow.begun).toHaveLength(count)
  })

  test.each([
    // What may not be needed at all is not begun.
    [`r "one" == 1 && r "two" == 2`, ["one"]],
    [`if r "one" == 1 then r "two" else r "three"`, ["one"]],
    [`(x: r "one") (r "two")`, ["one"]],
  ])("%s", async (text, begun) => expect((await run(text, mode)).begun).toEqual(begun))

  test.each([
    `builtins.trace "a" (r "one") + builtins.trace "b" (r "two") + builtins.trace "c" 3`,
    `[ (builtins.trace "a" (r "one")) (builtins.trace "b" (r "two")) (builtins.trace "c" 3) ]`,
    `{ a = r "one" + builtins.trace "x" 1; b = builtins.trace "y" (r "two" + import ./t.nix); }`,
    `let t = builtins.trace "once" (r "two"); in r "one" + t + t`,
    `let t = builtins.trace "once" (r "two"); in [ (r "one") t "\${toString t}" ]`,
    `builtins.warn "w" (r "one") + builtins.warn "v" (r "two")`,
  ])("lines come in their order, each once: %s", async (text) => {
    const [slow, quick] = [await run(text, mode), await run(text, mode, false)]
    expect(slow.lines).toEqual(quick.lines)
    expect(slow.outcome).toBe(quick.outcome)
  })

  test.each([
    `r "bad" + throw "later"`,
    `r "one" + throw "later"`,
    `let x = r "one" + throw "later"; in [ (builtins.tryEval x).success (builtins.tryEval x).success ]`,
    // What is met before its turn may be in a circle then, and in none in its turn.
    `let x = (if r "one" == 1 then throw "first" else 0) + y; y = x + 1; in [ (builtins.tryEval x).success (builtins.tryEval y).success ]`,
    `let f = { a, b }: a + b; y = throw "deep"; in { v = f { a = r "one"; b = y; }; w = y; }`,
    `[ (r "one") (builtins.addErrorContext "context" (throw "second")) (r "bad") ]`,
  ])("errors and their frames are those of their turn: %s", async (text) => {
    const [slow, quick] = [await run(text, mode), await run(text, mode, false)]
    expect(slow).toEqual({ ...quick, begun: slow.begun })
  })

  test("what is met on many ways does not take long", async () => {
    const steps = Array.from({ length: 40 }, (_, i) => `x${i + 1} = x${i} + x${i};`).join(" ")
    const { outcome } = await run(`let x0 = r "one"; ${steps} in x40`, mode)
    expect(outcome).toBe(String(2 ** 40))
  })
})
