// What a parser is told and what it gives back; shared by the fast parser and its LALR twin.

import type { Expr } from "./expr.ts"
import type { Problem } from "./problem.ts"
import type { Symbols } from "./symbol.ts"

/** What to do about a discouraged form (C++ Nix: diagnose.hh). */
export type LintLevel = "ignore" | "warn" | "fatal"

/** Nix's settings `lint-url-literals`, `lint-short-path-literals`, `lint-absolute-path-literals`. */
export interface LintSettings {
  readonly urlLiterals: LintLevel
  readonly shortPathLiterals: LintLevel
  readonly absolutePathLiterals: LintLevel
}

export interface ParseOptions {
  /** Absolute directory that relative path literals start from. */
  readonly basePath: string
  /** The home directory for `~/…`, or null where there is none. */
  readonly home: string | null
  /** Names get their numbers here, in the order in which Nix's parser creates its symbols. */
  readonly symbols: Symbols
  readonly pureEval: boolean
  /** The experimental feature `pipe-operators`. */
  readonly pipeOperators: boolean
  readonly lint: LintSettings
  /** `repl-bindings`: the text is `name = value; …` as typed into the REPL. Default `expr`. */
  readonly mode?: "expr" | "repl-bindings"
}

/** Doc comments: position of the token after the comment → range of the comment, marks included. */
export type DocComments = Map<number, readonly [start: number, end: number]>

export interface Parsed {
  /** The tree, or null after an error. */
  readonly expr: Expr | null
  /** Warnings in order, then the error if there is one. */
  readonly problems: readonly Problem[]
  /** By position of a lambda, an attribute path or an attribute's value (for `:doc`). */
  readonly docs: DocComments
}
