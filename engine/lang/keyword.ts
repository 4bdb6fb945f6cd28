// The ten keywords, found by length and first byte without making a string.

import * as T from "./token.ts"

/** The keyword that the `length` bytes of `text` at `i` are, or -1. */
export function keywordKind(text: string, i: number, length: number): T.TokenKind {
  const c = text.charCodeAt(i)
  switch (length) {
    case 2:
      if (c === 105 /* i */) {
        const d = text.charCodeAt(i + 1)
        return d === 102 ? T.IF : d === 110 ? T.IN_KW : -1
      }
      return c === 111 && text.charCodeAt(i + 1) === 114 ? T.OR_KW : -1
    case 3:
      if (c === 108 /* l */) return text.startsWith("let", i) ? T.LET : -1
      return c === 114 && text.startsWith("rec", i) ? T.REC : -1
    case 4:
      if (c === 116 /* t */) return text.startsWith("then", i) ? T.THEN : -1
      if (c === 101 /* e */) return text.startsWith("else", i) ? T.ELSE : -1
      return c === 119 && text.startsWith("with", i) ? T.WITH : -1
    case 6:
      return c === 97 && text.startsWith("assert", i) ? T.ASSERT : -1
    case 7:
      return c === 105 && text.startsWith("inherit", i) ? T.INHERIT : -1
    default:
      return -1
  }
}
