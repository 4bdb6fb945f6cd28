// The parser: recursive descent with an operator stack, made for speed over correct texts.
//
// It knows no error messages. At the first thing that is wrong, and in texts nested deeper than the
// native stack should bear, it gives up and the table-driven twin (lalr/) parses the text again: that
// one stops where Bison stops and says what Bison says. What this one did until then leaves no trace
// but names in the symbol table, and those are a beginning of the names the twin interns.
//
//   expr    = ID ":" expr | formals ":" expr | formals "@" ID ":" expr | ID "@" formals ":" expr
//           | "assert" expr ";" expr | "with" expr ";" expr | "let" binds "in" expr
//           | "if" expr "then" expr "else" expr | op { "|>" op } | op { "<|" op }
//   op      = operators over app, see `precedence`
//   app     = select { select }
//   select  = simple [ "." path [ "or" select ] | "or" ]

import { AttrsExpr } from "./attrs-expr.ts"
import { Builder, type InheritName } from "./build.ts"
import {
  AssertExpr,
  type AttrName,
  type ConcatPart,
  type Expr,
  FloatExpr,
  type Formal,
  type Formals,
  IfExpr,
  IntExpr,
  ListExpr,
  StrExpr,
  WithExpr,
} from "./expr.ts"
import { parseLalr } from "./lalr/parse.ts"
import { Lexer } from "./lexer.ts"
import type { Parsed, ParseOptions } from "./parse-options.ts"
import { failingReport, ParseFailure, type Problem, type Report } from "./problem.ts"
import type { Source } from "./source.ts"
import type { IndentedPart, Stringy } from "./stringy.ts"
import * as T from "./token.ts"

/**
 * Frames of native stack that a text may take, of about 200 bytes each when cold; deeper texts are the
 * LALR parser's. The deepest of 2,000 real files takes a third of it.
 */
const maxDepth = 750
/** Frames for an expression inside brackets, quotes, or a binding. */
const NESTED = 7
/** Frames for an expression that ends the one it is in: the body of a function, `let`, `with`, …. */
const TAIL = 3

/** Binding strength of the binary operators by token kind, from 1; 0: no binary operator. C++ Nix: parser.y. */
export const precedence: Uint8Array = (() => {
  const table = new Uint8Array(T.tokenNames.length)
  table[T.IMPL] = 1
  table[T.OR] = 2
  table[T.AND] = 3
  table[T.EQ] = table[T.NEQ] = 4
  table[T.LESS] = table[T.GREATER] = table[T.LEQ] = table[T.GEQ] = 5
  table[T.UPDATE] = 6
  table[T.PLUS] = table[T.MINUS] = 8
  table[T.TIMES] = table[T.DIVIDE] = 9
  table[T.CONCAT] = 10
  table[T.QUESTION] = 11
  return table
})()
const notPrecedence = 7
const negatePrecedence = 12

/** By strength: 0 left-associative, 1 right-associative, 2 not associative. */
const associativity = [0, 1, 0, 0, 2, 2, 1, 0, 0, 0, 1, 2, 0]

/** By token kind: 1 if an argument or list element can begin with it. */
const beginsSimple: Uint8Array = (() => {
  const table = new Uint8Array(T.tokenNames.length)
  for (const kind of [T.ID, T.INT_LIT, T.FLOAT_LIT, T.QUOTE, T.IND_STRING_OPEN, T.PATH, T.HPATH, T.SPATH]) table[kind] = 1
  for (const kind of [T.URI, T.LPAREN, T.LET, T.REC, T.LBRACE, T.LBRACKET]) table[kind] = 1
  return table
})()

/** What the parser throws when it gives up. */
const giveUp = { kind: "give-up" } as const

/**
 * Parses a text. Stops at the first error, with Nix's message (C++ Nix: parseExprFromBuf and
 * parseReplBindingsFromBuf). Needs at most 150 kB of native stack, whatever the text.
 */
export function parse(source: Source, options: ParseOptions): Parsed {
  const warnings: Problem[] = []
  const parser = new Parser(source, options, failingReport(warnings))
  const expr = parser.run()
  if (expr === null) return parseLalr(source, options)
  return { expr, problems: warnings, docs: parser.lexer.docs }
}

export class Parser {
  readonly lexer: Lexer
  readonly build: Builder
  private readonly repl: boolean
  /** The current token; its place and value are in the lexer. */
  protected tok: T.TokenKind = T.EOF
  /** End of the token before. */
  protected prevEnd: number
  protected depth = 0
  /** Place of the last step of the attribute path read last. */
  protected stepStart = 0
  protected stepEnd = 0
  // The operators that wait for their right operand (NOT, and MINUS as prefix, have no left one).
  private readonly opKinds: T.TokenKind[] = []
  private readonly opStrengths: number[] = []
  private readonly opPositions: number[] = []
  private readonly opLefts: (Expr | null)[] = []
  private readonly opStarts: number[] = []

  constructor(source: Source, options: ParseOptions, report: Report, lexer = new Lexer(source, options, report)) {
    this.lexer = lexer
    this.build = new Builder(source, options, this.lexer.docs, report)
    this.repl = options.mode === "repl-bindings"
    this.prevEnd = source.base
  }

  /** The tree, or null if this parser gave up. */
  run(): Expr | null {
    try {
      return this.whole()
    } catch (e) {
      if (e === giveUp || e instanceof ParseFailure) return null
      throw e
    }
  }

  /** The whole text. */
  protected whole(): Expr {
    this.advance()
    let expr: Expr
    if (this.repl) {
      const start = this.lexer.start
      this.expect(T.REPL_BINDINGS)
      if (this.tok === T.EOF) this.unexpected()
      const attrs = new AttrsExpr(false, 0, start, start)
      this.binds(attrs)
      attrs.end = this.prevEnd
      expr = attrs
    } else expr = this.expr(TAIL)
    if (this.tok !== T.EOF) this.unexpected()
    return expr
  }

  protected advance(): void {
    this.prevEnd = this.lexer.end
    this.tok = this.lexer.next()
  }

  /** `tok === kind` for the places where the compiler takes `tok` for what it was before `advance`. */
  private is(kind: T.TokenKind): boolean {
    return this.tok === kind
  }

  protected expect(kind: T.TokenKind): void {
    if (this.tok !== kind) throw giveUp
    this.advance()
  }

  /** The current token cannot stand here. Gives what is to stand for it in the tree. */
  protected unexpected(): Expr {
    throw giveUp
  }

  /** An expression is nested deeper than `maxDepth`. */
  protected tooDeep(): Expr {
    throw giveUp
  }

  /** Whether the current token begins an argument or a list element. */
  protected atSimple(): boolean {
    return beginsSimple[this.tok] === 1
  }

  /** An expression that takes `frames` of native stack at most, up to the next one. */
  protected expr(frames: number): Expr {
    if (this.depth >= maxDepth) return this.tooDeep()
    this.depth += frames
    const start = this.lexer.start
    let e: Expr
    switch (this.tok) {
      case T.ID:
        e = this.nameOrFunction(start)
        break
      case T.LBRACE:
        e = this.setOrFunction(start)
        break
      case T.LET:
        e = this.let(start)
        break
      case T.IF:
        e = this.if(start)
        break
      case T.WITH:
      case T.ASSERT:
        e = this.prefixed(start)
        break
      case T.NOT:
      case T.MINUS:
        e = this.pipes(this.operators(null, start), start)
        break
      default:
        e = this.afterSimple(this.simple(), start)
    }
    this.depth -= frames
    return e
  }

  private nameOrFunction(start: number): Expr {
    const { value: name, end, entry } = this.lexer
    this.advance()
    if (this.tok === T.COLON) return this.lambda(name, null, start)
    if (this.tok === T.AT) {
      this.advance()
      this.expect(T.LBRACE)
      return this.lambda(name, this.formals(null, 0), start)
    }
    return this.afterSimple(this.build.variable(name, start, end, entry), start)
  }

  /** After `{` two tokens decide between a set and formals. */
  private setOrFunction(start: number): Expr {
    this.advance()
    if (this.tok === T.ID) {
      const { value: name, start: nameStart, entry } = this.lexer
      this.advance()
      if (this.is(T.COMMA) || this.is(T.QUESTION) || this.is(T.RBRACE)) return this.functionOf(this.formals(name, nameStart), start)
      const attrs = new AttrsExpr(false, 0, start, start)
      this.stepStart = nameStart
      this.stepEnd = this.prevEnd
      this.binding(attrs, this.pathAfter(this.build.name(name, entry)), nameStart)
      return this.afterSimple(this.setRest(attrs, start), start)
    }
    if (this.tok === T.ELLIPSIS) return this.functionOf(this.formals(null, 0), start)
    if (this.tok === T.RBRACE) {
      this.advance()
      if (this.is(T.COLON) || this.is(T.AT)) return this.functionOf({ list: [], ellipsis: false }, start)
      return this.afterSimple(this.build.set(new AttrsExpr(false, 0, start, start), start, this.prevEnd), start)
    }
    return this.afterSimple(this.setRest(new AttrsExpr(false, 0, start, start), start), start)
  }

  private functionOf(formals: Formals, start: number): Expr {
    if (this.tok !== T.AT) return this.lambda(null, formals, start)
    this.advance()
    const name = this.lexer.value
    this.expect(T.ID)
    return this.lambda(name, formals, start)
  }

  private lambda(arg: string | null, formals: Formals | null, start: number): Expr {
    this.expect(T.COLON)
    return this.build.lambda(arg, formals, this.expr(TAIL), start, this.prevEnd)
  }

  /** Formals, after `{` and perhaps the first name. */
  private formals(firstName: string | null, firstStart: number): Formals {
    const list: Formal[] = []
    let name = firstName
    let start = firstStart
    for (;;) {
      if (name === null) {
        if (this.tok === T.ELLIPSIS) {
          this.advance()
          this.expect(T.RBRACE)
          return { list, ellipsis: true }
        }
        if (this.tok !== T.ID) {
          this.expect(T.RBRACE)
          return { list, ellipsis: false }
        }
        name = this.lexer.value
        start = this.lexer.start
        this.advance()
      }
      let fallback: Expr | null = null
      if (this.tok === T.QUESTION) {
        this.advance()
        fallback = this.expr(NESTED)
      }
      list.push(this.build.formal(name, fallback, start))
      name = null
      if (this.tok !== T.COMMA) {
        this.expect(T.RBRACE)
        return { list, ellipsis: false }
      }
      this.advance()
    }
  }

  private let(start: number): Expr {
    this.advance()
    if (this.tok === T.LBRACE) return this.afterSimple(this.legacyLet(start), start)
    const attrs = new AttrsExpr(false, 0, start, start)
    this.binds(attrs)
    attrs.end = this.prevEnd
    this.expect(T.IN_KW)
    return this.build.let(attrs, this.expr(TAIL), start, this.prevEnd)
  }

  private legacyLet(start: number): Expr {
    this.expect(T.LBRACE)
    const attrs = new AttrsExpr(false, 0, start, start)
    this.binds(attrs)
    this.expect(T.RBRACE)
    return this.build.legacyLet(attrs, start, this.prevEnd)
  }

  private if(start: number): Expr {
    this.advance()
    const cond = this.expr(NESTED)
    this.expect(T.THEN)
    const yes = this.expr(NESTED)
    this.expect(T.ELSE)
    const no = this.expr(TAIL)
    return new IfExpr(cond, yes, no, start, start, this.prevEnd)
  }

  /** `with e; e` and `assert e; e`. */
  private prefixed(start: number): Expr {
    const kind = this.tok
    this.advance()
    const first = this.expr(NESTED)
    this.expect(T.SEMICOLON)
    const body = this.expr(TAIL)
    if (kind === T.WITH) return new WithExpr(first, body, start, start, this.prevEnd)
    return new AssertExpr(first, body, start, start, this.prevEnd)
  }

  /** What may follow an expr_simple where a whole expression is wanted. */
  private afterSimple(simple: Expr, start: number): Expr {
    let e = simple
    if (this.tok === T.DOT || this.tok === T.OR_KW) e = this.selectRest(e, start)
    e = this.appRest(e, start)
    if (precedence[this.tok] !== 0) e = this.operators(e, start)
    return this.tok === T.PIPE_INTO || this.tok === T.PIPE_FROM ? this.pipes(e, start) : e
  }

  private pipes(first: Expr, start: number): Expr {
    let e = first
    if (this.tok === T.PIPE_INTO) {
      do {
        const pos = this.lexer.start
        this.advance()
        e = this.build.call(this.operators(null, 0), e, pos, start, this.prevEnd)
      } while (this.tok === T.PIPE_INTO)
      return e
    }
    if (this.tok !== T.PIPE_FROM) return e
    const operands = [first]
    const starts = [start]
    const positions: number[] = []
    while (this.tok === T.PIPE_FROM) {
      positions.push(this.lexer.start)
      this.advance()
      starts.push(this.lexer.start)
      operands.push(this.operators(null, 0))
    }
    e = operands.pop() as Expr
    for (let i = positions.length - 1; i >= 0; i--)
      e = this.build.call(operands[i] as Expr, e, positions[i] as number, starts[i] as number, this.prevEnd)
    return e
  }

  /** expr_op, whose first operand (an expr_app beginning at `start`) may be read already. */
  private operators(first: Expr | null, start: number): Expr {
    const kinds = this.opKinds
    const base = kinds.length
    let left = first
    let leftStart = start
    for (;;) {
      if (left === null) {
        leftStart = this.lexer.start
        if (this.tok === T.NOT || this.tok === T.MINUS) {
          this.pushOperator(this.tok === T.NOT ? notPrecedence : negatePrecedence, null, 0)
          continue
        }
        left = this.app()
      }
      const strength = precedence[this.tok] as number
      while (kinds.length > base) {
        const top = this.opStrengths[kinds.length - 1] as number
        if (top < strength) break
        if (top === strength) {
          const associates = associativity[top]
          if (associates === 1) break
          if (associates === 2) this.unexpected()
        }
        const kind = kinds.pop() as T.TokenKind
        this.opStrengths.pop()
        const pos = this.opPositions.pop() as number
        const operand: Expr | null = this.opLefts.pop() ?? null
        const operandStart = this.opStarts.pop() as number
        if (operand !== null) {
          left = this.build.binary(kind, operand, left, operandStart, pos, leftStart, this.prevEnd)
          leftStart = operandStart
        } else {
          left = kind === T.NOT ? this.build.not(left, pos, this.prevEnd) : this.build.negate(left, pos, this.prevEnd)
          leftStart = pos
        }
      }
      if (strength === 0) return left
      if (this.tok === T.QUESTION) {
        this.advance()
        left = this.build.hasAttr(left, this.attrPath(), leftStart, this.prevEnd)
        continue
      }
      this.pushOperator(strength, left, leftStart)
      left = null
    }
  }

  private pushOperator(strength: number, left: Expr | null, leftStart: number): void {
    this.opKinds.push(this.tok)
    this.opStrengths.push(strength)
    this.opPositions.push(this.lexer.start)
    this.opLefts.push(left)
    this.opStarts.push(leftStart)
    this.advance()
  }

  private app(): Expr {
    const start = this.lexer.start
    return this.appRest(this.select(), start)
  }

  private appRest(first: Expr, start: number): Expr {
    this.build.resetCursedOr(first)
    let e = first
    while (this.atSimple()) {
      const arg = this.select()
      e = this.build.call(e, arg, start, start, this.prevEnd)
      this.build.warnIfCursedOr(arg)
    }
    return e
  }

  private select(): Expr {
    const start = this.lexer.start
    const e = this.simple()
    return this.tok === T.DOT || this.tok === T.OR_KW ? this.selectRest(e, start) : e
  }

  /** After an expr_simple, at `.` or `or`. */
  private selectRest(target: Expr, start: number): Expr {
    if (this.tok === T.OR_KW) {
      this.advance()
      return this.build.cursedOr(target, start, this.prevEnd)
    }
    this.advance()
    const path = this.attrPath()
    if (this.tok !== T.OR_KW) return this.build.select(target, path, null, start, this.prevEnd)
    if (this.depth >= maxDepth) return this.tooDeep()
    this.depth += TAIL
    this.advance()
    const fallback = this.select()
    this.depth -= TAIL
    this.build.warnIfCursedOr(fallback)
    return this.build.select(target, path, fallback, start, this.prevEnd)
  }

  private simple(): Expr {
    const lexer = this.lexer
    const start = lexer.start
    switch (this.tok) {
      case T.ID: {
        const e = this.build.variable(lexer.value, start, lexer.end, lexer.entry)
        this.advance()
        return e
      }
      case T.QUOTE:
        return this.build.string(this.stringParts(), start, this.prevEnd)
      case T.LPAREN: {
        this.advance()
        const e = this.expr(NESTED)
        this.expect(T.RPAREN)
        return e
      }
      case T.LBRACE:
        this.advance()
        return this.setRest(new AttrsExpr(false, 0, start, start), start)
      case T.LBRACKET:
        return this.list(start)
      case T.INT_LIT: {
        const e = new IntExpr(lexer.number, start, lexer.end)
        this.advance()
        return e
      }
      case T.IND_STRING_OPEN:
        return this.indentedString(start)
      case T.PATH:
      case T.HPATH:
        return this.path(start)
      case T.REC: {
        this.advance()
        this.expect(T.LBRACE)
        const attrs = new AttrsExpr(true, 0, start, start)
        this.binds(attrs)
        this.expect(T.RBRACE)
        return this.build.recSet(attrs, start, this.prevEnd)
      }
      case T.SPATH: {
        const e = this.build.searchPath(lexer.value, start, lexer.end)
        this.advance()
        return e
      }
      case T.URI: {
        const e = this.build.url(lexer.value, start, lexer.end)
        this.advance()
        return e
      }
      case T.FLOAT_LIT: {
        const e = new FloatExpr(Number(lexer.number), start, lexer.end)
        this.advance()
        return e
      }
      case T.LET:
        this.advance()
        return this.legacyLet(start)
      default:
        return this.unexpected()
    }
  }

  private list(start: number): Expr {
    if (this.depth >= maxDepth) return this.tooDeep()
    this.depth += NESTED
    this.advance()
    const items: Expr[] = []
    while (this.atSimple()) {
      const item = this.select()
      this.build.warnIfCursedOr(item)
      items.push(item)
    }
    this.expect(T.RBRACKET)
    this.depth -= NESTED
    return new ListExpr(items, start, this.prevEnd)
  }

  /** `"…"`; the current token is the first quote. */
  private stringParts(): Stringy {
    this.advance()
    if (this.tok === T.QUOTE) {
      this.advance()
      return ""
    }
    const start = this.lexer.start
    const parts: ConcatPart[] = []
    if (this.tok === T.STR) {
      const text = this.lexer.value
      this.advance()
      if (!this.is(T.DOLLAR_CURLY)) {
        this.expect(T.QUOTE)
        return text
      }
      parts.push({ expr: new StrExpr(text, start, this.prevEnd), pos: start })
    }
    this.interpolations(parts)
    const end = this.prevEnd
    this.expect(T.QUOTE)
    return this.build.interpolated(parts, start, end)
  }

  /** Text and `${…}` until something else. */
  private interpolations(parts: ConcatPart[]): void {
    for (;;) {
      const pos = this.lexer.start
      if (this.tok === T.STR) {
        parts.push({ expr: new StrExpr(this.lexer.value, pos, this.lexer.end), pos })
        this.advance()
      } else if (this.tok === T.DOLLAR_CURLY) parts.push({ expr: this.interpolation(), pos })
      else return
    }
  }

  private interpolation(): Expr {
    this.advance()
    const e = this.expr(NESTED)
    this.expect(T.RBRACE)
    return e
  }

  private indentedString(start: number): Expr {
    this.advance()
    const parts: IndentedPart[] = []
    for (;;) {
      const { start: pos, end } = this.lexer
      if (this.tok === T.IND_STR) {
        parts.push({ pos, end, text: this.lexer.value, indented: this.lexer.indented })
        this.advance()
      } else if (this.tok === T.DOLLAR_CURLY) {
        const expr = this.interpolation()
        parts.push({ pos, end: this.prevEnd, expr })
      } else break
    }
    this.expect(T.IND_STRING_CLOSE)
    return this.build.indentedString(parts, start, this.prevEnd)
  }

  private path(start: number): Expr {
    const { value, end } = this.lexer
    const first = this.tok === T.PATH ? this.build.path(value, start, end) : this.build.homePath(value, start, end)
    this.advance()
    if (this.tok !== T.PATH_END) {
      const parts: ConcatPart[] = []
      if (this.tok === T.STR) {
        parts.push({ expr: new StrExpr(this.lexer.value, this.lexer.start, this.lexer.end), pos: this.lexer.start })
        this.advance()
        if (!this.is(T.DOLLAR_CURLY)) this.unexpected()
      }
      this.interpolations(parts)
      const e = this.build.interpolatedPath(first, parts, this.prevEnd)
      this.endPath()
      return e
    }
    this.endPath()
    return first
  }

  /** A PATH_END has no place of its own. */
  private endPath(): void {
    const end = this.prevEnd
    this.expect(T.PATH_END)
    this.prevEnd = end
  }

  /** The bindings of a set and its `}`. */
  private setRest(attrs: AttrsExpr, start: number): Expr {
    this.binds(attrs)
    this.expect(T.RBRACE)
    return this.build.set(attrs, start, this.prevEnd)
  }

  protected binds(attrs: AttrsExpr): void {
    for (;;) {
      switch (this.tok) {
        case T.ID:
        case T.QUOTE:
        case T.DOLLAR_CURLY:
        case T.OR_KW: {
          const pos = this.lexer.start
          this.binding(attrs, this.attrPath(), pos)
          break
        }
        case T.INHERIT:
          this.inherit(attrs)
          break
        default:
          return
      }
    }
  }

  /** `= value;` after an attribute path that begins at `pos`. */
  protected binding(attrs: AttrsExpr, path: readonly AttrName[], pos: number): void {
    const nameStart = this.stepStart
    const nameEnd = this.stepEnd
    this.expect(T.EQUALS)
    const valueStart = this.lexer.start
    const value = this.expr(NESTED)
    this.expect(T.SEMICOLON)
    this.build.addAttr(attrs, path, pos, value, valueStart, nameStart, nameEnd)
  }

  private inherit(attrs: AttrsExpr): void {
    this.advance()
    if (this.tok !== T.LPAREN) {
      const names = this.inheritNames()
      this.expect(T.SEMICOLON)
      this.build.inherit(attrs, names)
      return
    }
    this.advance()
    const pos = this.lexer.start
    const from = this.expr(NESTED)
    this.expect(T.RPAREN)
    const names = this.inheritNames()
    this.expect(T.SEMICOLON)
    this.build.inheritFrom(attrs, from, pos, names)
  }

  private inheritNames(): InheritName[] {
    const names: InheritName[] = []
    for (;;) {
      const start = this.lexer.start
      let parts: Stringy
      switch (this.tok) {
        case T.ID:
        case T.OR_KW:
          parts = this.tok === T.ID ? this.lexer.value : "or"
          this.advance()
          break
        case T.QUOTE:
          parts = this.stringParts()
          break
        case T.DOLLAR_CURLY:
          parts = this.interpolation()
          break
        default:
          return names
      }
      const name = this.build.inheritName(parts, start, this.prevEnd)
      if (name !== null) names.push(name)
    }
  }

  protected attrPath(): AttrName[] {
    return this.pathAfter(this.attrStep())
  }

  private pathAfter(first: AttrName): AttrName[] {
    const path = [first]
    while (this.tok === T.DOT) {
      this.advance()
      path.push(this.attrStep())
    }
    return path
  }

  protected attrStep(): AttrName {
    const start = this.lexer.start
    let step: AttrName
    switch (this.tok) {
      case T.ID:
        step = this.build.name(this.lexer.value, this.lexer.entry)
        this.advance()
        break
      case T.OR_KW:
        step = this.build.name("or")
        this.advance()
        break
      case T.QUOTE:
        step = this.build.attrName(this.stringParts())
        break
      case T.DOLLAR_CURLY:
        step = this.build.attrName(this.interpolation())
        break
      default:
        step = this.unexpected()
    }
    this.stepStart = start
    this.stepEnd = this.prevEnd
    return step
  }
}
