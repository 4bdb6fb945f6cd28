// Reads JSON text (a byte string) strictly, as nlohmann::json does for Nix, straight into values of the caller's making.
// One pass without an intermediate tree and without recursion. What is wrong is told by json-fault.ts, which reads again,
// slowly, exactly as that library does: its messages show where its lexer stood.
// C++ Nix: json-to-value.cc
import { jsonFault } from "./json-fault.ts"
import { nulFault, TextError } from "./text-error.ts"

/** Makes values. `T` is whatever the caller wants to build. */
export interface JsonMaker<T> {
  /** A number while it is a safe integer, else a bigint; always within 64 bits. */
  int(value: number | bigint): T
  float(value: number): T
  /** UTF-8 bytes, without NUL. */
  string(bytes: string): T
  bool(value: boolean): T
  null(): T
  list(items: T[]): T
  /** A key may be there twice: the later value is the one that counts. */
  object(keys: string[], values: T[]): T
}

interface Open<T> {
  /** Null for a list. */
  readonly keys: string[] | null
  readonly values: T[]
}

const largestInt = 2n ** 63n - 1n
const largestUnsigned = 2n ** 64n - 1n
const quote = 34
const backslash = 92

const escapes: ReadonlyMap<number, string> = new Map([
  [34, '"'],
  [92, "\\"],
  [47, "/"],
  [98, "\b"],
  [102, "\f"],
  [110, "\n"],
  [114, "\r"],
  [116, "\t"],
])

const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** A code point as UTF-8 bytes. */
export function encodeCodePoint(code: number): string {
  if (code < 0x80) return String.fromCharCode(code)
  const last = 0x80 | (code & 0x3f)
  if (code < 0x800) return String.fromCharCode(0xc0 | (code >> 6), last)
  const middle = 0x80 | ((code >> 6) & 0x3f)
  if (code < 0x10000) return String.fromCharCode(0xe0 | (code >> 12), middle, last)
  return String.fromCharCode(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 0x3f), middle, last)
}

/** The length of the UTF-8 character of several bytes at `at`, or 0 when it is none (RFC 3629). */
export function utf8Length(text: string, at: number): number {
  const first = text.charCodeAt(at)
  const second = text.charCodeAt(at + 1)
  const follows = (k: number): boolean => (text.charCodeAt(at + k) & 0xc0) === 0x80
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0
  if (first >= 0xe0 && first <= 0xef) {
    if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return 0
    return follows(1) && follows(2) ? 3 : 0
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 0
    return follows(1) && follows(2) && follows(3) ? 4 : 0
  }
  return 0
}

class JsonReader<T> {
  private readonly text: string
  private readonly make: JsonMaker<T>
  private at = 0

  constructor(text: string, make: JsonMaker<T>) {
    this.text = text
    this.make = make
  }

  read(): T {
    const { text, make } = this
    if (text.startsWith("\xef\xbb\xbf")) this.at = 3
    const open: Open<T>[] = []
    for (;;) {
      let value: T
      const code = this.peek()
      if (code === quote) value = make.string(this.string())
      else if (isDigit(code) || code === 45) value = this.number()
      else if (code === 123) {
        this.at++
        if (this.peek() !== 125) {
          open.push({ keys: [this.key()], values: [] })
          continue
        }
        this.at++
        value = make.object([], [])
      } else if (code === 91) {
        this.at++
        if (this.peek() !== 93) {
          open.push({ keys: null, values: [] })
          continue
        }
        this.at++
        value = make.list([])
      } else if (this.skips("true")) value = make.bool(true)
      else if (this.skips("false")) value = make.bool(false)
      else if (this.skips("null")) value = make.null()
      else throw this.fault()

      // The value is done: it may end what it is in.
      for (;;) {
        const inner = open[open.length - 1]
        const next = this.peek()
        if (inner === undefined) {
          if (this.at < text.length) throw this.fault()
          return value
        }
        inner.values.push(value)
        this.at++
        if (next === 44) {
          if (inner.keys !== null) {
            this.peek()
            inner.keys.push(this.key())
          }
          break
        }
        if (next !== (inner.keys === null ? 93 : 125)) throw this.fault()
        open.pop()
        value = inner.keys === null ? make.list(inner.values) : make.object(inner.keys, inner.values)
      }
    }
  }

  /** Skips blanks; the byte there, or NaN at the end. */
  private peek(): number {
    const { text } = this
    let code = text.charCodeAt(this.at)
    while (code === 32 || code === 10 || code === 13 || code === 9) code = text.charCodeAt(++this.at)
    return code
  }

  private skips(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  private key(): string {
    if (this.text.charCodeAt(this.at) !== quote) throw this.fault()
    const key = this.string()
    if (this.peek() !== 58) throw this.fault()
    this.at++
    return key
  }

  /** The text of the string whose opening quote is at hand. */
  private string(): string {
    const { text } = this
    const start = ++this.at
    let end = start
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === quote) {
        this.at = end + 1
        return text.slice(start, end)
      }
      if (code === backslash) break
      if (code >= 0x80) {
        const length = utf8Length(text, end)
        if (length === 0) throw this.fault()
        end += length
      } else if (code >= 32) end++
      else throw this.fault()
    }
    return this.escapedString(start, end)
  }

  /** As string(), from its first backslash on. */
  private escapedString(start: number, firstEscape: number): string {
    const { text } = this
    let result = ""
    let from = start
    let end = firstEscape
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === quote) {
        this.at = end + 1
        result += text.slice(from, end)
        if (result.includes("\0")) throw nulFault(result)
        return result
      }
      if (code === backslash) {
        result += text.slice(from, end)
        const kind = text.charCodeAt(end + 1)
        const plain = escapes.get(kind)
        if (plain !== undefined) {
          result += plain
          end += 2
        } else {
          if (kind !== 117) throw this.fault()
          let point = this.hex(end + 2)
          end += 6
          if (point >= 0xd800 && point <= 0xdbff) {
            const low = text.startsWith("\\u", end) ? this.hex(end + 2) : 0
            if (low < 0xdc00 || low > 0xdfff) throw this.fault()
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00)
            end += 6
          } else if (point >= 0xdc00 && point <= 0xdfff) throw this.fault()
          result += encodeCodePoint(point)
        }
        from = end
      } else if (code >= 0x80) {
        const length = utf8Length(text, end)
        if (length === 0) throw this.fault()
        end += length
      } else if (code >= 32) end++
      else throw this.fault()
    }
  }

  private hex(at: number): number {
    const digits = this.text.slice(at, at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.fault()
    return Number.parseInt(digits, 16)
  }

  private number(): T {
    const { text, make } = this
    const start = this.at
    let at = start
    const negative = text.charCodeAt(at) === 45
    if (negative) at++
    let code = text.charCodeAt(at)
    if (!isDigit(code)) throw this.fault()
    let value = code - 48
    code = text.charCodeAt(++at)
    if (value !== 0) {
      while (isDigit(code)) {
        value = value * 10 + (code - 48)
        code = text.charCodeAt(++at)
      }
    }
    if (code === 46 || code === 101 || code === 69) return this.float(start, at)
    this.at = at
    // Up to 15 digits the sum above is exact.
    if (at - start <= 15) return make.int(negative && value !== 0 ? -value : value)
    const exact = BigInt(text.slice(start, at))
    if (exact > largestInt && exact <= largestUnsigned) {
      throw new TextError("json/range", `unsigned json number ${exact} outside of Nix integer range`)
    }
    if (exact > largestUnsigned || exact < -largestInt - 1n) return this.float(start, at)
    const safe = Number(exact)
    return make.int(Number.isSafeInteger(safe) ? safe : exact)
  }

  /** A number with fraction or exponent, or too large for 64 bits; its integer part ends at `integerEnd`. */
  private float(start: number, integerEnd: number): T {
    const { text } = this
    let at = integerEnd
    if (text.charCodeAt(at) === 46) {
      if (!isDigit(text.charCodeAt(++at))) throw this.fault()
      while (isDigit(text.charCodeAt(at))) at++
    }
    if (text.charCodeAt(at) === 101 || text.charCodeAt(at) === 69) {
      const sign = text.charCodeAt(++at)
      if (sign === 43 || sign === 45) at++
      if (!isDigit(text.charCodeAt(at))) throw this.fault()
      while (isDigit(text.charCodeAt(at))) at++
    }
    const value = Number(text.slice(start, at))
    if (!Number.isFinite(value)) throw this.fault()
    this.at = at
    return this.make.float(value)
  }

  private fault(): TextError {
    return jsonFault(this.text)
  }
}

/**
 * Reads JSON text (bytes) into the values that `make` makes, inner ones first.
 * Throws TextError: "json/syntax" with nlohmann's message, "json/range" for integers from 2^63 to 2^64 - 1, "text/nul".
 */
export function readJson<T>(text: string, make: JsonMaker<T>): T {
  return new JsonReader(text, make).read()
}
