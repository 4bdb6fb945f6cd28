// Random texts through both parsers, the printer and the recovering parser. fast-check prints seed and text of a failure.
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Expr } from "../../engine/lang/expr.ts"
import { parseLalr } from "../../engine/lang/lalr/parse.ts"
import type { Parsed, ParseOptions } from "../../engine/lang/parse-options.ts"
import { parse } from "../../engine/lang/parser.ts"
import { parseWithRecovery } from "../../engine/lang/recover.ts"
import { show } from "../../engine/lang/show.ts"
import { Source } from "../../engine/lang/source.ts"
import { Symbols } from "../../engine/lang/symbol.ts"
import { someOptions } from "./printed.ts"

const runs = { numRuns: Number(process.env["THUNKPAD_RUNS"] ?? 4000), seed: Number(process.env["THUNKPAD_SEED"] ?? 1) }

/** A program without what the printer prints in a way that means something else (assert, `1e+06`, `/a/` before `${`). */
const program: fc.Arbitrary<string> = fc.letrec<{ expr: string; simple: string; binding: string }>((tie) => {
  const name = fc.constantFrom("a", "b", "c", "x-y", "f'")
  const step = fc.oneof(
    name,
    fc.constantFrom('"q r"', '"if"', "or"),
    tie("expr").map((e) => `\${${e}}`),
  )
  const path = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => steps.join("."))
  const formals = fc
    .tuple(fc.uniqueArray(name, { maxLength: 3 }), fc.boolean(), tie("expr"))
    .map(([names, more, e]) => `{ ${[...names.map((n, i) => (i === 1 ? `${n} ? ${e}` : n)), ...(more ? ["..."] : [])].join(", ")} }`)
  const operator = fc.constantFrom("+", "-", "*", "/", "++", "//", "==", "<", ">=", "&&", "||", "->")
  return {
    simple: fc.oneof(
      { maxDepth: 4, depthIdentifier: "e" },
      name,
      fc.constantFrom("1", "0.5", '"s"', "./p", "<s/t>", "u:v", "''\n  i\n    j\n''", "__curPos", "{ }", "[ ]"),
      tie("expr").map((e) => `(${e})`),
      fc.array(tie("simple"), { maxLength: 3 }).map((items) => `[ ${items.join(" ")} ]`),
      fc.array(tie("binding"), { maxLength: 3 }).map((bindings) => `{ ${bindings.join(" ")} }`),
      fc.array(tie("binding"), { maxLength: 3 }).map((bindings) => `rec { ${bindings.join(" ")} }`),
      tie("expr").map((e) => `"x\${${e}}$$\\\${y"`),
      fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `''\n  x\${${a}}\n    ''$\${${b}} y\n''`),
      fc.tuple(tie("simple"), path).map(([e, p]) => `(${e}).${p}`),
      fc.tuple(tie("simple"), path, tie("simple")).map(([e, p, d]) => `(${e}).${p} or ${d}`),
    ),
    binding: fc.oneof(
      fc.tuple(path, tie("expr")).map(([p, e]) => `${p} = ${e};`),
      name.map((n) => `inherit ${n};`),
      fc.tuple(tie("expr"), name).map(([e, n]) => `inherit (${e}) ${n};`),
    ),
    expr: fc.oneof(
      { maxDepth: 5, depthIdentifier: "e" },
      tie("simple"),
      fc.tuple(tie("simple"), tie("simple")).map(([f, x]) => `${f} ${x}`),
      fc.tuple(tie("simple"), operator, tie("simple"), operator, tie("simple")).map(([a, o, b, p, c]) => `${a} ${o} ${b} ${p} ${c}`),
      fc.tuple(fc.constantFrom("!", "-"), tie("simple")).map(([o, e]) => o + e),
      fc.tuple(tie("simple"), path).map(([e, p]) => `${e} ? ${p}`),
      fc.tuple(name, tie("expr")).map(([n, e]) => `${n}: ${e}`),
      fc.tuple(formals, fc.constantFrom("", "@all"), tie("expr")).map(([f, at, e]) => `${f}${at}: ${e}`),
      fc.tuple(fc.array(tie("binding"), { maxLength: 3 }), tie("expr")).map(([b, e]) => `let ${b.join(" ")} in ${e}`),
      fc.tuple(tie("expr"), tie("expr")).map(([a, b]) => `with ${a}; ${b}`),
      fc.tuple(tie("expr"), tie("expr"), tie("expr")).map(([a, b, c]) => `if ${a} then ${b} else ${c}`),
      fc.tuple(tie("simple"), tie("simple")).map(([a, b]) => `${a} |> ${b}`),
    ),
  }
}).expr

/** Pieces of any kind: half of them nonsense together. */
const soup = fc
  .array(
    fc.constantFrom(
      ..."{ } ( ) [ ] ; : , . @ ? = == != < > <= >= + ++ - -> * / // && || ! |> <| ${ \" '' ' $ \\ ~ ~/ /* */ /** # \n".split(" "),
      ..."if then else let in with assert rec inherit or ... a b ./a a/b/ /c http://d <e> 1 2.5 .5 99999999999999999999 \0 \xc3\xa9 \r\n ''$ ''' ''\\ \\${".split(
        " ",
      ),
      " ",
    ),
    { maxLength: 30 },
  )
  .chain((pieces) => fc.constantFrom("", " ").map((between) => pieces.join(between)))

/** A program with a piece cut out, doubled, or replaced. */
const mutated = fc
  .tuple(program, fc.nat(), fc.nat(40), fc.constantFrom("", " ", "}", "${", '"', "''", ";", "=", "or", ".", "in", "{", "(", "\0"))
  .map(([text, at, length, put]) => {
    const i = at % (text.length + 1)
    return text.slice(0, i) + put + text.slice(i + length)
  })
const doubled = fc.tuple(program, fc.nat(), fc.nat(60)).map(([text, at, length]) => {
  const i = at % (text.length + 1)
  return text.slice(0, i + length) + text.slice(i)
})
const anyText = fc.oneof(program, soup, mutated, doubled)

class RecordedSymbols extends Symbols {
  readonly order = new Set<string>()
  override id(name: string): number {
    this.order.add(name)
    return super.id(name)
  }
}

function run(text: string, parser: (source: Source, options: ParseOptions) => Parsed): Parsed & { readonly names: readonly string[] } {
  const symbols = new RecordedSymbols()
  return { ...parser(new Source({ kind: "string" }, text, 1), someOptions({ symbols })), names: [...symbols.order] }
}

function tree(text: string): Expr {
  const { expr, problems } = run(text, parse)
  if (expr === null) throw new Error(`${problems.at(-1)?.message} in ${JSON.stringify(text)}`)
  return expr
}

test("both parsers agree on any text: tree, problems, comments, names", () => {
  let good = 0
  fc.assert(
    fc.property(anyText, (text) => {
      const fast = run(text, parse)
      expect(fast).toEqual(run(text, parseLalr))
      if (fast.expr === null) expect(fast.problems.at(-1)?.severity).toBe("error")
      else good++
    }),
    runs,
  )
  expect(good).toBeGreaterThan(runs.numRuns / 10)
})

test("what is printed parses, and from then on prints the same", () => {
  fc.assert(
    fc.property(program, (text) => {
      const { expr } = run(text, parse)
      if (expr === null) return // an attribute twice, or a dynamic one in a let
      const once = show(tree(show(expr)))
      expect(show(tree(once))).toBe(once)
    }),
    runs,
  )
})

test("for an editor there is always a tree, and the first error is the strict parser's", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const strict = run(text, parse)
      const { expr, problems } = run(text, parseWithRecovery)
      if (expr === null) throw new Error("no tree")
      show(expr)
      expect(problems.find((p) => p.severity === "error")).toEqual(strict.problems.find((p) => p.severity === "error"))
      for (const p of problems) expect(p.pos >= 0 && p.end <= text.length + 1).toBe(true)
    }),
    runs,
  )
})

test("every node lies within its text", () => {
  fc.assert(
    fc.property(program, (text) => {
      const { expr } = run(text, parse)
      if (expr === null) return
      const check = (e: Expr): void => {
        expect(e.start >= 1 && e.start <= e.end && e.end <= text.length + 1).toBe(true)
        for (const value of Object.values(e)) for (const inner of Array.isArray(value) ? value : [value]) if (isExpr(inner)) check(inner)
      }
      check(expr)
    }),
    { ...runs, numRuns: 500 },
  )
})

function isExpr(x: unknown): x is Expr {
  return typeof x === "object" && x !== null && "kind" in x && "start" in x && "height" in x
}
