// Terminal colours: the few codes Nix uses, and its filter for text that goes to a terminal or a file.
// Odd but visible: the filter turns tabs into blanks, counting columns from the start of the whole text
// (line ends have no width and do not start a new count), and drops carriage returns and bells.

export const NORMAL = "\x1b[0m"
export const BOLD = "\x1b[1m"
export const FAINT = "\x1b[2m"
export const RED = "\x1b[31;1m"
export const GREEN = "\x1b[32;1m"
export const BLUE = "\x1b[34;1m"
export const MAGENTA = "\x1b[35;1m"
export const CYAN = "\x1b[36;1m"

/** One escape sequence: CSI with parameters, intermediate and final byte; OSC up to BEL or ESC \; or two bytes. */
const sequenceAt = /\x1b(?:\[[0-?]*[ -/]*([@-~]?)|\][^\x1b\x07]*(?:\x07|\x1b\\?)?|[@-_]?)/y

/**
 * Removes escape sequences (all of them, or all but colours when `keepColours`), carriage returns and bells,
 * and expands tabs. `text` is a byte string. C++ Nix: terminal.cc filterANSIEscapes.
 */
export function filterAnsi(text: string, keepColours = false): string {
  if (!/[\x1b\t\r\x07]/.test(text)) return text
  let out = ""
  let column = 0
  let i = 0
  while (i < text.length) {
    const c = text.charCodeAt(i)
    if (c === 0x1b) {
      sequenceAt.lastIndex = i
      const m = sequenceAt.exec(text)
      const sequence = m?.[0] ?? "\x1b"
      if (keepColours && m?.[1] === "m") out += sequence
      i += sequence.length
    } else if (c === 9) {
      do {
        out += " "
        column++
      } while (column % 8 !== 0)
      i++
    } else if (c === 13 || c === 7) i++
    else {
      const [width, length] = charWidth(text, i)
      out += text.slice(i, i + length)
      column += width
      i += length
    }
  }
  return out
}

/** Columns and bytes of the UTF-8 character at `i`; broken bytes count one column each. */
function charWidth(text: string, i: number): readonly [width: number, bytes: number] {
  const first = text.charCodeAt(i)
  if (first < 0x80) return [first < 32 || first === 127 ? 0 : 1, 1]
  const bytes = (first & 0xe0) === 0xc0 ? 2 : (first & 0xf0) === 0xe0 ? 3 : (first & 0xf8) === 0xf0 ? 4 : 1
  if (bytes === 1) return [1, 1]
  let code = first & (0xff >> (bytes + 1))
  for (let k = 1; k < bytes; k++) {
    const next = text.charCodeAt(i + k)
    if (!((next & 0xc0) === 0x80)) return [k, k]
    code = (code << 6) | (next & 0x3f)
  }
  if (/[\p{Mn}\p{Me}\p{Cf}]/u.test(String.fromCodePoint(Math.min(code, 0x10ffff)))) return [0, bytes]
  return [wide.some(([from, to]) => code >= from && code <= to) ? 2 : 1, bytes]
}

/** The blocks that are two columns wide (Unicode East_Asian_Width W and F; single characters left out). */
const wide: readonly (readonly [from: number, to: number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0xa4cf],
  [0xa960, 0xa97c],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1f64f],
  [0x1f680, 0x1f6ff],
  [0x1f900, 0x1faff],
  [0x20000, 0x3fffd],
]
