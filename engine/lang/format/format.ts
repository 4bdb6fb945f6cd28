// Formats a text in the style of RFC 166 (two spaces, lines of 100, brackets that open at the end of a line).

import type { ParseOptions } from "../parse-options.ts"
import { parse } from "../parser.ts"
import { show } from "../show.ts"
import { Source } from "../source.ts"
import { Symbols } from "../symbol.ts"
import { parseSyntax } from "../syntax/syntax-parser.ts"
import { printDoc } from "./doc.ts"
import { Layout } from "./layout.ts"

/** How wide lines may be, in bytes, indentation not counted. */
const lineWidth = 100

/** Why a text was not formatted. Message in bytes; offsets in bytes, 0 without a place. */
export interface FormatRefusal {
  readonly message: string
  readonly start: number
  readonly end: number
}

/** The text formatted, or why not: only a text without errors is, and only if it stays the same program. */
export function format(text: string): string | FormatRefusal {
  const before = parseWhole(text)
  if (typeof before !== "string") return before
  const root = parseSyntax(text)
  if (root === null) return { message: "the text is nested too deeply to be formatted", start: 0, end: 0 }
  const formatted = printDoc(new Layout(text).root(root), lineWidth)
  // The promise is kept by looking: another tree would be another program.
  const after = parseWhole(formatted)
  if (after !== before) return { message: "formatting would change the meaning of this text, so it is left alone", start: 0, end: 0 }
  return formatted
}

/** The tree as `--parse` prints it, or the first error. */
function parseWhole(text: string): string | FormatRefusal {
  const source = new Source({ kind: "string" }, text, 1)
  const lint = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const
  const options: ParseOptions = { basePath: "/", home: "/", symbols: new Symbols(), pureEval: false, pipeOperators: true, lint }
  const { expr, problems } = parse(source, options)
  if (expr !== null) return show(expr)
  const problem = problems[problems.length - 1]
  const at = problem === undefined || problem.pos === 0 ? 0 : problem.pos - source.base
  return { message: problem?.message ?? "", start: at, end: problem === undefined || problem.end === 0 ? at : problem.end - source.base }
}
