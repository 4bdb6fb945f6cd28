// The tree builder: what C++ Nix's parser.y does in its actions, independent of how the text is parsed.
// Both parsers call these in the order of Nix's reductions, so names get their numbers, and warnings
// come, in Nix's order. All places are positions (Source.base included); a node's `start`–`end` is
// its own text, while "begin" positions handed in are those of the grammar symbol (parentheses included).

import type { AttrsExpr } from "./attrs-expr.ts"
import { addAttr, addInherited, addInheritedFrom } from "./build-attrs.ts"
import { canonPath } from "./canon-path.ts"
import {
  type AttrName,
  BinaryExpr,
  type BinaryOperator,
  CallExpr,
  ConcatExpr,
  type ConcatPart,
  CurPosExpr,
  type Expr,
  type Formal,
  type Formals,
  HasAttrExpr,
  IntExpr,
  LambdaExpr,
  LetExpr,
  NotExpr,
  PathExpr,
  SelectExpr,
  StrExpr,
  VarExpr,
} from "./expr.ts"
import { printIdentifier } from "./identifier.ts"
import { stripIndentation } from "./indentation.ts"
import type { DocComments, LintLevel, ParseOptions } from "./parse-options.ts"
import type { LangCode, Report } from "./problem.ts"
import type { Source } from "./source.ts"
import { printPlace, snippet } from "./source-text.ts"
import type { IndentedPart, Stringy } from "./stringy.ts"
import type { Symbols } from "./symbol.ts"
import * as T from "./token.ts"

/** A name in `inherit …`, and its place. */
export interface InheritName {
  readonly name: string
  readonly start: number
  readonly end: number
}

/** C++ Nix: ExprLambda keeps the number of formals in 16 bits. */
const maxFormals = 65535

export class Builder {
  readonly source: Source
  readonly options: ParseOptions
  readonly docs: DocComments
  readonly symbols: Symbols
  /** Gets errors and warnings; if it does not throw on an error, building goes on as well as it can. */
  readonly report: Report

  /** `docs` is the lexer's. */
  constructor(source: Source, options: ParseOptions, docs: DocComments, report: Report) {
    this.source = source
    this.options = options
    this.docs = docs
    this.symbols = options.symbols
    this.report = report
  }

  fail(code: LangCode, message: string, pos: number, end: number): void {
    this.report({ code, severity: "error", message, pos, end })
  }

  /** Interns a name (C++ Nix: symbols.create). `entry` is the lexer's, where it is known. */
  name(text: string, entry = -1): string {
    this.symbols.note(text, entry)
    return text
  }

  /** An ID as an expression; `entry` is the lexer's, where it is known. */
  variable(name: string, start: number, end: number, entry = -1): Expr {
    if (name === "__curPos") return new CurPosExpr(start, start, end)
    this.symbols.note(name, entry)
    return new VarExpr(name, start, start, end)
  }

  /** `"…"` with the quotes in the range. */
  string(parts: Stringy, start: number, end: number): Expr {
    return typeof parts === "string" ? new StrExpr(parts, start, end) : parts
  }

  /** string_parts with interpolation; `start` is the first part's. */
  interpolated(parts: readonly ConcatPart[], start: number, end: number): Expr {
    return new ConcatExpr(true, parts, start, start, end)
  }

  indentedString(parts: readonly IndentedPart[], start: number, end: number): Expr {
    const stripped = stripIndentation(parts)
    const first = stripped[0]
    if (first === undefined) return new StrExpr("", start, end)
    if (stripped.length === 1 && first.expr.kind === "string") return first.expr
    return new ConcatExpr(true, stripped, start, start, end)
  }

  /** A PATH token. */
  path(literal: string, start: number, end: number): PathExpr {
    const absolute = literal.startsWith("/")
    if (absolute)
      this.lintPath(
        start,
        end,
        `absolute path literals are not portable. Consider replacing path literal '${literal}' by a string, relative path, or parameter`,
      )
    else if (!literal.startsWith("."))
      this.lint(
        this.options.lint.shortPathLiterals,
        "lint/short-path-literal",
        "lint-short-path-literals",
        `relative path literal '${literal}' should be prefixed with '.' for clarity: './${literal}'`,
        start,
        end,
      )
    const path = canonPath(literal, this.options.basePath)
    // The slash before an interpolation stays.
    const slash = literal.length > 1 && literal.endsWith("/")
    return new PathExpr(slash ? `${path}/` : path, start, end)
  }

  /** An HPATH token. */
  homePath(literal: string, start: number, end: number): PathExpr {
    if (this.options.pureEval) this.fail("syntax/bad-path", `the path '${literal}' can not be resolved in pure mode`, 0, 0)
    this.lintPath(
      start,
      end,
      `home path literals are not portable. Consider replacing path literal '${literal}' by a string, relative path, or parameter`,
    )
    const home = this.options.home
    if (home === null) this.fail("syntax/bad-path", "cannot determine user's home directory", 0, 0)
    return new PathExpr((home ?? "") + literal.slice(1), start, end)
  }

  /** A path followed by interpolations: `first` and what follows it. */
  interpolatedPath(first: PathExpr, rest: readonly ConcatPart[], end: number): Expr {
    return new ConcatExpr(false, [{ expr: first, pos: first.start }, ...rest], first.start, first.start, end)
  }

  /** An SPATH token, `<` and `>` included. */
  searchPath(token: string, start: number, end: number): Expr {
    const args = [new VarExpr("__nixPath", 0, start, end), new StrExpr(token.slice(1, -1), start, end)]
    return new CallExpr(new VarExpr("__findFile", 0, start, end), args, start, start, end)
  }

  url(text: string, start: number, end: number): Expr {
    const level = this.options.lint.urlLiterals
    this.lint(
      level,
      "lint/url-literal",
      "lint-url-literals",
      `URL literals are ${level === "fatal" ? "disallowed" : "discouraged"}. Consider using a string literal "${text}" instead`,
      start,
      end,
    )
    return new StrExpr(text, start, end)
  }

  private lintPath(start: number, end: number, message: string): void {
    this.lint(this.options.lint.absolutePathLiterals, "lint/absolute-path-literal", "lint-absolute-path-literals", message, start, end)
  }

  /** C++ Nix: diagnose.hh. */
  private lint(level: LintLevel, code: LangCode, setting: string, message: string, pos: number, end: number): void {
    if (level === "ignore") return
    const severity = level === "fatal" ? "error" : "warning"
    this.report({ code, severity, message: `${message} (${setting})`, pos, end })
  }

  /** `fun arg`: one more argument if `fun` is a call of any form already (C++ Nix: parser.y makeCall). */
  call(fun: Expr, arg: Expr, pos: number, start: number, end: number): Expr {
    if (fun.kind === "call") {
      fun.args.push(arg)
      if (start < fun.start) fun.start = start
      if (end > fun.end) fun.end = end
      return fun
    }
    return new CallExpr(fun, [arg], pos, start, end)
  }

  /** `fun or`; `start` is where `fun` begins. */
  cursedOr(fun: Expr, start: number, end: number): Expr {
    const call = new CallExpr(fun, [new VarExpr("or", start, end - 2, end)], start, start, end)
    call.cursedOrEnd = end
    return call
  }

  /** For an expr_select that becomes an expr_app: whatever `or` it has is harmless. */
  resetCursedOr(expr: Expr): void {
    if (expr.kind === "call") expr.cursedOrEnd = 0
  }

  /** For an expr_select used as list element, argument or default. */
  warnIfCursedOr(expr: Expr): void {
    if (expr.kind !== "call" || expr.cursedOrEnd === 0) return
    const at = printPlace(this.source, expr.pos)
    const text = snippet(this.source, expr.pos, expr.cursedOrEnd)
    this.report({
      code: "lint/cursed-or",
      severity: "warning",
      message: `at ${at}: This expression uses \`or\` as an identifier in a way that will change in a future Nix release.\nWrap this entire expression in parentheses to preserve its current meaning:\n    (${text})\nGive feedback at https://github.com/NixOS/nix/pull/11121`,
      pos: 0,
      end: 0,
    })
  }

  /** `target.path or fallback`. */
  select(target: Expr, path: readonly AttrName[], fallback: Expr | null, start: number, end: number): Expr {
    return new SelectExpr(target, path, fallback, start, start, end)
  }

  hasAttr(target: Expr, path: readonly AttrName[], start: number, end: number): Expr {
    return new HasAttrExpr(target, path, start, end)
  }

  not(operand: Expr, start: number, end: number): Expr {
    return new NotExpr(operand, start, end)
  }

  negate(operand: Expr, start: number, end: number): Expr {
    return operatorCall("__sub", [new IntExpr(0, start, start), operand], start, start, end)
  }

  /** A binary operator but `?` and the pipes. `start` and `rightStart` are where the operands begin. */
  binary(op: T.TokenKind, left: Expr, right: Expr, start: number, opPos: number, rightStart: number, end: number): Expr {
    switch (op) {
      case T.PLUS: {
        const parts = [
          { expr: left, pos: start },
          { expr: right, pos: rightStart },
        ]
        return new ConcatExpr(false, parts, opPos, start, end)
      }
      case T.MINUS:
        return operatorCall("__sub", [left, right], opPos, start, end)
      case T.TIMES:
        return operatorCall("__mul", [left, right], opPos, start, end)
      case T.DIVIDE:
        return operatorCall("__div", [left, right], opPos, start, end)
      case T.LESS:
        return operatorCall("__lessThan", [left, right], opPos, start, end)
      case T.GREATER:
        return operatorCall("__lessThan", [right, left], opPos, start, end)
      case T.LEQ:
        return new NotExpr(operatorCall("__lessThan", [right, left], opPos, start, end), start, end)
      case T.GEQ:
        return new NotExpr(operatorCall("__lessThan", [left, right], opPos, start, end), start, end)
      default:
        return new BinaryExpr(binaryOperator(op), left, right, opPos, start, end)
    }
  }

  /** Any attribute-path step that is not an ID: `"…"` or `${…}`; constants are plain names. */
  attrName(parts: Stringy): AttrName {
    if (typeof parts === "string") return this.name(parts)
    return parts.kind === "string" ? this.name(parts.text) : parts
  }

  /** A step of `inherit "…"`; null if it is dynamic, which is an error. */
  inheritName(parts: Stringy, start: number, end: number): InheritName | null {
    const name = this.attrName(parts)
    if (typeof name === "string") return { name, start, end }
    this.fail("name/dynamic-not-allowed", "dynamic attributes not allowed in inherit", start, end)
    return null
  }

  /** `path = value;`: `pos` is where the path begins, `nameStart`–`nameEnd` its last step. */
  addAttr(
    attrs: AttrsExpr,
    path: readonly AttrName[],
    pos: number,
    value: Expr,
    valueStart: number,
    nameStart: number,
    nameEnd: number,
  ): void {
    addAttr(this, attrs, path, pos, value, nameStart, nameEnd)
    const doc = this.docs.get(pos)
    if (doc !== undefined) {
      setDoc(value, doc)
      if (!this.docs.has(valueStart)) this.docs.set(valueStart, doc)
    }
  }

  /** `inherit names;` */
  inherit(attrs: AttrsExpr, names: readonly InheritName[]): void {
    addInherited(this, attrs, names)
  }

  /** `inherit (from) names;`: `fromPos` is where `from` begins. */
  inheritFrom(attrs: AttrsExpr, from: Expr, fromPos: number, names: readonly InheritName[]): void {
    addInheritedFrom(this, attrs, from, fromPos, names)
  }

  /** `let attrs in body`; `start` is the `let`'s. */
  let(attrs: AttrsExpr, body: Expr, start: number, end: number): Expr {
    if (attrs.dynamic.length > 0) this.fail("name/dynamic-not-allowed", "dynamic attributes not allowed in let", start, start + 3)
    return new LetExpr(attrs, body, start, end)
  }

  /** `rec { … }`: ends the set, which begins at `start`. */
  recSet(attrs: AttrsExpr, start: number, end: number): AttrsExpr {
    attrs.recursive = true
    return this.set(attrs, start, end)
  }

  /** `{ … }`: ends the set. */
  set(attrs: AttrsExpr, start: number, end: number): AttrsExpr {
    attrs.pos = start
    attrs.start = start
    attrs.end = end
    return attrs
  }

  /** `let { … }`, the old form. */
  legacyLet(attrs: AttrsExpr, start: number, end: number): Expr {
    return new SelectExpr(this.recSet(attrs, start, end), ["body"], null, start, start, end)
  }

  /** One formal; to be called when it is complete, since its name is interned after its default. */
  formal(name: string, fallback: Expr | null, start: number): Formal {
    this.symbols.id(name)
    return { name, fallback, pos: start }
  }

  /** A function; to be called when its body is complete. `start` is where the argument begins. */
  lambda(arg: string | null, formals: Formals | null, body: Expr, start: number, end: number): Expr {
    if (arg !== null) this.symbols.id(arg)
    if (formals !== null) this.validateFormals(formals, start, arg)
    const lambda = new LambdaExpr(arg, formals, body, start, start, end)
    const doc = this.docs.get(start)
    if (doc !== undefined) setDoc(lambda, doc)
    return lambda
  }

  /** C++ Nix: validateFormals; of several duplicates the one with the smallest symbol, at its second place. */
  private validateFormals(formals: Formals, pos: number, arg: string | null): void {
    const { list } = formals
    let duplicate: Formal | null = null
    for (const formal of repeated(list))
      if (duplicate === null || this.symbols.id(formal.name) < this.symbols.id(duplicate.name)) duplicate = formal
    if (duplicate !== null) this.duplicateFormal(duplicate.name, duplicate.pos)
    if (arg !== null && list.some((formal) => formal.name === arg)) this.duplicateFormal(arg, pos)
    if (list.length > maxFormals)
      this.fail("syntax/too-many-formals", `too many formal arguments, implementation supports at most ${maxFormals}`, pos, pos)
  }

  private duplicateFormal(name: string, pos: number): void {
    const message = `duplicate formal function argument '${printIdentifier(name)}'`
    this.fail("name/duplicate", message, pos, pos + name.length)
  }
}

function operatorCall(name: string, args: Expr[], pos: number, start: number, end: number): CallExpr {
  return new CallExpr(new VarExpr(name, 0, start, end), args, pos, start, end)
}

function binaryOperator(op: T.TokenKind): BinaryOperator {
  switch (op) {
    case T.EQ:
      return "=="
    case T.NEQ:
      return "!="
    case T.AND:
      return "&&"
    case T.OR:
      return "||"
    case T.IMPL:
      return "->"
    case T.UPDATE:
      return "//"
    case T.CONCAT:
      return "++"
    default:
      throw new RangeError(`not a binary operator: ${T.tokenNames[op]}`)
  }
}

/** Gives a lambda, and the lambdas that are its body, a doc comment unless they have one (innermost wins). */
function setDoc(expr: Expr, doc: readonly [number, number]): void {
  let e = expr
  while (e.kind === "lambda" && e.doc === null) {
    e.doc = doc
    e = e.body
  }
}

/** The formals whose name came before. */
function repeated(list: readonly Formal[]): Formal[] {
  if (list.length < 12) {
    // Without a Set: most lists are short, and this runs for every function.
    for (let i = 1; i < list.length; i++) for (let k = 0; k < i; k++) if (list[k]?.name === list[i]?.name) return repeatedBySet(list)
    return []
  }
  return repeatedBySet(list)
}

function repeatedBySet(list: readonly Formal[]): Formal[] {
  const seen = new Set<string>()
  return list.filter((formal) => seen.size === seen.add(formal.name).size)
}
