// TOML's single values: strings, numbers, dates. Texts and the order of checks are toml11's (4.4, parser.hpp).
import { encodeCodePoint } from "./json-reader.ts"
import type { TomlCursor } from "./toml-cursor.ts"
import { TomlFault } from "./toml-fault.ts"
import type { TomlScalar } from "./toml-node.ts"

const intHints = "Hint: valid  : -42, 1_000, 1_2_3_4_5, 0xC0FFEE, 0b0010, 0o755\nHint: invalid: _42, 1__000, 0123\n"
const floatHints = "Hint: valid  : +1.0, -2e-2, 3.141_592_653_589, inf, nan\nHint: invalid: .0, 1., _1.0, 1.0_, 1_.0, 1.0__0\n"
const timeHints = "Hint: valid  : 1979-05-27T07:32:00, 1979-05-27 07:32:00.999999\nHint: invalid: 1979-05-27T7:32:00, 1979-05-27 17:32\n"

// Sticky patterns: whoever uses one sets where it begins first (TomlCursor.match).
const localDate = /\d{4}-\d\d-\d\d/y
const localTime = /\d\d:\d\d:\d\d(?:\.\d+)?/y
const offset = /[zZ]|[+-]\d\d:\d\d/y
const decimal = /[+-]?(?:[1-9](?:_?\d)+|\d)/y
const prefixed = /0x[0-9A-Fa-f](?:_?[0-9A-Fa-f])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*/y
const floating = /[+-]?(?:(?:[1-9](?:_?\d)+|\d)(?:[eE][+-]?\d(?:_?\d)*|\.\d(?:_?\d)*(?:[eE][+-]?\d(?:_?\d)*)?)|inf|nan)/y

const minInt = -(2n ** 63n)
const maxInt = 2n ** 63n - 1n
const isDigit = (char: string): boolean => char >= "0" && char <= "9"

/** What toml11 says was expected where `HH:MM:SS` begins at `text[at]` and is wrong; the position of the fault. */
function timeFault(text: string, at: number): { at: number; expected: string } {
  for (const [i, kind] of [..."dd:dd:dd"].entries()) {
    const char = text[at + i] ?? ""
    if (kind === "d" ? !isDigit(char) : char !== kind) return { at: at + i, expected: kind === "d" ? "digit [0-9]" : ":" }
  }
  return { at: at + 8, expected: "." }
}

function badTime(cursor: TomlCursor): TomlFault {
  const { at, expected } = timeFault(cursor.text, cursor.at)
  cursor.at = at
  return cursor.fault("bad time: must be HH:MM:SS.subsec", `expected ${expected}`, timeHints)
}

/** What kind of number or date is at hand; the position stays. Throws TomlFault. toml11: guess_number_type. */
function guessNumber(cursor: TomlCursor): "date" | "float" | "int" {
  const start = cursor.at
  const back = <K>(kind: K): K => {
    cursor.at = start
    return kind
  }
  if (cursor.match(localDate) !== null) {
    const { char } = cursor
    if (char === "T" || char === "t" || char === " ") {
      cursor.advance()
      if (cursor.match(localTime) !== null) {
        if (cursor.match(offset) === null && (cursor.char === "+" || cursor.char === "-")) {
          cursor.advance()
          for (const kind of "dd:dd") {
            if (kind === "d" ? !isDigit(cursor.char) : cursor.char !== kind) {
              const hints = "Hint: valid  : +09:00, -05:30\nHint: invalid: +9:00,  -5:30\n"
              throw cursor.fault("bad offset: must be [+-]HH:MM or Z", `expected z or Z or ${kind === "d" ? "digit [0-9]" : ":"}`, hints)
            }
            cursor.advance()
          }
        }
        return back("date")
      }
      if (char !== " " || isDigit(cursor.char)) throw badTime(cursor)
    } else if (isDigit(char)) {
      throw cursor.fault("bad datetime: missing T or space", "expected T, t, or 0x20(SPACE)", timeHints)
    }
    return back("date")
  }
  if (cursor.match(localTime) !== null) return back("date")
  if (cursor.match(floating) !== null) {
    if (cursor.char === "_") throw cursor.fault("bad float: `_` must be surrounded by digits", "invalid underscore", floatHints)
    return back("float")
  }
  const int = cursor.match(prefixed) ?? cursor.match(decimal)
  const { char } = cursor
  if (int !== null) {
    if (char === "_") {
      if (/^[+-]?0$/.test(int)) {
        throw cursor.fault("bad integer: leading zero is not allowed in decimal int", "leading zero", intHints)
      }
      throw cursor.fault("bad integer: `_` must be surrounded by digits", "invalid underscore", intHints)
    }
    if (char === "0") {
      cursor.at--
      throw cursor.fault("bad integer: leading zero", "leading zero is not allowed", intHints)
    }
    if (isDigit(char)) throw cursor.fault("bad integer: invalid digit after an integer", "this digit is not allowed", intHints)
    if (char === ":" || char === "-") {
      const hints =
        "Hint: valid  : 1979-05-27T07:32:00-07:00, 1979-05-27 07:32:00.999999Z\nHint: invalid: 1979-05-27T7:32:00-7:00, 1979-05-27 7:32-00:30"
      throw cursor.fault("bad datetime: invalid format", "here", hints)
    }
    if (char === "." || char === "e" || char === "E") throw cursor.fault("bad float: invalid format", "here", floatHints)
    return back("int")
  }
  if (char === ".") {
    throw cursor.fault("bad float: integer part is required before decimal point", "missing integer part", floatHints)
  }
  if (char === "_") throw cursor.fault("bad number: `_` must be surrounded by digits", "digits required before `_`", intHints)
  throw cursor.fault("bad format: unknown value appeared", "here")
}

function tooLarge(cursor: TomlCursor, start: number, base: "dec" | "hex" | "oct" | "bin"): TomlFault {
  const fault = cursor.fault(
    `toml::parse_${base}_integer: too large integer: current max ${base === "dec" ? "digits" : "value"} = 2^63`,
    "must be < 2^63",
  )
  cursor.at = start
  return fault
}

const prefixes = {
  b: { base: "bin", digits: "0b0101, 0b1111_0000", expected: "0 or 1" },
  o: { base: "oct", digits: "0o775, 0o04_44", expected: "from `0` to `7`" },
  x: { base: "hex", digits: "0xC0FFEE, 0xdead_beef", expected: "hex [0-9a-fA-F]" },
} as const

function parseInt64(cursor: TomlCursor): number | bigint {
  const start = cursor.at
  const kind = /[+-]?0([box])/y
  kind.lastIndex = start
  const prefix = kind.exec(cursor.text)?.[1] as "b" | "o" | "x" | undefined
  let base: "dec" | "hex" | "oct" | "bin" = "dec"
  let text = ""
  if (prefix === undefined) {
    text = cursor.match(decimal) ?? ""
  } else {
    const { digits, expected } = prefixes[prefix]
    base = prefixes[prefix].base
    const found = cursor.match(prefixed)
    if (found === null) {
      const title = `toml::parse_${base}_integer: invalid integer: ${base}_int must be like: ${digits}`
      if (!cursor.takes(`0${prefix}`)) throw cursor.fault(title, `expected 0${prefix}`)
      throw cursor.fault(title, `expected ${expected}`)
    }
    text = found
  }
  const value = BigInt(text.replace(/^\+|_/g, "").replace(/^-/, "")) * (text.startsWith("-") ? -1n : 1n)
  if (value < minInt || value > maxInt) throw tooLarge(cursor, start, base)
  const safe = Number(value)
  return Number.isSafeInteger(safe) ? safe : value
}

function parseFloat64(cursor: TomlCursor, start: number): TomlScalar {
  const text = (cursor.match(floating) ?? "").replaceAll("_", "")
  const region = cursor.regionFrom(start)
  if (text.endsWith("nan")) return { kind: "nan", negative: text.startsWith("-"), region }
  if (text.endsWith("inf")) return { kind: "float", value: text.startsWith("-") ? -Infinity : Infinity, region }
  const value = Number(text)
  if (!Number.isFinite(value)) {
    throw behind(cursor.fault("toml::parse_floating: failed to read floating point value from stream", "here"), cursor.at)
  }
  return { kind: "float", value, region }
}

function checkDate(cursor: TomlCursor): string {
  const start = cursor.at
  const text = cursor.match(localDate) ?? ""
  const year = Number(text.slice(0, 4))
  const month = Number(text.slice(5, 7))
  const day = Number(text.slice(8, 10))
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  if (month < 1 || month > 12 || day < 1 || day > days) {
    const end = cursor.at
    cursor.at = start
    const note = "month must be 01-12, day must be any of 01-28,29,30,31 depending on the month/year."
    throw behind(cursor.fault("toml::parse_local_date: invalid date.", note), end)
  }
  return text
}

/** A time with fractions of a second in thousands, as Nix prints them (fromTOML.cc normalizeSubsecondPrecision). */
function checkTime(cursor: TomlCursor): string {
  const start = cursor.at
  const text = cursor.match(localTime) ?? ""
  const end = cursor.at
  const wrong = (note: string): TomlFault => {
    cursor.at = start
    return behind(cursor.fault("toml::parse_local_time: invalid time.", note), end)
  }
  if (Number(text.slice(0, 2)) > 23 || Number(text.slice(3, 5)) > 59) throw wrong("hour must be 00-23, minute must be 00-59.")
  if (Number(text.slice(6, 8)) > 60) throw wrong("second must be 00-60.")
  const fraction = text.slice(9, 18).padEnd(9, "0")
  const kept = fraction.slice(0, 3 * (fraction.endsWith("000") ? (fraction.slice(3, 6) === "000" ? 1 : 2) : 3))
  return text.slice(0, 8) + (kept === "000" ? "" : `.${kept}`)
}

function checkOffset(cursor: TomlCursor, start: number): string {
  const text = cursor.match(offset) ?? ""
  if (text === "") return ""
  if (text === "z" || text === "Z") return "Z"
  const hour = Number(text.slice(1, 3))
  const minute = Number(text.slice(4, 6))
  if (hour > 24 || minute > 60) {
    const place = { region: cursor.regionFrom(start), note: "here" }
    throw behind(new TomlFault("toml::parse_offset_datetime: too large offset: |hour| <= 24, |minute| <= 60", [place]), cursor.at)
  }
  const total = hour * 60 + minute
  if (total === 0) return "Z"
  const two = (n: number): string => String(n).padStart(2, "0")
  return `${text.startsWith("-") ? "-" : "+"}${two(Math.floor(total / 60))}:${two(total % 60)}`
}

function parseTimestamp(cursor: TomlCursor): string {
  const start = cursor.at
  const dated = /\d{4}-/y
  dated.lastIndex = start
  if (!dated.test(cursor.text)) return checkTime(cursor)
  const date = checkDate(cursor)
  const timed = /[Tt ]\d\d:\d\d:\d\d/y
  timed.lastIndex = cursor.at
  if (!timed.test(cursor.text)) return date
  cursor.advance()
  const time = checkTime(cursor)
  return `${date}T${time}${checkOffset(cursor, start)}`
}

const simpleEscapes: Readonly<Record<string, string>> = {
  "\\": "\\",
  '"': '"',
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

/** Resolves escapes that have been found well-formed; in `lines` also escaped line ends. `end`: where the string ends. */
function unescapeText(text: string, lines: boolean, end: number): string {
  let result = ""
  let from = 0
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", from)) {
    result += text.slice(from, at)
    const newline = /\\[ \t]*\r?\n(?:[ \t\n]|\r\n)*/y
    newline.lastIndex = at
    const joined = lines ? newline.exec(text)?.[0] : undefined
    const kind = text[at + 1] ?? ""
    if (joined !== undefined) from = at + joined.length
    else if (kind === "u" || kind === "U") {
      from = at + (kind === "u" ? 6 : 10)
      result += decodePoint(text, at, from, end)
    } else {
      result += simpleEscapes[kind] ?? ""
      from = at + 2
    }
  }
  return result + text.slice(from)
}

/** A fault found in a value that was well-formed: reading goes on behind it. */
function behind(fault: TomlFault, end: number): TomlFault {
  fault.resume = end
  return fault
}

function decodePoint(text: string, at: number, to: number, end: number): string {
  const point = Number.parseInt(text.slice(at + 2, to), 16)
  const surrogate = point >= 0xd800 && point <= 0xdfff
  if (!surrogate && point <= 0x10ffff) return encodeCodePoint(point)
  // toml11 reads escapes in a copy that begins at the backslash.
  const region = { source: text.slice(at), name: "internal temporary", first: 1, last: to - at, lineAt: to - at }
  if (surrogate) {
    throw behind(new TomlFault("toml::parse_utf8_codepoint: [0xD800, 0xDFFF] is not a valid UTF-8", [{ region, note: "here" }]), end)
  }
  const note = "must be in range [0x00, 0x10FFFF]"
  throw behind(new TomlFault("toml::parse_utf8_codepoint: input codepoint is too large.", [{ region, note }]), end)
}

/** Reads `"…"`. Throws TomlFault. */
export function parseBasicString(cursor: TomlCursor): string {
  const start = ++cursor.at
  cursor.skipBasicContent()
  const text = cursor.text.slice(start, cursor.at)
  if (!cursor.takes('"')) throw cursor.fault("toml::parse_basic_string: invalid string format", 'expected "')
  return unescapeText(text, false, cursor.at)
}

/** Reads `'…'`. Throws TomlFault. */
export function parseLiteralString(cursor: TomlCursor): string {
  const start = ++cursor.at
  cursor.skipLiteralContent()
  const text = cursor.text.slice(start, cursor.at)
  if (!cursor.takes("'")) throw cursor.fault("toml::parse_literal_string: invalid string format", "expected '")
  return text
}

/** Reads a string of three quotes: up to two more quotes may stand inside, and before the closing ones. */
function parseLines(cursor: TomlCursor, quote: '"' | "'"): string {
  const escaped = /\\[ \t]*\r?\n(?:[ \t\n]|\r\n)*/y
  const skipContent = (): boolean => {
    const before = cursor.at
    for (;;) {
      const start = cursor.at
      if (quote === '"') cursor.skipBasicContent()
      else cursor.skipLiteralContent()
      if (cursor.at === start && !cursor.takesNewline() && (quote === "'" || cursor.match(escaped) === null)) return start > before
    }
  }
  cursor.at += 3
  const start = cursor.at
  skipContent()
  for (;;) {
    const rest = cursor.at
    if (!cursor.takes(quote)) break
    cursor.takes(quote)
    if (!skipContent()) {
      cursor.at = rest
      break
    }
  }
  if (!cursor.takes(quote.repeat(3))) {
    const kind = quote === '"' ? "basic" : "literal"
    throw cursor.fault(`toml::parse_ml_${kind}_string: invalid string format`, `expected ${quote.repeat(3)}`)
  }
  if (cursor.takes(quote)) cursor.takes(quote)
  const text = cursor.text.slice(start, cursor.at - 3).replace(/^\r?\n/, "")
  return quote === '"' ? unescapeText(text, true, cursor.at) : text
}

function parseString(cursor: TomlCursor): string {
  if (cursor.text.startsWith('"""', cursor.at)) return parseLines(cursor, '"')
  if (cursor.text.startsWith("'''", cursor.at)) return parseLines(cursor, "'")
  return cursor.char === '"' ? parseBasicString(cursor) : parseLiteralString(cursor)
}

const lowercase = (word: string): string => `toml::parse_value: \`${word}\` must be in lowercase. A string must be surrounded by quotes.`
const floatExpected = "expected from `1` to `9` or digit [0-9] or inf or nan"

/** Reads a value that is neither array nor table. Throws TomlFault, the cursor where reading goes on. toml11: parse_value. */
export function parseScalar(cursor: TomlCursor): TomlScalar {
  const start = cursor.at
  try {
    return parseAtoms(cursor)
  } catch (fault) {
    if (fault instanceof TomlFault) cursor.at = fault.resume ?? start
    throw fault
  }
}

function parseAtoms(cursor: TomlCursor): TomlScalar {
  const start = cursor.at
  const { char, text } = cursor
  switch (char) {
    case '"':
    case "'": {
      const bytes = parseString(cursor)
      return { kind: "string", bytes, region: cursor.regionFrom(start) }
    }
    case "t":
    case "f": {
      const value = cursor.takes("true")
      if (value || cursor.takes("false")) return { kind: "bool", value, region: cursor.regionFrom(start) }
      throw cursor.fault(
        'toml::parse_boolean: invalid boolean: boolean must be `true` or `false`, in lowercase. string must be surrounded by `"`',
        "expected true or false",
      )
    }
    case "T":
      throw cursor.fault(lowercase("true"), "expected true or false")
    case "F":
      throw cursor.fault(lowercase("false"), "expected true or false")
    case "i":
    case "n": {
      const word = char === "i" ? "inf" : "nan"
      if (text.startsWith(word, start)) return parseFloat64(cursor, start)
      throw cursor.fault(lowercase(word), floatExpected)
    }
    case "I":
      throw cursor.fault(lowercase("inf"), floatExpected)
    case "N":
      throw cursor.fault(lowercase("nan"), floatExpected)
    default:
      break
  }
  switch (guessNumber(cursor)) {
    case "date": {
      const printed = parseTimestamp(cursor)
      return { kind: "timestamp", text: printed, region: cursor.regionFrom(start) }
    }
    case "float":
      return parseFloat64(cursor, start)
    case "int": {
      const value = parseInt64(cursor)
      return { kind: "int", value, region: cursor.regionFrom(start) }
    }
  }
}
