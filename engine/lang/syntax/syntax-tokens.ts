// All tokens of a text, and the comments between them.

import { Lexer } from "../lexer.ts"
import { Source } from "../source.ts"
import { Symbols } from "../symbol.ts"
import * as T from "../token.ts"
import type { SyntaxToken } from "./syntax-node.ts"

/** A comment of either form, its marks included. */
export interface Comment {
  readonly start: number
  readonly end: number
  /** Between slash and star, not after `#`. */
  readonly block: boolean
}

/** The tokens of a text (a byte string); the last is EOF. Never fails: what is no token is INVALID or left out. */
export function lexTokens(text: string): SyntaxToken[] {
  const source = new Source({ kind: "string" }, text, 0)
  const lexer = new Lexer(source, { symbols: new Symbols(), pipeOperators: true }, () => {})
  const tokens: SyntaxToken[] = []
  let end = 0
  for (;;) {
    const kind = lexer.next()
    // The end of a path has the place of the token before it: here it is where it is, and empty.
    const token = kind === T.PATH_END || kind === T.EOF ? { kind, start: end, end } : { kind, start: lexer.start, end: lexer.end }
    if (kind === T.EOF) {
      tokens.push({ kind, start: text.length, end: text.length })
      return tokens
    }
    tokens.push(token)
    end = token.end
  }
}

/** The comments in a stretch of text that has no tokens. */
export function commentsIn(text: string, start: number, end: number): Comment[] {
  const comments: Comment[] = []
  for (let i = start; i < end; i++) {
    if (text[i] === "#") {
      let stop = i
      while (stop < end && text[stop] !== "\n" && text[stop] !== "\r") stop++
      comments.push({ start: i, end: stop, block: false })
      i = stop
    } else if (text[i] === "/" && text[i + 1] === "*") {
      const close = text.indexOf("*/", i + 2)
      const stop = close < 0 || close + 2 > end ? end : close + 2
      comments.push({ start: i, end: stop, block: true })
      i = stop - 1
    }
  }
  return comments
}
