// Bracket expressions `[a-z]`, `[^[:space:]x]` as libstdc++ reads them (bits/regex_compiler.tcc _M_expression_term).
// Odd: a dash is literal only first or last; a range may begin with [.x.] but not end with it; ranges compare signed chars.
import { addClass, type ByteSet, collatingByte, emptySet, otherCase } from "./byte-set.ts"
import { RegexError } from "./regex-error.ts"
import type { Scanner } from "./scanner.ts"

/** What was read last: nothing that can begin a range, a class, or the byte that may begin one. */
type Last = "none" | "class" | number

const signed = (byte: number): number => (byte < 128 ? byte : byte - 256)

/** Reads the inside of a bracket expression up to and including its `]`; the opener has been consumed. */
export function parseBracket(scanner: Scanner, negated: boolean): ByteSet {
  const set = emptySet()
  const invalid = (): RegexError => new RegexError("regex/invalid", scanner.pattern)
  const addRange = (from: number, to: number): void => {
    if (signed(from) > signed(to)) throw invalid()
    for (let c = signed(from); c <= signed(to); c++) set[c & 255] = 1
  }
  const keep = (last: Last): void => {
    if (typeof last === "number") set[last] = 1
  }

  let last: Last = "none"
  if (scanner.kind === "byte") {
    last = scanner.text.charCodeAt(0)
    scanner.advance()
  } else if (scanner.kind === "dash") {
    last = 45
    scanner.advance()
  }
  let open = true
  while (open) {
    const { kind, text } = scanner
    switch (kind) {
      case "bracket-close":
        scanner.advance()
        open = false
        break
      case "byte":
        scanner.advance()
        keep(last)
        last = text.charCodeAt(0)
        break
      case "collating": {
        scanner.advance()
        const byte = collatingByte(text)
        if (byte < 0) throw invalid()
        keep(last)
        last = byte
        break
      }
      case "equivalence": {
        scanner.advance()
        const byte = collatingByte(text)
        if (byte < 0) throw invalid()
        keep(last)
        last = "class"
        // libstdc++ compares transform_primary, which lowers the case first.
        set[byte] = 1
        set[otherCase(byte)] = 1
        break
      }
      case "class":
        scanner.advance()
        keep(last)
        last = "class"
        if (!addClass(set, text)) throw invalid()
        break
      case "dash": {
        scanner.advance()
        const end: { kind: string; text: string } = scanner
        if (end.kind === "bracket-close") {
          scanner.advance()
          keep(last)
          last = 45
          open = false
          break
        }
        if (typeof last !== "number") throw invalid()
        if (end.kind === "byte") {
          const to = end.text.charCodeAt(0)
          scanner.advance()
          addRange(last, to)
        } else if (end.kind === "dash") {
          scanner.advance()
          addRange(last, 45)
        } else throw invalid()
        last = "none"
        break
      }
      default:
        throw invalid()
    }
  }
  keep(last)
  if (negated) for (let c = 0; c < 256; c++) set[c] = set[c] === 1 ? 0 : 1
  return set
}
