// Syntax errors word for word and byte for byte: against a recogniser that Bison itself made, and the conformance data.
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parseLalr } from "../../engine/lang/lalr/parse.ts"
import type { ParseOptions } from "../../engine/lang/parse-options.ts"
import type { Problem } from "../../engine/lang/problem.ts"
import { Sources } from "../../engine/lang/source.ts"
import { Symbols } from "../../engine/lang/symbol.ts"
import { describeShared } from "../shared.ts"

interface ErrorOf {
  readonly message: string
  readonly offset: number
  readonly line: number
  readonly column: number
}

const quiet = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const

/** The error in `text` (bytes), which must be the last problem; undefined if there is none. */
function errorOf(text: string, more: Partial<ParseOptions> = {}): ErrorOf | undefined {
  const source = new Sources().add({ kind: "stdin" }, text)
  const symbols = new Symbols()
  const { expr, problems } = parseLalr(source, {
    basePath: "/base",
    home: "/home/u",
    symbols,
    pureEval: false,
    pipeOperators: true,
    lint: quiet,
    ...more,
  })
  const error: Problem | undefined = problems.at(-1)
  if (expr !== null || error?.severity !== "error") return undefined
  const offset = error.pos - source.base
  const { line, column } = source.place(offset)
  return { message: error.message, offset, line, column }
}

/** Text, mode, message and offset; how they were made is said in the file. */
type BisonCase = readonly [text: string, mode: "expr" | "repl-bindings", message: string, offset: number]
const bison = JSON.parse(readFileSync(new URL("bison-cases.json", import.meta.url), "utf8")) as { readonly cases: readonly BisonCase[] }

const bytes = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

test("every message and offset is the one of the parser that Bison makes of Nix's grammar", () => {
  const wrong: unknown[] = []
  for (const [text, mode, message, offset] of bison.cases) {
    const error = errorOf(text, { mode })
    if (error?.message !== message || error.offset !== offset) wrong.push({ text, mode, message, offset, error })
  }
  expect(wrong).toEqual([])
  expect(bison.cases.length).toBeGreaterThan(1000)
})

test.each<[text: string, message: string, offset: number]>([
  // The reduction that finds the duplicate needs no further token, so the bad integer is never read.
  ["{ a = 1; a = 2; 99999999999999999999", "attribute 'a' already defined at \xc2\xabstdin\xc2\xbb:1:3", 9],
  ["{ inherit a; a = 2; %", "attribute 'a' already defined at \xc2\xabstdin\xc2\xbb:1:11", 13],
  // A bad token comes before the syntax error it would be.
  ["{ a } 99999999999999999999", "invalid integer '99999999999999999999'", 6],
  // At the end of the text lexer.l has no place but that of the path itself (Nix 2.8 says column 5 too).
  ["( 1 ./a/", "path has a trailing slash", 4],
  ["( 1 ./a/ x", "path has a trailing slash", 8],
  // The body must be complete before the formals are looked at.
  ["{ a, a }: ]", "syntax error, unexpected ']'", 10],
  ["{ a, a }: 1 ]", "duplicate formal function argument 'a'", 5],
  // The `let` is complete only when the next token is known not to go on with its body.
  ["let ${a} = 1; in b 1.0e400", "invalid float '1.0e400'", 19],
  ["let ${a} = 1; in b )", "dynamic attributes not allowed in let", 0],
])("of two errors in %j the first by Bison's order is reported", (text, message, offset) => {
  expect(errorOf(text)).toMatchObject({ message, offset })
})

test("with the feature off, a pipe is an error even where it could not stand", () => {
  const message = "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features pipe-operators' to enable it"
  expect(errorOf("{ |> }", { pipeOperators: false })).toMatchObject({ message, offset: 2 })
  expect(errorOf("{ |> }")?.message).toMatch(/^syntax error, unexpected '\|>'/)
})

describeShared("Nix's own parse-fail tests", "conformance/nix-lang", (folder) => {
  const names = readdirSync(folder).filter((name) => /^parse-fail-.*\.nix$/.test(name))
  // The two whose error is an undefined variable parse well; they are the binder's.
  const bound = names.filter((name) => read(name.replace(/nix$/, "err.exp")).startsWith("error: undefined variable"))

  function read(name: string): string {
    return readFileSync(join(folder, name), "latin1")
  }

  test("there are 41, of which two are the binder's", () => {
    expect(names.length).toBe(41)
    expect(bound.length).toBe(2)
  })

  test.each(names)("%s", (name) => {
    const expected = read(name.replace(/nix$/, "err.exp"))
    const error = errorOf(read(name))
    if (bound.includes(name)) expect(error).toBeUndefined()
    else {
      const [, message, line, column] = /^error: (.*)\n +at \xc2\xabstdin\xc2\xbb:(\d+):(\d+):\n/.exec(expected) ?? []
      expect(error).toMatchObject({ message, line: Number(line), column: Number(column) })
    }
  })
})

interface OracleCase {
  readonly expr: string
  readonly prefix?: string
  readonly error?: string
}

describeShared("what real Nix said", "conformance/oracle-2.34", (folder) => {
  const parserErrors = /^(syntax error|attribute '.*' already defined|duplicate formal|dynamic attributes not|invalid (integer|float))/

  test.each(readdirSync(folder).filter((name) => name.endsWith(".json")))("%s", (name) => {
    const cases: unknown = JSON.parse(readFileSync(join(folder, name), "utf8"))
    if (!Array.isArray(cases)) return
    for (const one of cases as OracleCase[]) {
      if (typeof one.expr !== "string" || !parserErrors.test(one.error ?? "")) continue
      const error = errorOf(bytes((one.prefix ?? "") + one.expr))
      expect(error?.message, one.expr).toBe(bytes(one.error ?? ""))
    }
  })

  test("parse.json: what parsed there parses here", () => {
    const cases = JSON.parse(readFileSync(join(folder, "parse.json"), "utf8")) as (OracleCase & { exit: number })[]
    for (const one of cases) {
      if (one.exit === 0) expect(errorOf(bytes((one.prefix ?? "") + one.expr)), one.expr).toBeUndefined()
    }
  })
})

describeShared("nix repl transcripts", "conformance/repl-oracle-2.34", (folder) => {
  test("each syntax error has its message and place", () => {
    let found = 0
    for (const name of readdirSync(folder).filter((n) => n.endsWith(".out"))) {
      const transcript = readFileSync(join(folder, name), "latin1")
      const shown = /nix-repl> (.*)((?:\n +> .*)*)\nerror: (syntax error.*)\n +at \xc2\xabstring\xc2\xbb:(\d+):(\d+):/g
      for (const [, first, rest, message, line, column] of transcript.matchAll(shown)) {
        // A command is taken off before the rest is parsed.
        const typed = (first + (rest ?? "").replace(/\n +> /g, "\n")).replace(/^:\w+\s+/, "")
        expect(errorOf(typed)).toMatchObject({ message, line: Number(line), column: Number(column) })
        found++
      }
    }
    expect(found).toBe(3)
  })
})
