// The two parsers make the same tree: same nodes, places, warnings, doc comments and symbol numbers.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { expect, test } from "vitest"
import type { Expr } from "../../engine/lang/expr.ts"
import { parseLalr } from "../../engine/lang/lalr/parse.ts"
import type { ParseOptions } from "../../engine/lang/parse-options.ts"
import { Parser } from "../../engine/lang/parser.ts"
import { failingReport, type Problem } from "../../engine/lang/problem.ts"
import { Sources } from "../../engine/lang/source.ts"
import { Symbols } from "../../engine/lang/symbol.ts"
import { describeShared } from "../shared.ts"

/** Records in which order the names came. */
class RecordedSymbols extends Symbols {
  readonly order = new Set<string>()
  override id(name: string): number {
    this.order.add(name)
    return super.id(name)
  }
}

function options(mode: "expr" | "repl-bindings"): ParseOptions & { readonly symbols: RecordedSymbols } {
  const lint = { urlLiterals: "warn", shortPathLiterals: "warn", absolutePathLiterals: "warn" } as const
  return { basePath: "/b", home: "/h", symbols: new RecordedSymbols(), pureEval: false, pipeOperators: true, lint, mode }
}

function byLalr(text: string, mode: "expr" | "repl-bindings" = "expr") {
  const used = options(mode)
  const { expr, problems, docs } = parseLalr(new Sources().add({ kind: "string" }, text), used)
  return { expr, problems, docs, names: [...used.symbols.order] }
}

/** By the fast parser alone; null if it gives the text to the other. */
function byHand(text: string, mode: "expr" | "repl-bindings" = "expr") {
  const used = options(mode)
  const problems: Problem[] = []
  const parser = new Parser(new Sources().add({ kind: "string" }, text), used, failingReport(problems))
  const expr = parser.run()
  return expr === null ? null : { expr, problems, docs: parser.lexer.docs, names: [...used.symbols.order] }
}

/** One text or more per production. */
const texts = [
  "x",
  "x: x",
  "{ }: 1",
  "{ a, b ? 1, ... }: a",
  "{ a, }: a",
  "{ ... }: 1",
  "{ a }@b: a",
  "b@{ a }: a",
  "assert a; b",
  "with a; b",
  "let in 1",
  "let a = 1; inherit b; in a",
  "if a then b else c",
  "a <| b <| c",
  "a |> b |> c d",
  "!a && -b == c || d != e -> f // g ++ h",
  "a < 1 && b <= 1 && c > 1 && d >= 1",
  "a + b - c * d / e",
  "a ? b.c",
  "f a b (c d)",
  "a.b.c or d.e or f",
  "map or [ ]",
  "f (g or) [ (h or) i or ]",
  '[ 1 1.5 "s" "" "a${b}c${d}" ]',
  "''\n  a\n  ${b}\n    c ''$ ''' ''\\n\n''",
  "[ ./a ./a/${b}/c d/e ~/f ~/${g} <h/i> http://j ]",
  "let { body = a; a = 1; }",
  "rec { a = 1; }",
  "{ }",
  '{ a.b = 1; a."c" = 2; ${d} = 3; "e${f}".g = 4; or = 5; inherit; inherit a2 or2 "q"; inherit (x) y z; }',
  "{ a = { b = 1; }; a.c = 2; a = { inherit (d) e; }; }",
  "__curPos",
  "{ /** doc */ a = /** inner */ x: /** more */ y: 1; }",
  "(((a)))",
]

test.each(texts)("same tree for %j", (text) => {
  expect(byLalr(text)).toEqual(byHand(text))
})

test.each(["a = 1;", "a = 1; b.c = 2; inherit d; inherit (e) f;", "${a} = 1;"])("same bindings for %j", (text) => {
  expect(byLalr(text, "repl-bindings")).toEqual(byHand(text, "repl-bindings"))
})

describeShared("over all Nix files of the conformance data", "conformance", (folder) => {
  test("same tree, or both refuse", () => {
    const different: string[] = []
    let parsed = 0
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      if (!name.endsWith(".nix")) continue
      const text = readFileSync(join(folder, name), "latin1")
      const lalr = byLalr(text)
      const hand = byHand(text)
      if (lalr.expr === null ? hand !== null : !isDeepStrictEqual(lalr, hand)) different.push(name)
      else if (lalr.expr !== null) parsed++
    }
    expect(different).toEqual([])
    expect(parsed).toBeGreaterThan(400)
  })
})

/** Follows `step` down to where it has nothing more to give, and counts. */
function depth(expr: Expr | null, step: (e: Expr) => Expr | undefined): number {
  let n = 0
  for (let e: Expr | undefined = expr ?? undefined; e !== undefined; e = step(e)) n++
  return n
}

test("200,000 nested parentheses, lists, functions and operators need no native stack", () => {
  const n = 200_000
  const nested = (open: string, inner: string, close: string) => byLalr(open.repeat(n) + inner + close.repeat(n)).expr
  expect(nested("(", "1", ")")).toMatchObject({ kind: "int", value: 1 })
  expect(depth(nested("[", "", "]"), (e) => (e.kind === "list" ? e.items[0] : undefined))).toBe(n)
  expect(depth(nested("x: ", "1", ""), (e) => (e.kind === "lambda" ? e.body : undefined))).toBe(n + 1)
  expect(depth(nested("a -> ", "1", ""), (e) => (e.kind === "binary" ? e.right : undefined))).toBe(n + 1)
  expect(depth(nested('"${', "1", '}"'), (e) => (e.kind === "concat" ? e.parts[0]?.expr : undefined))).toBe(n + 1)
})

test("200,000 open parentheses fail at the end of the text", () => {
  const { expr, problems } = byLalr("(".repeat(200_000))
  expect(expr).toBe(null)
  expect(problems).toMatchObject([{ message: "syntax error, unexpected end of file", pos: 200_001 }])
})
