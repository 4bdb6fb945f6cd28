// What nlohmann::json says of a text it refuses: a second reading, a byte at a time, with that library's lexer and its
// bookkeeping of lines, columns and the text read last (nlohmann/detail/input/lexer.hpp, parser.hpp).
import { TextError } from "./text-error.ts"

type Token =
  | "true literal"
  | "false literal"
  | "null literal"
  | "string literal"
  | "number literal"
  | "'['"
  | "'{'"
  | "']'"
  | "'}'"
  | "':'"
  | "','"
  | "<parse error>"
  | "end of input"
  | "'[', '{', or a literal"

const controlNames =
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US".split(" ")
const shortEscapes: ReadonlyMap<number, string> = new Map([
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [12, "\\f"],
  [13, "\\r"],
])

const hex4 = (code: number): string => code.toString(16).toUpperCase().padStart(4, "0")
const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** The ranges that the following bytes of a UTF-8 character have to be in, or null when `first` begins none. */
function following(first: number): readonly (readonly [number, number])[] | null {
  const any = [0x80, 0xbf] as const
  if (first >= 0xc2 && first <= 0xdf) return [any]
  if (first === 0xe0) return [[0xa0, 0xbf], any]
  if (first === 0xed) return [[0x80, 0x9f], any]
  if (first >= 0xe1 && first <= 0xef) return [any, any]
  if (first === 0xf0) return [[0x90, 0xbf], any, any]
  if (first >= 0xf1 && first <= 0xf3) return [any, any, any]
  if (first === 0xf4) return [[0x80, 0x8f], any, any]
  return null
}

class FaultFinder {
  private readonly text: string
  /** Bytes read, the end of the text counted as one, too. */
  private read = 0
  private line = 1
  private column = 0
  /** Where the text begins that "last read" shows: the last string or number. */
  private shownFrom = 0
  private message = ""
  private token: Token = "<parse error>"
  private started = false

  constructor(text: string) {
    this.text = text
  }

  /** The byte read next; -1 at the end. */
  private get(): number {
    const code = this.read < this.text.length ? this.text.charCodeAt(this.read) : -1
    this.read++
    this.column++
    if (code === 10) {
      this.line++
      this.column = 0
    }
    return code
  }

  /** Takes the last byte back. */
  private unget(): void {
    this.read--
    if (this.column === 0) {
      if (this.line > 1) this.line--
    } else this.column--
  }

  private refuse(message: string): Token {
    this.message = message
    return "<parse error>"
  }

  private next(): Token {
    this.token = this.scan()
    return this.token
  }

  private scan(): Token {
    if (!this.started) {
      this.started = true
      if (this.get() === 0xef) {
        if (this.get() !== 0xbb || this.get() !== 0xbf) return this.refuse("invalid BOM; must be 0xEF 0xBB 0xBF if given")
      } else this.unget()
    }
    let code = this.get()
    while (code === 32 || code === 9 || code === 10 || code === 13) code = this.get()
    switch (code) {
      case 91:
        return "'['"
      case 93:
        return "']'"
      case 123:
        return "'{'"
      case 125:
        return "'}'"
      case 58:
        return "':'"
      case 44:
        return "','"
      case 116:
        return this.scanWord("true", "true literal")
      case 102:
        return this.scanWord("false", "false literal")
      case 110:
        return this.scanWord("null", "null literal")
      case 34:
        this.shownFrom = this.read - 1
        return this.scanString()
      case 0:
      case -1:
        return "end of input"
      default:
        if (code !== 45 && !isDigit(code)) return this.refuse("invalid literal")
        this.shownFrom = this.read - 1
        return this.scanNumber(code)
    }
  }

  private scanWord(word: string, token: Token): Token {
    for (let i = 1; i < word.length; i++) if (this.get() !== word.charCodeAt(i)) return this.refuse("invalid literal")
    return token
  }

  private scanString(): Token {
    for (;;) {
      const code = this.get()
      if (code === -1) return this.refuse("invalid string: missing closing quote")
      if (code === 34) return "string literal"
      if (code === 92) {
        const problem = this.scanEscape()
        if (problem !== null) return this.refuse(problem)
      } else if (code < 32) {
        const short = shortEscapes.get(code)
        return this.refuse(
          `invalid string: control character U+${hex4(code)} (${controlNames[code]}) must be escaped to \\u${hex4(code)}${short === undefined ? "" : ` or ${short}`}`,
        )
      } else if (code >= 0x80) {
        const ranges = following(code)
        if (ranges === null) return this.refuse("invalid string: ill-formed UTF-8 byte")
        for (const [low, high] of ranges) {
          const more = this.get()
          if (more < low || more > high) return this.refuse("invalid string: ill-formed UTF-8 byte")
        }
      }
    }
  }

  private scanEscape(): string | null {
    const code = this.get()
    if (code !== 117)
      return '"\\/bfnrt'.includes(String.fromCharCode(code)) && code !== -1 ? null : "invalid string: forbidden character after backslash"
    const first = this.scanHex()
    if (first === -1) return "invalid string: '\\u' must be followed by 4 hex digits"
    if (first >= 0xd800 && first <= 0xdbff) {
      if (this.get() !== 92 || this.get() !== 117) return "invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF"
      const second = this.scanHex()
      if (second === -1) return "invalid string: '\\u' must be followed by 4 hex digits"
      if (second < 0xdc00 || second > 0xdfff) return "invalid string: surrogate U+D800..U+DBFF must be followed by U+DC00..U+DFFF"
    } else if (first >= 0xdc00 && first <= 0xdfff) return "invalid string: surrogate U+DC00..U+DFFF must follow U+D800..U+DBFF"
    return null
  }

  private scanHex(): number {
    let value = 0
    for (let i = 0; i < 4; i++) {
      const digit = "0123456789abcdef".indexOf(String.fromCharCode(this.get()).toLowerCase())
      if (digit < 0) return -1
      value = value * 16 + digit
    }
    return value
  }

  private scanNumber(first: number): Token {
    let code = first
    if (code === 45) {
      code = this.get()
      if (!isDigit(code)) return this.refuse("invalid number; expected digit after '-'")
    }
    if (code === 48) code = this.get()
    else while (isDigit(code)) code = this.get()
    if (code === 46) {
      code = this.get()
      if (!isDigit(code)) return this.refuse("invalid number; expected digit after '.'")
      while (isDigit(code)) code = this.get()
    }
    if (code === 101 || code === 69) {
      code = this.get()
      const signed = code === 43 || code === 45
      if (signed) code = this.get()
      if (!isDigit(code)) {
        return this.refuse(
          signed ? "invalid number; expected digit after exponent sign" : "invalid number; expected '+', '-', or digit after exponent",
        )
      }
      while (isDigit(code)) code = this.get()
    }
    this.unget()
    return "number literal"
  }

  /** The text read last, control bytes made visible. */
  private shown(): string {
    return this.text.slice(this.shownFrom, this.read).replace(/[\0-\x1f]/g, (char) => `<U+${hex4(char.charCodeAt(0))}>`)
  }

  private syntax(expected: Token | null, context: string): TextError {
    const found = this.token === "<parse error>" ? `${this.message}; last read: '${this.shown()}'` : `unexpected ${this.token}`
    return this.parseError(`syntax error while parsing ${context} - ${found}${expected === null ? "" : `; expected ${expected}`}`)
  }

  private parseError(what: string): TextError {
    const place = `line ${this.line}, column ${this.column}`
    return new TextError("json/syntax", `[json.exception.parse_error.101] parse error at ${place}: ${what}`)
  }

  /** Reads up to the fault. */
  find(): TextError {
    const objects: boolean[] = []
    const key = (): TextError | null => {
      if (this.token !== "string literal") return this.syntax("string literal", "object key")
      return this.next() === "':'" ? null : this.syntax("':'", "object separator")
    }
    this.next()
    for (;;) {
      let done = true
      switch (this.token) {
        case "'{'":
          if (this.next() !== "'}'") {
            const fault = key()
            if (fault !== null) return fault
            objects.push(true)
            this.next()
            done = false
          }
          break
        case "'['":
          if (this.next() !== "']'") {
            objects.push(false)
            done = false
          }
          break
        case "number literal": {
          const number = this.text.slice(this.shownFrom, this.read)
          if (Number.isFinite(Number(number))) break
          return new TextError("json/syntax", `[json.exception.out_of_range.406] number overflow parsing '${number}'`)
        }
        case "string literal":
        case "true literal":
        case "false literal":
        case "null literal":
          break
        case "<parse error>":
          return this.syntax(null, "value")
        default:
          if (this.token === "end of input" && this.read === 1) {
            return this.parseError("attempting to parse an empty input; check that your input string or stream contains the expected JSON")
          }
          return this.syntax("'[', '{', or a literal", "value")
      }
      while (done) {
        const object = objects[objects.length - 1]
        const token = this.next()
        if (object === undefined) return this.syntax("end of input", "value")
        if (token === "','") {
          this.next()
          if (object) {
            const fault = key()
            if (fault !== null) return fault
            this.next()
          }
          done = false
        } else if (token === (object ? "'}'" : "']'")) objects.pop()
        else return object ? this.syntax("'}'", "object") : this.syntax("']'", "array")
      }
    }
  }
}

/** The error for a text that is known to be no JSON. */
export function jsonFault(text: string): TextError {
  return new FaultFinder(text).find()
}
