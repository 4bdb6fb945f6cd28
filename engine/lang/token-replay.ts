// A lexer that reads the whole text at once, so that a parser can look ahead as far as it likes.
// For the parser that recovers from errors; the others do without.

import { Lexer, type LexerOptions } from "./lexer.ts"
import type { Report } from "./problem.ts"
import type { Source } from "./source.ts"
import * as T from "./token.ts"

interface Token {
  readonly kind: T.TokenKind
  readonly start: number
  readonly end: number
  readonly value: string
  readonly entry: number
  readonly number: number | bigint
  readonly indented: boolean
}

export class TokenReplay extends Lexer {
  private readonly tokens: Token[] = []
  private index = -1

  constructor(source: Source, options: LexerOptions, report: Report) {
    super(source, options, report)
    let kind: T.TokenKind
    do {
      kind = super.next()
      this.tokens.push({
        kind,
        start: this.start,
        end: this.end,
        value: this.value,
        entry: this.entry,
        number: this.number,
        indented: this.indented,
      })
    } while (kind !== T.EOF)
    this.start = this.end = source.base
  }

  override next(): T.TokenKind {
    if (this.index < this.tokens.length - 1) this.index++
    const token = this.tokens[this.index] as Token // the last is EOF, so there is one
    this.start = token.start
    this.end = token.end
    this.value = token.value
    this.entry = token.entry
    this.number = token.number
    this.indented = token.indented
    return token.kind
  }

  /** The kind of the token `n` after the current one; EOF beyond the end. */
  peek(n: number): T.TokenKind {
    return this.tokens[this.index + n]?.kind ?? T.EOF
  }
}
