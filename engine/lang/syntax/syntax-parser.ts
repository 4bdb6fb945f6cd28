// Tokens to the concrete syntax tree. Takes any text; on a valid one it agrees with the parser (a test compares them).

import * as T from "../token.ts"
import type { SyntaxElement, SyntaxKind, SyntaxNode, SyntaxToken } from "./syntax-node.ts"
import { lexTokens } from "./syntax-tokens.ts"

/** Operators by token: strength, and what stands beside an operator of the same strength ("left": `a - b - c` is `(a - b) - c`). */
const operators: ReadonlyMap<T.TokenKind, readonly [strength: number, side: "left" | "right" | "none"]> = new Map([
  [T.PIPE_FROM, [0, "right"]],
  [T.PIPE_INTO, [0, "left"]],
  [T.IMPL, [1, "right"]],
  [T.OR, [2, "left"]],
  [T.AND, [3, "left"]],
  [T.EQ, [4, "none"]],
  [T.NEQ, [4, "none"]],
  [T.LESS, [5, "none"]],
  [T.GREATER, [5, "none"]],
  [T.LEQ, [5, "none"]],
  [T.GEQ, [5, "none"]],
  [T.UPDATE, [6, "right"]],
  [T.PLUS, [8, "left"]],
  [T.MINUS, [8, "left"]],
  [T.TIMES, [9, "left"]],
  [T.DIVIDE, [9, "left"]],
  [T.CONCAT, [10, "right"]],
  [T.QUESTION, [11, "none"]],
])
const notStrength = 7
const negateStrength = 12

const beginsArgument = new Set([
  T.ID,
  T.INT_LIT,
  T.FLOAT_LIT,
  T.QUOTE,
  T.IND_STRING_OPEN,
  T.PATH,
  T.HPATH,
  T.SPATH,
  T.URI,
  T.LPAREN,
  T.LET,
  T.REC,
  T.LBRACE,
  T.LBRACKET,
])

/** What ends everything that is open; an error never skips it. */
const closers = new Set([T.RPAREN, T.RBRACE, T.RBRACKET, T.SEMICOLON, T.IN_KW, T.THEN, T.ELSE, T.EOF, T.IND_STRING_CLOSE, T.PATH_END])

/** Nested deeper than this a text gets no tree: that is no text somebody edits, and the native stack is not ours alone. */
const maxDepth = 400

/** Thrown, never leaves this file. */
const tooDeep = { kind: "too-deep" } as const

/** The concrete syntax tree of a text (a byte string), or null if it is nested too deeply. */
export function parseSyntax(text: string): SyntaxNode | null {
  try {
    return new SyntaxParser(lexTokens(text)).root(text.length)
  } catch (e) {
    if (e === tooDeep) return null
    throw e
  }
}

class SyntaxParser {
  private readonly tokens: readonly SyntaxToken[]
  private at = 0
  private depth = 0

  constructor(tokens: readonly SyntaxToken[]) {
    this.tokens = tokens
  }

  private tok(): T.TokenKind {
    return this.token(0).kind
  }

  private token(ahead: number): SyntaxToken {
    return this.tokens[Math.min(this.at + ahead, this.tokens.length - 1)] as SyntaxToken
  }

  private take(): SyntaxToken {
    const token = this.token(0)
    if (token.kind !== T.EOF) this.at++
    return token
  }

  private node(kind: SyntaxKind, children: readonly SyntaxElement[]): SyntaxNode {
    const first = children[0]
    const last = children[children.length - 1]
    if (first === undefined || last === undefined) {
      const { start } = this.token(0)
      return { kind, start, end: start, children }
    }
    return { kind, start: first.start, end: last.end, children }
  }

  /** Takes a token of this kind if it is there. */
  private expect(kind: T.TokenKind, into: SyntaxElement[]): boolean {
    if (this.tok() !== kind) return false
    into.push(this.take())
    return true
  }

  root(length: number): SyntaxNode {
    const children: SyntaxElement[] = []
    if (this.tok() !== T.EOF) children.push(this.expr())
    while (this.tok() !== T.EOF) {
      const before = this.at
      children.push(this.node("error", [this.take()]))
      if (this.tok() !== T.EOF && this.at > before) children.push(this.expr())
    }
    return { kind: "root", start: 0, end: length, children }
  }

  private expr(): SyntaxNode {
    if (this.depth >= maxDepth) throw tooDeep
    this.depth++
    const node = this.functionOrOperation()
    this.depth--
    return node
  }

  private functionOrOperation(): SyntaxNode {
    switch (this.tok()) {
      case T.ID:
        if (this.token(1).kind === T.COLON) return this.lambda(this.node("parameter", [this.take()]))
        if (this.token(1).kind === T.AT) return this.lambda(this.formals())
        break
      case T.LBRACE:
        if (this.beginsFormals()) return this.lambda(this.formals())
        break
      case T.LET:
        if (this.token(1).kind !== T.LBRACE) return this.let()
        break
      case T.IF:
        return this.if()
      case T.WITH:
        return this.prefixed("with")
      case T.ASSERT:
        return this.prefixed("assert")
    }
    return this.operation(0)
  }

  private beginsFormals(): boolean {
    const next = this.token(1).kind
    if (next === T.ELLIPSIS) return true
    const after = this.token(2).kind
    if (next === T.RBRACE) return after === T.COLON || after === T.AT
    if (next !== T.ID) return false
    if (after === T.COMMA || after === T.QUESTION) return true
    const third = this.token(3).kind
    return after === T.RBRACE && (third === T.COLON || third === T.AT)
  }

  private lambda(parameter: SyntaxNode): SyntaxNode {
    const children: SyntaxElement[] = [parameter]
    this.expect(T.COLON, children)
    children.push(this.expr())
    return this.node("lambda", children)
  }

  private formals(): SyntaxNode {
    const children: SyntaxElement[] = []
    if (this.tok() === T.ID) {
      children.push(this.node("parameter", [this.take()]))
      this.expect(T.AT, children)
    }
    if (this.expect(T.LBRACE, children)) {
      while (this.tok() !== T.RBRACE && this.tok() !== T.EOF) {
        if (this.tok() === T.ID) {
          const formal: SyntaxElement[] = [this.take()]
          if (this.expect(T.QUESTION, formal)) formal.push(this.expr())
          children.push(this.node("formal", formal))
        } else if (this.tok() === T.ELLIPSIS || this.tok() === T.COMMA) children.push(this.take())
        else if (closers.has(this.tok())) break
        else children.push(this.node("error", [this.take()]))
      }
      this.expect(T.RBRACE, children)
    }
    if (this.tok() === T.AT) {
      children.push(this.take())
      if (this.tok() === T.ID) children.push(this.node("parameter", [this.take()]))
    }
    return this.node("formals", children)
  }

  private let(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    this.bindings(children)
    if (this.expect(T.IN_KW, children)) children.push(this.expr())
    return this.node("let", children)
  }

  private if(): SyntaxNode {
    const children: SyntaxElement[] = [this.take(), this.expr()]
    if (this.expect(T.THEN, children)) children.push(this.expr())
    if (this.expect(T.ELSE, children)) children.push(this.expr())
    return this.node("if", children)
  }

  private prefixed(kind: "with" | "assert"): SyntaxNode {
    const children: SyntaxElement[] = [this.take(), this.expr()]
    if (this.expect(T.SEMICOLON, children)) children.push(this.expr())
    return this.node(kind, children)
  }

  /** Operators of at least this strength. */
  private operation(least: number): SyntaxNode {
    let left = this.operand()
    for (;;) {
      const operator = operators.get(this.tok())
      if (operator === undefined || operator[0] < least) return left
      const [strength, side] = operator
      if (this.tok() === T.QUESTION) {
        left = this.node("has-attr", [left, this.take(), this.attrPath()])
        continue
      }
      const token = this.take()
      left = this.node("binary", [left, token, this.operation(side === "right" ? strength : strength + 1)])
    }
  }

  private operand(): SyntaxNode {
    if (this.tok() !== T.NOT && this.tok() !== T.MINUS) return this.operandOrFunction()
    const operator = this.take()
    if (this.depth >= maxDepth) throw tooDeep
    this.depth++
    const operand = this.operation(operator.kind === T.NOT ? notStrength : negateStrength)
    this.depth--
    return this.node("unary", [operator, operand])
  }

  /** `a || if b then c else d` is no Nix, but somebody may be writing it. */
  private operandOrFunction(): SyntaxNode {
    if (this.tok() === T.IF || this.tok() === T.WITH || this.tok() === T.ASSERT) return this.expr()
    return this.call()
  }

  private call(): SyntaxNode {
    const children: SyntaxElement[] = [this.select()]
    while (beginsArgument.has(this.tok()) && !this.beginsBinding()) children.push(this.select())
    return children.length === 1 ? (children[0] as SyntaxNode) : this.node("call", children)
  }

  /** `name =`, `name.name =`: the `;` before it is missing. */
  private beginsBinding(): boolean {
    if (this.tok() !== T.ID) return false
    let ahead = 1
    while (this.token(ahead).kind === T.DOT && this.token(ahead + 1).kind === T.ID) ahead += 2
    return this.token(ahead).kind === T.EQUALS
  }

  private select(): SyntaxNode {
    let node = this.simple()
    if (this.tok() === T.DOT) {
      const children: SyntaxElement[] = [node, this.take(), this.attrPath()]
      if (this.expect(T.OR_KW, children)) children.push(this.select())
      node = this.node("select", children)
    } else if (this.tok() === T.OR_KW) node = this.node("call", [node, this.node("variable", [this.take()])])
    return node
  }

  private attrPath(): SyntaxNode {
    const children: SyntaxElement[] = []
    for (;;) {
      const step = this.attrStep()
      if (step === null) break
      children.push(step)
      if (!this.expect(T.DOT, children)) break
    }
    return this.node("attr-path", children)
  }

  private attrStep(): SyntaxNode | null {
    switch (this.tok()) {
      case T.ID:
      case T.OR_KW:
        return this.node("name", [this.take()])
      case T.QUOTE:
        return this.string()
      case T.DOLLAR_CURLY:
        return this.interpolation()
      default:
        return null
    }
  }

  private simple(): SyntaxNode {
    switch (this.tok()) {
      case T.ID:
        return this.node("variable", [this.take()])
      case T.INT_LIT:
      case T.FLOAT_LIT:
      case T.SPATH:
      case T.URI:
        return this.node("literal", [this.take()])
      case T.PATH:
      case T.HPATH:
        return this.path()
      case T.QUOTE:
        return this.string()
      case T.IND_STRING_OPEN:
        return this.indentedString()
      case T.LPAREN: {
        const children: SyntaxElement[] = [this.take(), this.expr()]
        while (this.tok() !== T.RPAREN && !closers.has(this.tok())) children.push(this.node("error", [this.take()]))
        this.expect(T.RPAREN, children)
        return this.node("parenthesis", children)
      }
      case T.LBRACKET:
        return this.list()
      case T.LBRACE:
      case T.REC:
        return this.attrs()
      case T.LET: {
        const children: SyntaxElement[] = [this.take()]
        this.braces(children)
        return this.node("legacy-let", children)
      }
      default:
        return closers.has(this.tok()) ? this.node("error", []) : this.node("error", [this.take()])
    }
  }

  private path(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    while (this.tok() !== T.PATH_END && this.tok() !== T.EOF) {
      if (this.tok() === T.DOLLAR_CURLY) children.push(this.interpolation())
      else if (this.tok() === T.STR || this.tok() === T.PATH) children.push(this.take())
      else break
    }
    this.expect(T.PATH_END, children)
    return this.node("path", children)
  }

  private string(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    this.parts(children, T.STR)
    this.expect(T.QUOTE, children)
    return this.node("string", children)
  }

  private indentedString(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    this.parts(children, T.IND_STR)
    this.expect(T.IND_STRING_CLOSE, children)
    return this.node("indented-string", children)
  }

  private parts(children: SyntaxElement[], text: T.TokenKind): void {
    for (;;) {
      if (this.tok() === text) children.push(this.take())
      else if (this.tok() === T.DOLLAR_CURLY) children.push(this.interpolation())
      else return
    }
  }

  private interpolation(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    children.push(this.expr())
    while (this.tok() !== T.RBRACE && !closers.has(this.tok())) children.push(this.node("error", [this.take()]))
    this.expect(T.RBRACE, children)
    return this.node("interpolation", children)
  }

  private list(): SyntaxNode {
    if (this.depth >= maxDepth) throw tooDeep
    this.depth++
    const children: SyntaxElement[] = [this.take()]
    while (!closers.has(this.tok())) {
      if (this.beginsBinding()) break
      children.push(beginsArgument.has(this.tok()) ? this.select() : this.node("error", [this.take()]))
    }
    this.expect(T.RBRACKET, children)
    this.depth--
    return this.node("list", children)
  }

  private attrs(): SyntaxNode {
    const children: SyntaxElement[] = []
    this.expect(T.REC, children)
    this.braces(children)
    return this.node("attrs", children)
  }

  private braces(children: SyntaxElement[]): void {
    if (this.depth >= maxDepth) throw tooDeep
    this.depth++
    if (this.expect(T.LBRACE, children)) {
      this.bindings(children)
      this.expect(T.RBRACE, children)
    }
    this.depth--
  }

  private bindings(children: SyntaxElement[]): void {
    for (;;) {
      switch (this.tok()) {
        case T.INHERIT:
          children.push(this.inherit())
          break
        case T.ID:
        case T.OR_KW:
        case T.QUOTE:
        case T.DOLLAR_CURLY: {
          const binding: SyntaxElement[] = [this.attrPath()]
          if (this.expect(T.EQUALS, binding)) binding.push(this.expr())
          this.expect(T.SEMICOLON, binding)
          children.push(this.node("binding", binding))
          break
        }
        case T.SEMICOLON:
          children.push(this.node("error", [this.take()]))
          break
        default:
          if (closers.has(this.tok())) return
          children.push(this.node("error", [this.take()]))
      }
    }
  }

  private inherit(): SyntaxNode {
    const children: SyntaxElement[] = [this.take()]
    if (this.tok() === T.LPAREN) {
      const from: SyntaxElement[] = [this.take(), this.expr()]
      this.expect(T.RPAREN, from)
      children.push(this.node("parenthesis", from))
    }
    for (;;) {
      if (this.beginsBinding()) break
      const step = this.attrStep()
      if (step === null) break
      children.push(step)
    }
    this.expect(T.SEMICOLON, children)
    return this.node("inherit", children)
  }
}
