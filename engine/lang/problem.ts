// What lexer, parser and binder have to say about a text, as data; rendering is elsewhere.

export type LangCode =
  | "syntax/unexpected"
  | "syntax/too-deep"
  | "syntax/bad-token"
  | "syntax/bad-string"
  | "syntax/bad-number"
  | "syntax/bad-path"
  | "syntax/feature-disabled"
  | "syntax/too-many-formals"
  | "name/duplicate"
  | "name/dynamic-not-allowed"
  | "name/undefined"
  | "lint/url-literal"
  | "lint/absolute-path-literal"
  | "lint/short-path-literal"
  | "lint/cursed-or"

/** One problem: Nix's own message (bytes), the position, and whether evaluation can go on. */
export interface Problem {
  readonly code: LangCode
  readonly severity: "error" | "warning"
  readonly message: string
  /** 0 where Nix gives none, or (`lint/cursed-or`) has it in the message and prints no snippet. */
  readonly pos: number
  /** End of the range in the position table, for editors; 0 with `pos` 0. */
  readonly end: number
}

/** Takes a problem. The strict parsers throw it; the one for editors collects it and goes on. */
export type Report = (problem: Problem) => void

/** What the strict parsers throw at the first error; never leaves `parse`. */
export class ParseFailure {
  readonly problem: Problem
  constructor(problem: Problem) {
    this.problem = problem
  }
}

/** The report of a strict parser: an error ends the parse, warnings are collected in `warnings`. */
export function failingReport(warnings: Problem[]): Report {
  return (problem) => {
    if (problem.severity === "error") throw new ParseFailure(problem)
    warnings.push(problem)
  }
}
