// Text to tokens, as C++ Nix's lexer.l: longest match, earliest rule on ties, over bytes.
//
//   ID    [a-zA-Z_][a-zA-Z0-9_'-]*      INT [0-9]+
//   FLOAT (([1-9][0-9]*\.[0-9]*)|(0?\.[0-9]+))([Ee][+-]?[0-9]+)?
//   PATH  [a-zA-Z0-9._+-]*(/[a-zA-Z0-9._+-]+)+/?     HPATH ~(/[a-zA-Z0-9._+-]+)+/?
//   SPATH <[a-zA-Z0-9._+-]+(/[a-zA-Z0-9._+-]+)*>
//   URI   [a-zA-Z][a-zA-Z0-9+.-]*:[a-zA-Z0-9%/?:@&=+$,_.!~*'-]+
//
// A path token may be followed at once by `${`, then more path text; PATH_END closes it. What is odd:
// a NUL byte outside strings and comments is the end of the text, and a PATH_END has the place of the
// token before it (at the end of the text: of the one before that), which shows in error positions.

import { charClass, DIGIT, ID_CHAR, INDENTED_STOP, PATH_CHAR, SPACE, STRING_STOP, URI_CHAR } from "./char-class.ts"
import { keywordKind } from "./keyword.ts"
import { parseFloatLiteral, parseIntLiteral } from "./number-literal.ts"
import type { DocComments } from "./parse-options.ts"
import type { LangCode, Report } from "./problem.ts"
import type { Source } from "./source.ts"
import type { Symbols } from "./symbol.ts"
import * as T from "./token.ts"

const CODE = 0
const STRING = 1
const INDENTED = 2
const IN_PATH = 3
const IN_PATH_SLASH = 4
const REPL_START = 5

export interface LexerOptions {
  /** Names are cut out through it, but get no numbers from the lexer. */
  readonly symbols: Symbols
  readonly pipeOperators: boolean
  readonly mode?: "expr" | "repl-bindings"
}

export class Lexer {
  readonly text: string
  readonly base: number
  /** Place of the current token in the position table. */
  start: number
  end: number
  /** Of ID, STR, IND_STR (escapes done), PATH, HPATH, SPATH (with `<` and `>`), URI: the bytes. */
  value = ""
  /** Of ID: its entry in the symbols, see Symbols.slice. */
  entry = -1
  /** Of INT_LIT and FLOAT_LIT. */
  number: number | bigint = 0
  /** Of IND_STR: plain text, whose leading spaces count as indentation. */
  indented = false
  /** Filled while lexing: position of the token after a doc comment → the comment. */
  readonly docs: DocComments = new Map()

  private pos = 0
  private mode: number
  /** The modes below the current one; empty at the bottom, where `}` closes nothing. */
  private readonly modes: number[] = []
  private readonly pipes: boolean
  private readonly symbols: Symbols
  private readonly report: Report
  /** End of the last run of path characters looked at, and its last `_`; saves looking twice. */
  private runEnd = 0
  private runUnderscore = -1
  /** Range of the doc comment before the next token; -1 without. */
  private docStart = -1
  private docEnd = 0
  /** Start of the token before the last path text, and where the text ends if it ends in a path. */
  private beforePath = 0
  private pathEof = -1
  /** From here on no comment is closed. */
  private noCommentEnd = Number.POSITIVE_INFINITY

  /** `report` gets what no token can be made of; if it does not throw, lexing goes on. */
  constructor(source: Source, options: LexerOptions, report: Report) {
    this.text = source.text
    this.base = source.base
    this.start = source.base
    this.end = source.base
    this.pipes = options.pipeOperators
    this.symbols = options.symbols
    this.report = report
    this.mode = CODE
    if (options.mode === "repl-bindings") this.push(REPL_START)
  }

  /** The next token; its place and value are in the fields. After EOF again EOF. */
  next(): T.TokenKind {
    switch (this.mode) {
      case CODE:
        return this.code()
      case STRING:
        return this.string()
      case INDENTED:
        return this.indentedString()
      case REPL_START:
        return this.replStart()
      default:
        return this.path()
    }
  }

  private push(mode: number): void {
    this.modes.push(this.mode)
    this.mode = mode
  }

  private pop(): void {
    const below = this.modes.pop()
    if (below !== undefined) this.mode = below
  }

  private fail(code: LangCode, message: string, pos: number, end: number): void {
    this.report({ code, severity: "error", message, pos, end })
  }

  /** The token ends before offset `end`. */
  private token(kind: T.TokenKind, end: number): T.TokenKind {
    this.pos = end
    this.end = this.base + end
    return kind
  }

  private valued(kind: T.TokenKind, start: number, end: number): T.TokenKind {
    this.value = this.text.slice(start, end)
    this.pos = end
    this.end = this.base + end
    return kind
  }

  private replStart(): T.TokenKind {
    if (this.text.length === 0) return this.endOfText(0)
    this.pop()
    return T.REPL_BINDINGS
  }

  private endOfText(offset: number): T.TokenKind {
    this.start = this.base + offset
    // C++ Nix: at the end of the text the INPATH rule restores the place before the last token.
    this.end = this.pathEof >= 0 ? this.pathEof : this.start
    this.pos = offset
    return T.EOF
  }

  private code(): T.TokenKind {
    const text = this.text
    const n = text.length
    let i = this.pos
    let c = 0
    for (;;) {
      if (i >= n) return this.endOfText(n)
      c = text.charCodeAt(i)
      if (((charClass[c] as number) & SPACE) !== 0) i++
      else if (c === 35) i = this.lineEnd(i)
      else if (c === 47 && text.charCodeAt(i + 1) === 42) {
        const end = this.commentEnd(i)
        if (end < 0) break
        i = end
      } else break
    }
    this.start = this.base + i
    if (this.docStart >= 0) {
      this.docs.set(this.start, [this.docStart, this.docEnd])
      this.docStart = -1
    }
    switch (c) {
      case 0:
        this.pos = i
        this.end = this.base + i + 1
        return T.EOF
      case 34 /* " */:
        this.push(STRING)
        return this.token(T.QUOTE, i + 1)
      case 123 /* { */:
        this.push(CODE)
        return this.token(T.LBRACE, i + 1)
      case 125 /* } */:
        this.pop()
        return this.token(T.RBRACE, i + 1)
      case 59 /* ; */:
        return this.token(T.SEMICOLON, i + 1)
      case 61 /* = */:
        return text.charCodeAt(i + 1) === 61 ? this.token(T.EQ, i + 2) : this.token(T.EQUALS, i + 1)
      case 40 /* ( */:
        return this.token(T.LPAREN, i + 1)
      case 41 /* ) */:
        return this.token(T.RPAREN, i + 1)
      case 91 /* [ */:
        return this.token(T.LBRACKET, i + 1)
      case 93 /* ] */:
        return this.token(T.RBRACKET, i + 1)
      case 44 /* , */:
        return this.token(T.COMMA, i + 1)
      case 58 /* : */:
        return this.token(T.COLON, i + 1)
      case 63 /* ? */:
        return this.token(T.QUESTION, i + 1)
      case 64 /* @ */:
        return this.token(T.AT, i + 1)
      case 42 /* * */:
        return this.token(T.TIMES, i + 1)
      case 33 /* ! */:
        return text.charCodeAt(i + 1) === 61 ? this.token(T.NEQ, i + 2) : this.token(T.NOT, i + 1)
      case 62 /* > */:
        return text.charCodeAt(i + 1) === 61 ? this.token(T.GEQ, i + 2) : this.token(T.GREATER, i + 1)
      case 38 /* & */:
        return text.charCodeAt(i + 1) === 38 ? this.token(T.AND, i + 2) : this.token(T.INVALID, i + 1)
      case 124 /* | */:
        {
          const d = text.charCodeAt(i + 1)
          if (d === 124) return this.token(T.OR, i + 2)
          return d === 62 ? this.pipe(T.PIPE_INTO, i) : this.token(T.INVALID, i + 1)
        }
      case 36 /* $ */:
        if (text.charCodeAt(i + 1) !== 123) return this.token(T.INVALID, i + 1)
        this.push(CODE)
        return this.token(T.DOLLAR_CURLY, i + 2)
      case 39 /* ' */:
        return this.openIndented(i)
      case 60 /* < */:
        return this.less(i)
      case 126 /* ~ */:
        return this.homePath(i)
      case 47 /* / */:
        {
          const kind = this.pathAfter(i, i)
          if (kind >= 0) return kind
          return text.charCodeAt(i + 1) === 47 ? this.token(T.UPDATE, i + 2) : this.token(T.DIVIDE, i + 1)
        }
      case 46 /* . */:
        return this.dot(i)
      case 43 /* + */:
      case 45 /* - */:
        return this.sign(i, c)
    }
    if (c >= 48 && c <= 57) return this.digits(i)
    if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 95) return this.word(i)
    return this.token(T.INVALID, i + 1)
  }

  /** End of a `#` comment. */
  private lineEnd(i: number): number {
    const text = this.text
    const n = text.length
    while (i < n) {
      const c = text.charCodeAt(i)
      if (c === 10 || c === 13) break
      i++
    }
    return i
  }

  /** End of the comment that begins with `/*` at `i`, or -1 if it is never closed (then it is none). */
  private commentEnd(i: number): number {
    if (i >= this.noCommentEnd) return -1
    const text = this.text
    const close = text.indexOf("*/", i + 2)
    if (close < 0) {
      this.noCommentEnd = i
      return -1
    }
    // `/**` is a doc comment unless it is `/**/` or `/***`.
    if (text.charCodeAt(i + 2) === 42) {
      const d = text.charCodeAt(i + 3)
      if (d !== 47 && d !== 42) {
        this.docStart = this.base + i
        this.docEnd = this.base + close + 2
      }
    }
    return close + 2
  }

  private pipe(kind: T.TokenKind, i: number): T.TokenKind {
    if (!this.pipes)
      this.fail(
        "syntax/feature-disabled",
        "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features pipe-operators' to enable it",
        this.base + i,
        this.base + i + 2,
      )
    return this.token(kind, i + 2)
  }

  private openIndented(i: number): T.TokenKind {
    const text = this.text
    if (text.charCodeAt(i + 1) !== 39) return this.token(T.INVALID, i + 1)
    this.push(INDENTED)
    let k = i + 2
    while (text.charCodeAt(k) === 32) k++
    return this.token(T.IND_STRING_OPEN, text.charCodeAt(k) === 10 ? k + 1 : i + 2)
  }

  private less(i: number): T.TokenKind {
    const text = this.text
    const d = text.charCodeAt(i + 1)
    if (d === 61) return this.token(T.LEQ, i + 2)
    if (d === 124) return this.pipe(T.PIPE_FROM, i)
    let k = this.pathChars(i + 1)
    if (k > i + 1) {
      while (text.charCodeAt(k) === 47) {
        const segment = this.pathChars(k + 1)
        if (segment === k + 1) break
        k = segment
      }
      if (text.charCodeAt(k) === 62) return this.valued(T.SPATH, i, k + 1)
    }
    return this.token(T.LESS, i + 1)
  }

  private homePath(i: number): T.TokenKind {
    const text = this.text
    if (text.charCodeAt(i + 1) !== 47) return this.token(T.INVALID, i + 1)
    const end = this.pathEnd(i + 1)
    if (end > i + 1) return this.startPath(T.HPATH, i, end)
    if (this.interpolates(i + 2)) return this.startPath(T.HPATH, i, i + 2)
    return this.token(T.INVALID, i + 1)
  }

  private dot(i: number): T.TokenKind {
    const text = this.text
    const d = text.charCodeAt(i + 1)
    // Mostly `a.b`: no path, since the run was looked at with `a`.
    const kind = this.pathAfter(i, this.run(i))
    if (kind >= 0) return kind
    if (d >= 48 && d <= 57) return this.float(i, this.exponentEnd(this.digitsEnd(i + 1)))
    if (d === 46 && text.charCodeAt(i + 2) === 46) return this.token(T.ELLIPSIS, i + 3)
    return this.token(T.DOT, i + 1)
  }

  private sign(i: number, c: number): T.TokenKind {
    const d = this.text.charCodeAt(i + 1)
    if (d !== 32) {
      if (c === 45 && d === 62) return this.token(T.IMPL, i + 2)
      const kind = this.pathAfter(i, this.run(i))
      if (kind >= 0) return kind
      if (c === 43 && d === 43) return this.token(T.CONCAT, i + 2)
    }
    return this.token(c === 43 ? T.PLUS : T.MINUS, i + 1)
  }

  private digits(i: number): T.TokenKind {
    const text = this.text
    const end = this.digitsEnd(i)
    const d = text.charCodeAt(end)
    if (d === 47 || (end < text.length && ((charClass[d] as number) & PATH_CHAR) !== 0)) {
      const kind = this.pathAfter(i, this.run(i))
      if (kind >= 0) return kind
      if (d === 46) {
        // `[1-9][0-9]*\.[0-9]*` or `0\.[0-9]+`, but not `01.5`, which is `01` and `.5`.
        const fraction = this.digitsEnd(end + 1)
        if (text.charCodeAt(i) !== 48 || (end === i + 1 && fraction > end + 1)) return this.float(i, this.exponentEnd(fraction))
      }
    }
    const literal = text.slice(i, end)
    const value = parseIntLiteral(literal)
    if (value === null) this.fail("syntax/bad-number", `invalid integer '${literal}'`, this.start, this.base + end)
    this.number = value ?? 0
    return this.token(T.INT_LIT, end)
  }

  private float(i: number, end: number): T.TokenKind {
    const literal = this.text.slice(i, end)
    const value = parseFloatLiteral(literal)
    if (value === null) this.fail("syntax/bad-number", `invalid float '${literal}'`, this.start, this.base + end)
    this.number = value ?? 0
    return this.token(T.FLOAT_LIT, end)
  }

  private digitsEnd(i: number): number {
    const text = this.text
    const n = text.length
    while (i < n && ((charClass[text.charCodeAt(i)] as number) & DIGIT) !== 0) i++
    return i
  }

  private exponentEnd(i: number): number {
    const text = this.text
    const c = text.charCodeAt(i)
    if (c !== 101 && c !== 69) return i
    const d = text.charCodeAt(i + 1)
    const from = d === 43 || d === 45 ? i + 2 : i + 1
    const end = this.digitsEnd(from)
    return end > from ? end : i
  }

  /** A name, a keyword, or a path or URL that begins like a name. */
  private word(i: number): T.TokenKind {
    const text = this.text
    const n = text.length
    let hash = text.charCodeAt(i)
    let j = i + 1
    while (j < n) {
      const c = text.charCodeAt(j)
      if (((charClass[c] as number) & ID_CHAR) === 0) break
      hash = (Math.imul(hash, 31) + c) | 0
      j++
    }
    if (j < n) {
      const d = text.charCodeAt(j)
      // `.` `/` `+` `:` after the name: it may be the beginning of something longer.
      if (d === 46 || d === 47 || d === 43 || d === 58) {
        const kind = this.pathOrUrl(i)
        if (kind >= 0) return kind
      }
    }
    this.pos = j
    this.end = this.base + j
    if (j - i <= 7) {
      const keyword = keywordKind(text, i, j - i)
      if (keyword >= 0) return keyword
    }
    this.value = this.symbols.slice(text, i, j, hash)
    this.entry = this.symbols.entry
    return T.ID
  }

  private pathOrUrl(i: number): T.TokenKind {
    const end = this.run(i)
    if (this.text.charCodeAt(end) === 58) return this.url(i, end)
    return this.pathAfter(i, end)
  }

  private url(i: number, colon: number): T.TokenKind {
    const text = this.text
    const n = text.length
    if (text.charCodeAt(i) === 95 || this.runUnderscore >= i) return -1
    let j = colon + 1
    while (j < n && ((charClass[text.charCodeAt(j)] as number) & URI_CHAR) !== 0) j++
    return j > colon + 1 ? this.valued(T.URI, i, j) : -1
  }

  /** End of the run of path characters around offset `i` (whatever is asked, offsets only grow). */
  private run(i: number): number {
    if (i < this.runEnd) return this.runEnd
    const text = this.text
    const n = text.length
    let underscore = -1
    let j = i
    while (j < n) {
      const c = text.charCodeAt(j)
      if (((charClass[c] as number) & PATH_CHAR) === 0) break
      if (c === 95) underscore = j
      j++
    }
    this.runEnd = j
    this.runUnderscore = underscore
    return j
  }

  private pathChars(i: number): number {
    const text = this.text
    const n = text.length
    while (i < n && ((charClass[text.charCodeAt(i)] as number) & PATH_CHAR) !== 0) i++
    return i
  }

  /** End of `(/[a-zA-Z0-9._+-]+)+/?` at `slash`, or `slash` if there is none. */
  private pathEnd(slash: number): number {
    const text = this.text
    let k = slash
    while (text.charCodeAt(k) === 47) {
      const segment = this.pathChars(k + 1)
      if (segment === k + 1) return k === slash ? slash : k + 1
      k = segment
    }
    return k
  }

  private interpolates(i: number): boolean {
    return this.text.charCodeAt(i) === 36 && this.text.charCodeAt(i + 1) === 123
  }

  /** The path that begins at `i` and whose first `/` is at `slash`; -1 if there is none. */
  private pathAfter(i: number, slash: number): T.TokenKind {
    if (this.text.charCodeAt(slash) !== 47) return -1
    const end = this.pathEnd(slash)
    if (end > slash) return this.startPath(T.PATH, i, end)
    if (this.interpolates(slash + 1)) return this.startPath(T.PATH, i, slash + 1)
    return -1
  }

  private startPath(kind: T.TokenKind, i: number, end: number): T.TokenKind {
    this.push(this.text.charCodeAt(end - 1) === 47 ? IN_PATH_SLASH : IN_PATH)
    return this.valued(kind, i, end)
  }

  /** After a path token: `${`, more path text, or the end of the path. */
  private path(): T.TokenKind {
    const text = this.text
    const i = this.pos
    if (this.interpolates(i)) {
      this.start = this.base + i
      this.mode = IN_PATH
      this.push(CODE)
      return this.token(T.DOLLAR_CURLY, i + 2)
    }
    let end = this.pathChars(i)
    if (text.charCodeAt(end) === 47) {
      const more = this.pathEnd(end)
      end = more > end ? more : end + 1
    }
    if (end > i) {
      this.beforePath = this.start
      this.start = this.base + i
      this.mode = text.charCodeAt(end - 1) === 47 ? IN_PATH_SLASH : IN_PATH
      return this.valued(T.STR, i, end)
    }
    const atEnd = i >= text.length
    if (this.mode === IN_PATH_SLASH) {
      const pos = atEnd ? this.start : this.base + i
      this.fail("syntax/bad-path", "path has a trailing slash", pos, atEnd ? this.end : pos + 1)
    }
    this.pop()
    if (atEnd) {
      this.end = this.start
      this.pathEof = this.end
      this.start = this.beforePath
    }
    return T.PATH_END
  }

  private string(): T.TokenKind {
    const text = this.text
    const n = text.length
    const i = this.pos
    this.start = this.base + i
    let k = i
    let escapes = false
    let nul = false
    while (k < n) {
      const c = text.charCodeAt(k)
      if (((charClass[c] as number) & STRING_STOP) === 0) {
        k++
        continue
      }
      if (c === 34) break
      if (c === 92) {
        if (k + 1 >= n) break
        escapes = true
        k += 2
      } else if (c === 36) {
        if (k + 1 >= n) break
        const d = text.charCodeAt(k + 1)
        if (d === 123) break
        if (d === 34) {
          k++
          break
        }
        if (d === 92) {
          if (k + 2 >= n) break
          escapes = true
          k += 3
        } else {
          // `$` takes the next character with it: `$${` is text. That may be CR or NUL.
          if (d === 13) escapes = true
          else if (d === 0) nul = true
          k += 2
        }
      } else {
        if (c === 13) escapes = true
        else nul = true
        k++
      }
    }
    if (k > i) {
      const raw = text.slice(i, k)
      this.value = escapes ? unescapeString(raw) : raw
      if (nul) this.refuseNul(k)
      return this.token(T.STR, k)
    }
    if (k >= n) return this.endOfText(n)
    const c = text.charCodeAt(k)
    if (c === 34) {
      this.pop()
      return this.token(T.QUOTE, k + 1)
    }
    if (this.interpolates(k)) {
      this.push(CODE)
      return this.token(T.DOLLAR_CURLY, k + 2)
    }
    // A last `$`, `\` or `$\`: C++ Nix reports the end of the file.
    this.end = this.base + n
    return T.EOF
  }

  /** C++ Nix: forceNoNullByte. */
  private refuseNul(end: number): void {
    const shown = this.value.replaceAll("\0", "\xe2\x90\x80")
    this.fail(
      "syntax/bad-string",
      `input string '${shown}' cannot be represented as Nix string because it contains null bytes`,
      this.start,
      this.base + end,
    )
  }

  private indentedString(): T.TokenKind {
    const text = this.text
    const n = text.length
    const i = this.pos
    this.start = this.base + i
    let k = i
    let nul = false
    while (k < n) {
      const c = text.charCodeAt(k)
      if (((charClass[c] as number) & INDENTED_STOP) === 0) {
        k++
        continue
      }
      if (c === 0) {
        nul = true
        k++
        continue
      }
      if (k + 1 >= n) break
      const d = text.charCodeAt(k + 1)
      // `$` and `'` take the next character with them, unless that begins something.
      if (d === 39 || d === (c === 36 ? 123 : 36)) break
      if (d === 0) nul = true
      k += 2
    }
    if (k > i) {
      this.value = text.slice(i, k)
      this.indented = true
      if (nul) this.refuseNul(k)
      return this.token(T.IND_STR, k)
    }
    if (k >= n) return this.endOfText(n)
    this.indented = false
    if (text.charCodeAt(k) === 36) {
      if (this.interpolates(k)) {
        this.push(CODE)
        return this.token(T.DOLLAR_CURLY, k + 2)
      }
      this.value = "$"
      return this.token(T.IND_STR, k + 1)
    }
    if (text.charCodeAt(k + 1) !== 39) {
      this.value = "'"
      return this.token(T.IND_STR, k + 1)
    }
    const d = text.charCodeAt(k + 2)
    if (d === 36 || d === 39) {
      this.value = d === 36 ? "$" : "''"
      return this.token(T.IND_STR, k + 3)
    }
    if (d === 92 && k + 3 < n) {
      this.value = unescapeString(text.slice(k + 2, k + 4))
      return this.token(T.IND_STR, k + 4)
    }
    this.pop()
    return this.token(T.IND_STRING_CLOSE, k + 2)
  }
}

/** Escapes of a string done, CR and CR LF made LF (C++ Nix: lexer.l unescapeStr). */
function unescapeString(raw: string): string {
  let out = ""
  let done = 0
  const n = raw.length
  for (let i = 0; i < n; i++) {
    const c = raw.charCodeAt(i)
    if (c === 92) {
      const d = raw.charCodeAt(i + 1)
      out += raw.slice(done, i)
      if (d === 110) out += "\n"
      else if (d === 114) out += "\r"
      else if (d === 116) out += "\t"
      else out += raw.charAt(i + 1)
      i++
      done = i + 1
    } else if (c === 13) {
      out += `${raw.slice(done, i)}\n`
      if (raw.charCodeAt(i + 1) === 10) i++
      done = i + 1
    }
  }
  return done === 0 ? raw : out + raw.slice(done)
}
