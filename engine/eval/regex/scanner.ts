// The scanner of POSIX extended regular expressions as libstdc++ has it (bits/regex_scanner.tcc), on byte strings.
//
//   outside   . ^ $ * + ? | ( ) [ {  are tokens; \X with X one of . [ \ ( ) * + ? { | ^ $ is X; any other escape is an error;
//             ] and } are ordinary
//   bracket   - , [:name:] , [=x=] , [.x.] , ] are tokens; \ is ordinary; a ] right after the opener is ordinary
//   brace     digits, comma, }
//
// It scans one token ahead of the parser, which decides whether a bad token or the limit of states is reported first.
import { RegexError } from "./regex-error.ts"

/** What a token is. */
export type TokenKind =
  | "any"
  | "byte"
  | "group-open"
  | "group-close"
  | "bracket-open"
  | "bracket-not-open"
  | "bracket-close"
  | "dash"
  | "class"
  | "equivalence"
  | "collating"
  | "brace-open"
  | "brace-close"
  | "comma"
  | "count"
  | "star"
  | "plus"
  | "question"
  | "or"
  | "line-begin"
  | "line-end"
  | "end"

const special = ".[\\()*+?{|^$"

const simple: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  [".", "any"],
  ["(", "group-open"],
  [")", "group-close"],
  ["*", "star"],
  ["+", "plus"],
  ["?", "question"],
  ["|", "or"],
  ["^", "line-begin"],
  ["$", "line-end"],
])

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= "0" && char <= "9"

/** Scans `pattern`; `kind` and `text` are the token at hand. Throws RegexError "regex/invalid" from `advance`. */
export class Scanner {
  readonly pattern: string
  kind: TokenKind = "end"
  /** The byte of "byte", the digits of "count", the name inside "class", "equivalence", "collating". */
  text = ""
  private at = 0
  private state: "normal" | "bracket" | "brace" = "normal"
  private bracketStart = false

  constructor(pattern: string) {
    this.pattern = pattern
    this.advance()
  }

  /** Moves to the next token. */
  advance(): void {
    if (this.at >= this.pattern.length) {
      this.kind = "end"
      return
    }
    switch (this.state) {
      case "normal":
        this.scanNormal()
        return
      case "bracket":
        this.scanBracket()
        return
      case "brace":
        this.scanBrace()
        return
    }
  }

  private byte(text: string): void {
    this.kind = "byte"
    this.text = text
  }

  private scanNormal(): void {
    const char = this.pattern[this.at++] ?? ""
    const kind = simple.get(char)
    if (kind !== undefined) {
      this.kind = kind
    } else if (char === "\\") {
      const escaped = this.pattern[this.at]
      if (escaped === undefined || !special.includes(escaped)) throw this.invalid()
      this.at++
      this.byte(escaped)
    } else if (char === "[") {
      this.state = "bracket"
      this.bracketStart = true
      this.kind = "bracket-open"
      if (this.pattern[this.at] === "^") {
        this.at++
        this.kind = "bracket-not-open"
      }
    } else if (char === "{") {
      this.state = "brace"
      this.kind = "brace-open"
    } else if (char === "\0") {
      throw this.invalid()
    } else {
      this.byte(char)
    }
  }

  private scanBracket(): void {
    const char = this.pattern[this.at++] ?? ""
    const next = this.pattern[this.at]
    if (char === "-") {
      this.kind = "dash"
    } else if (char === "[") {
      if (next === undefined) throw this.invalid()
      if (next === "." || next === ":" || next === "=") {
        this.at++
        this.kind = next === "." ? "collating" : next === ":" ? "class" : "equivalence"
        this.scanName(next)
      } else this.byte(char)
    } else if (char === "]" && !this.bracketStart) {
      this.kind = "bracket-close"
      this.state = "normal"
    } else {
      this.byte(char)
    }
    this.bracketStart = false
  }

  /** Reads a name up to its closing mark and `]`. */
  private scanName(mark: string): void {
    const end = this.pattern.indexOf(mark, this.at)
    if (end < 0 || this.pattern[end + 1] !== "]") throw this.invalid()
    this.text = this.pattern.slice(this.at, end)
    this.at = end + 2
  }

  private scanBrace(): void {
    const start = this.at
    const char = this.pattern[this.at++]
    if (isDigit(char)) {
      while (isDigit(this.pattern[this.at])) this.at++
      this.kind = "count"
      this.text = this.pattern.slice(start, this.at)
    } else if (char === ",") {
      this.kind = "comma"
    } else if (char === "}") {
      this.state = "normal"
      this.kind = "brace-close"
    } else {
      throw this.invalid()
    }
  }

  private invalid(): RegexError {
    return new RegexError("regex/invalid", this.pattern)
  }
}
