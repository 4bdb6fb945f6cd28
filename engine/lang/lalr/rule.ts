// The notation of the grammar: `rule("expr_if", "if expr then expr else expr", action)`, with the
// action's arguments typed after the symbols on the right side.

import type { AttrsExpr } from "../attrs-expr.ts"
import type { Builder, InheritName } from "../build.ts"
import type { AttrName, ConcatPart, Expr, Formal, Formals, PathExpr } from "../expr.ts"
import type { IndentedPart, Stringy } from "../stringy.ts"
import type { Production } from "./tables.ts"

/** An attribute path and the place of its last step. */
export interface AttrPath {
  readonly names: AttrName[]
  nameStart: number
  nameEnd: number
}

/** What a symbol stands for; symbols not listed here stand for nothing. */
export interface Values {
  ID: string
  STR: string
  IND_STR: { readonly text: string; readonly indented: boolean }
  INT: number | bigint
  FLOAT: number
  PATH: string
  HPATH: string
  SPATH: string
  URI: string

  start: Expr
  expr: Expr
  expr_function: Expr
  expr_if: Expr
  expr_pipe_from: Expr
  expr_pipe_into: Expr
  expr_op: Expr
  expr_app: Expr
  expr_select: Expr
  expr_simple: Expr
  string_parts: Stringy
  string_parts_interpolated: ConcatPart[]
  path_start: PathExpr
  ind_string_parts: IndentedPart[]
  binds: AttrsExpr
  binds1: AttrsExpr
  attrs: InheritName[]
  attrpath: AttrPath
  attr: string
  string_attr: Stringy
  list: Expr[]
  formal_set: Formals
  formals: Formal[]
  formal: Formal
}

/** Where the symbols of the right side are, as positions; symbols are counted from 1, as in Bison's `@1`. */
export interface Places {
  readonly build: Builder
  start(symbol: number): number
  end(symbol: number): number
  /** The whole right side (`@$`); an empty one is at the end of what comes before. */
  readonly from: number
  readonly to: number
}

type Split<S extends string> = S extends `${infer Head} ${infer Tail}` ? [Head, ...Split<Tail>] : S extends "" ? [] : [S]
type ValueOf<S> = S extends keyof Values ? Values[S] : undefined
type ValuesOf<Symbols> = { [I in keyof Symbols]: ValueOf<Symbols[I]> }

/** A production with what to do when it has been read. */
export interface Rule extends Production {
  readonly action: (values: unknown[], places: Places) => unknown
}

/** A rule. `rhs` is the symbols separated by single spaces. */
export function rule<Lhs extends keyof Values, Rhs extends string>(
  lhs: Lhs,
  rhs: Rhs,
  action: (values: ValuesOf<Split<Rhs>>, places: Places) => Values[Lhs],
): Rule {
  // The parser hands every action the values of exactly these symbols.
  return { lhs, rhs: rhs === "" ? [] : rhs.split(" "), action: action as Rule["action"] }
}

/** A rule with the precedence of `prec` (`%prec`). */
export function ruleWithPrec<Lhs extends keyof Values, Rhs extends string>(
  lhs: Lhs,
  rhs: Rhs,
  prec: string,
  action: (values: ValuesOf<Split<Rhs>>, places: Places) => Values[Lhs],
): Rule {
  return { ...rule(lhs, rhs, action), prec }
}
