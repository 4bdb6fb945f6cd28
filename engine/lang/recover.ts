// Parsing for editors: several problems and a tree from any text. The first error is exactly Nix's;
// those after it are this parser's own, made by going on where a person would: a missing `;`, `=` or
// bracket is taken as written, what fits nowhere is skipped up to the end of its binding or bracket.

import type { AttrsExpr } from "./attrs-expr.ts"
import { type AttrName, BrokenExpr, type Expr } from "./expr.ts"
import type { Parsed, ParseOptions } from "./parse-options.ts"
import { Parser, parse } from "./parser.ts"
import type { Problem } from "./problem.ts"
import type { Source } from "./source.ts"
import * as T from "./token.ts"
import { TokenReplay } from "./token-replay.ts"

/** More problems help nobody. */
const maxProblems = 100

/**
 * Parses a text for an editor: always a tree, with a BrokenExpr where the text makes no sense, and all
 * problems by position. It interns names also after the first error, so give it symbols of its own.
 */
export function parseWithRecovery(source: Source, options: ParseOptions): Parsed {
  const exact = parse(source, options)
  if (exact.expr !== null) return exact
  const recovering = new RecoveringParser(source, options)
  const expr = recovering.recover()
  const first = exact.problems[exact.problems.length - 1] as Problem // no tree: the last problem is the error
  // Up to there all was well; what this parser finds before it, it found because it takes things as written.
  const problems = recovering.problems.filter((p) => p.severity === "warning" || p.pos > first.pos)
  problems.push(first)
  problems.sort((a, b) => a.pos - b.pos)
  return { expr, problems: problems.slice(0, maxProblems), docs: recovering.docs }
}

/** How many tokens a binding's name is looked for; keeps endless paths from being looked at again at each step. */
const farthest = 50

/** What is closed by each closing token. */
const openers: ReadonlyMap<T.TokenKind, T.TokenKind> = new Map([
  [T.RPAREN, T.LPAREN],
  [T.RBRACKET, T.LBRACKET],
  [T.RBRACE, T.LBRACE],
  [T.IN_KW, T.LET],
  [T.THEN, T.IF],
  [T.ELSE, T.IF],
])

class RecoveringParser extends Parser {
  readonly problems: Problem[]
  private readonly replay: TokenReplay
  private lastPos = -1
  private prevTok: T.TokenKind = T.EOF
  /** How many of each opening token are open. */
  private readonly open = new Map<T.TokenKind, number>()

  constructor(source: Source, options: ParseOptions) {
    const problems: Problem[] = []
    const report = (problem: Problem) => {
      problems.push(problem)
    }
    const replay = new TokenReplay(source, options, report)
    super(source, options, report, replay)
    this.problems = problems
    this.replay = replay
  }

  get docs() {
    return this.replay.docs
  }

  /** The tree, whatever the text. */
  recover(): Expr {
    return this.whole()
  }

  private syntaxError(expected: string): void {
    const { start, end } = this.lexer
    // One problem a place: whatever else is missing there follows from the first.
    if (start === this.lastPos) return
    this.lastPos = start
    const message = `syntax error, unexpected ${T.tokenNames[this.tok]}${expected}`
    this.problems.push({ code: "syntax/unexpected", severity: "error", message, pos: start, end: Math.max(start, end) })
  }

  protected override unexpected(): Expr {
    this.syntaxError("")
    const { start } = this.lexer
    return new BrokenExpr(start, start)
  }

  protected override tooDeep(): Expr {
    const { start, end } = this.lexer
    this.problems.push({
      code: "syntax/too-deep",
      severity: "error",
      message: "nested too deeply to go on after an error",
      pos: start,
      end,
    })
    this.lastPos = start
    return new BrokenExpr(start, start)
  }

  protected override expect(kind: T.TokenKind): void {
    if (this.tok === kind) {
      this.advance()
      return
    }
    this.syntaxError(`, expecting ${T.tokenNames[kind]}`)
    switch (kind) {
      case T.SEMICOLON:
        if (!this.beginsBinding()) this.skipTo(T.SEMICOLON)
        break
      case T.RPAREN:
      case T.RBRACE:
      case T.RBRACKET:
      case T.QUOTE:
      case T.IND_STRING_CLOSE:
        this.skipTo(kind)
        break
      default:
      // The others are taken as written.
    }
  }

  /** Skips to a token of this kind and past it, but not out of what is around here nor into the next binding. */
  private skipTo(kind: T.TokenKind): void {
    const around = new Map(this.open)
    for (;;) {
      const level = this.inside(around)
      if (this.tok === T.EOF) return
      if (!level) {
        if (this.tok === kind) {
          this.advance()
          return
        }
        if (this.ends(around) || this.beginsBinding()) return
      }
      this.advance()
    }
  }

  /** Whether something that was opened since `around` is still open. */
  private inside(around: ReadonlyMap<T.TokenKind, number>): boolean {
    for (const [opener, count] of this.open) if (count > (around.get(opener) ?? 0)) return true
    return false
  }

  /** Whether the current token ends something that is open; a `]` without `[` does not. */
  private ends(around: ReadonlyMap<T.TokenKind, number>): boolean {
    if (this.tok === T.SEMICOLON || this.tok === T.EOF || this.tok === T.IND_STRING_CLOSE || this.tok === T.PATH_END) return true
    const opener = openers.get(this.tok)
    return opener !== undefined && (around.get(opener) ?? 0) > 0
  }

  protected override advance(): void {
    // What is open, by the tokens passed: a `then` leaves its `if` open for the `else`.
    const opener = this.tok === T.DOLLAR_CURLY ? T.LBRACE : this.tok
    if (opener === T.LPAREN || opener === T.LBRACKET || opener === T.LBRACE || opener === T.LET || opener === T.IF)
      this.open.set(opener, (this.open.get(opener) ?? 0) + 1)
    else if (this.tok !== T.THEN) {
      const closed = openers.get(this.tok)
      if (closed !== undefined) this.open.set(closed, Math.max(0, (this.open.get(closed) ?? 0) - 1))
    }
    this.prevTok = this.tok
    super.advance()
  }

  /** Whether here is `name… =` or `inherit`: no expression goes on like that. */
  private beginsBinding(): boolean {
    if (this.tok === T.INHERIT) return true
    let n = 0
    while (n < farthest) {
      const kind = n === 0 ? this.tok : this.replay.peek(n)
      if (kind === T.ID || kind === T.OR_KW) n++
      else if (kind === T.QUOTE && this.replay.peek(n + 1) === T.STR && this.replay.peek(n + 2) === T.QUOTE) n += 3
      else return false
      const next = this.replay.peek(n)
      if (next === T.EQUALS) return true
      if (next !== T.DOT) return false
      n++
    }
    return false
  }

  protected override atSimple(): boolean {
    return super.atSimple() && !this.beginsBinding()
  }

  protected override binds(attrs: AttrsExpr): void {
    for (;;) {
      super.binds(attrs)
      if (this.tok !== T.SEMICOLON && this.ends(this.open)) return
      this.unexpected()
      this.advance()
      this.skipTo(T.SEMICOLON)
    }
  }

  protected override binding(attrs: AttrsExpr, path: readonly AttrName[], pos: number): void {
    if (this.tok === T.EQUALS) {
      super.binding(attrs, path, pos)
      return
    }
    this.syntaxError(", expecting '.' or '='")
    const { start } = this.lexer
    const { stepStart, stepEnd } = this
    if (!this.beginsBinding()) this.skipTo(T.SEMICOLON)
    this.build.addAttr(attrs, path, pos, new BrokenExpr(start, start), start, stepStart, stepEnd)
  }

  protected override attrStep(): AttrName {
    // `x.` at the end of a line, and the next binding below.
    if (this.prevTok === T.DOT && this.lineBreakBefore() && this.beginsBinding()) {
      this.prevTok = T.EOF
      return this.unexpected()
    }
    return super.attrStep()
  }

  private lineBreakBefore(): boolean {
    const { text, base } = this.lexer
    return text.slice(this.prevEnd - base, this.lexer.start - base).includes("\n")
  }
}
