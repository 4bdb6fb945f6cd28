// What was typed into a repl as a tree: bindings (`x = 1; inherit (s) y;`), else an expression; or the
// text is a beginning only and more lines are needed. C++ Nix: repl.cc parseString, parseReplBindings.

import type { AttrsExpr } from "../lang/attrs-expr.ts"
import type { Expr } from "../lang/expr.ts"
import type { Parsed } from "../lang/parse-options.ts"
import { parse } from "../lang/parser.ts"
import type { Problem } from "../lang/problem.ts"
import { Source } from "../lang/source.ts"
import type { Evaluator } from "./evaluator.ts"

/** Thrown when a text ends too early: the next line goes with it. */
export const incomplete = { kind: "incomplete" } as const

/** Parses an expression. Throws NixError, or `incomplete`. Relative paths start at `cwd`. */
export function parseInput(evaluator: Evaluator, text: string, cwd: string): Expr {
  const source = evaluator.rt.sources.add({ kind: "string" }, text)
  const { expr, problems } = parse(source, evaluator.parseOptions(cwd))
  if (endsEarly(problems)) throw incomplete
  evaluator.report(problems)
  if (expr === null) throw new RangeError("the parser gave neither tree nor error")
  return expr
}

/**
 * Parses bindings, whose last `;` may be missing; null for a text that is something else. Throws
 * `incomplete`. Positions show the text as it was typed.
 */
export function parseBindings(evaluator: Evaluator, text: string, cwd: string): AttrsExpr | null {
  const options = { ...evaluator.parseOptions(cwd), mode: "repl-bindings" } as const
  const typed = new Source({ kind: "string" }, text, 1)
  const bare = parse(typed, options)
  if (bare.expr !== null) return parsedAt(evaluator, text, "", options)
  const closed = parse(new Source(typed.origin, `${text};`, 1), options)
  if (closed.expr !== null) return parsedAt(evaluator, text, ";", options)
  if (endsEarly(closed.problems) || (awaitsValue(bare.problems) && !isExpression(evaluator, typed, cwd))) throw incomplete
  return null
}

/** Parses what is known to be bindings again, now that it is worth an entry in the table of sources. */
function parsedAt(evaluator: Evaluator, text: string, end: string, options: Parameters<typeof parse>[1]): AttrsExpr {
  const { origin, base } = evaluator.rt.sources.add({ kind: "string" }, text)
  const { expr, problems }: Parsed = parse(new Source(origin, text + end, base), options)
  evaluator.report(problems)
  if (expr?.kind !== "attrs") throw new RangeError("the parser gave no bindings")
  return expr
}

function endsEarly(problems: readonly Problem[]): boolean {
  return problems.some((p) => p.severity === "error" && p.message.includes("unexpected end of file"))
}

/**
 * True for bindings that end within a value, such as `x = {`. C++ Nix forgets that it saw the end of the
 * text here and reports an unexpected `=`, which is its issue 16310; we read on, as it did before 2.30.
 */
function awaitsValue(problems: readonly Problem[]): boolean {
  return endsEarly(problems) && !problems.some((p) => p.message.endsWith("expecting '.' or '='"))
}

function isExpression(evaluator: Evaluator, source: Source, cwd: string): boolean {
  return parse(source, evaluator.parseOptions(cwd)).expr !== null
}
