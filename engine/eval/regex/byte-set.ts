// Sets of bytes and the POSIX classes that name them, in the C locale: nothing above 127 belongs to a class.

/** A set of bytes: entry c is 1 when byte c belongs to the set. */
export type ByteSet = Uint8Array

/** The empty set. */
export function emptySet(): ByteSet {
  return new Uint8Array(256)
}

/** The set of one byte. */
export function singleSet(byte: number): ByteSet {
  const set = emptySet()
  set[byte] = 1
  return set
}

/** What `.` matches: any byte but NUL (newline included), as libstdc++'s POSIX any-matcher. */
export function anySet(): ByteSet {
  const set = emptySet().fill(1)
  set[0] = 0
  return set
}

/** Adds every byte of `more` to `set`. */
export function addAll(set: ByteSet, more: ByteSet): void {
  for (let c = 0; c < 256; c++) if (more[c] === 1) set[c] = 1
}

/** True when no byte belongs to both sets. */
export function disjoint(a: ByteSet, b: ByteSet): boolean {
  for (let c = 0; c < 256; c++) if (a[c] === 1 && b[c] === 1) return false
  return true
}

const isDigit = (c: number): boolean => c >= 48 && c <= 57
const isUpper = (c: number): boolean => c >= 65 && c <= 90
const isLower = (c: number): boolean => c >= 97 && c <= 122
const isAlpha = (c: number): boolean => isUpper(c) || isLower(c)
const isAlnum = (c: number): boolean => isAlpha(c) || isDigit(c)
const isSpace = (c: number): boolean => c === 32 || (c >= 9 && c <= 13)
const isGraph = (c: number): boolean => c > 32 && c < 127

const classes: ReadonlyMap<string, (c: number) => boolean> = new Map([
  ["d", isDigit],
  ["w", (c) => isAlnum(c) || c === 95],
  ["s", isSpace],
  ["alnum", isAlnum],
  ["alpha", isAlpha],
  ["blank", (c) => c === 32 || c === 9],
  ["cntrl", (c) => c < 32 || c === 127],
  ["digit", isDigit],
  ["graph", isGraph],
  ["lower", isLower],
  ["print", (c) => c >= 32 && c < 127],
  ["punct", (c) => isGraph(c) && !isAlnum(c)],
  ["space", isSpace],
  ["upper", isUpper],
  ["xdigit", (c) => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102)],
])

/** Adds a class such as `alpha` (any case; also libstdc++'s `d`, `w`, `s`) to `set`; false when there is no such class. */
export function addClass(set: ByteSet, name: string): boolean {
  const belongs = classes.get(name.toLowerCase())
  if (belongs === undefined) return false
  for (let c = 0; c < 128; c++) if (belongs(c)) set[c] = 1
  return true
}

// POSIX names of the bytes 0 to 127 (libstdc++ lookup_collatename); a letter or a digit written as itself: only letters are.
const collatingNames: readonly string[] = [
  ..."NUL SOH STX ETX EOT ENQ ACK alert backspace tab newline vertical-tab form-feed carriage-return SO SI".split(" "),
  ..."DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC IS4 IS3 IS2 IS1".split(" "),
  ..."space exclamation-mark quotation-mark number-sign dollar-sign percent-sign ampersand apostrophe".split(" "),
  ..."left-parenthesis right-parenthesis asterisk plus-sign comma hyphen period slash".split(" "),
  ..."zero one two three four five six seven eight nine colon semicolon".split(" "),
  ..."less-than-sign equals-sign greater-than-sign question-mark commercial-at".split(" "),
  ..."ABCDEFGHIJKLMNOPQRSTUVWXYZ".split(""),
  ..."left-square-bracket backslash right-square-bracket circumflex underscore grave-accent".split(" "),
  ..."abcdefghijklmnopqrstuvwxyz".split(""),
  ..."left-curly-bracket vertical-line right-curly-bracket tilde DEL".split(" "),
]

/** The byte that a collating name such as `hyphen` or `a` stands for, or -1. */
export function collatingByte(name: string): number {
  return collatingNames.indexOf(name)
}

/** The other-case letter of a byte, or the byte itself. */
export function otherCase(byte: number): number {
  if (isUpper(byte)) return byte + 32
  return isLower(byte) ? byte - 32 : byte
}
