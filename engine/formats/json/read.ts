// Reads JSON text (a byte string) strictly: one value, no comments, valid UTF-8; of keys given twice the last wins.
// Numbers without fraction and exponent are integers while they fit 64 bits (signed, or unsigned), floats otherwise.
// C++ Nix: nlohmann::json::parse

import { fail } from "../error.ts"
import { encodeCodePoint, invalidUtf8At } from "./utf8.ts"
import { JsonFloat, type JsonValue } from "./value.ts"

/** How deep values may nest: more than any real file, less than the native stack. */
const maxDepth = 2000

const numberToken = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const plainText = /[^"\\\u0000-\u001f]*/y
const blank = /[ \t\r\n]*/y
const simpleEscapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  readAll(): JsonValue {
    const invalid = invalidUtf8At(this.#text)
    if (invalid >= 0) fail("bad-json", `JSON text is not valid UTF-8 at byte ${invalid}`, invalid)
    const value = this.#value(0)
    this.#skipBlanks()
    if (this.#at < this.#text.length) this.#wrong("the end of the text")
    return value
  }

  #wrong(wanted: string): never {
    const found = this.#at < this.#text.length ? `'${this.#text.slice(this.#at, this.#at + 10)}'` : "the end of the text"
    return fail("bad-json", `JSON: expected ${wanted} at byte ${this.#at} but found ${found}`, this.#at)
  }

  #skipBlanks(): void {
    blank.lastIndex = this.#at
    blank.exec(this.#text)
    this.#at = blank.lastIndex
  }

  #take(token: string): boolean {
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    return true
  }

  #value(depth: number): JsonValue {
    if (depth > maxDepth) fail("bad-json", `JSON nests deeper than ${maxDepth} levels`, this.#at)
    this.#skipBlanks()
    const char = this.#text[this.#at]
    if (char === '"') return this.#string()
    if (char === "[") return this.#list(depth)
    if (char === "{") return this.#object(depth)
    if (this.#take("null")) return null
    if (this.#take("true")) return true
    if (this.#take("false")) return false
    return this.#number()
  }

  #number(): JsonValue {
    numberToken.lastIndex = this.#at
    const match = numberToken.exec(this.#text)
    if (match === null) return this.#wrong("a value")
    const start = this.#at
    this.#at = numberToken.lastIndex
    if (match[1] === undefined && match[2] === undefined) {
      const number = Number(match[0])
      if (Number.isSafeInteger(number)) return number === 0 ? 0 : number
      const integer = BigInt(match[0])
      if (integer >= -(1n << 63n) && integer < 1n << 64n) return integer
    }
    const float = Number(match[0])
    if (!Number.isFinite(float)) fail("bad-json", `JSON: number overflow parsing '${match[0]}' at byte ${start}`, start)
    return new JsonFloat(float)
  }

  #string(): string {
    this.#at++
    let text = ""
    for (;;) {
      plainText.lastIndex = this.#at
      plainText.exec(this.#text)
      text += this.#text.slice(this.#at, plainText.lastIndex)
      this.#at = plainText.lastIndex
      if (this.#take('"')) return text
      if (!this.#take("\\")) return this.#wrong("the rest of a string")
      text += this.#escape()
    }
  }

  #escape(): string {
    const char = this.#text[this.#at] ?? ""
    const simple = simpleEscapes[char]
    if (simple !== undefined) {
      this.#at++
      return simple
    }
    if (char !== "u") return this.#wrong("an escape")
    this.#at++
    const first = this.#hex4()
    if (first < 0xd800 || first > 0xdfff) return encodeCodePoint(first)
    if (first > 0xdbff || !this.#take("\\u")) return this.#wrong("a surrogate pair")
    const second = this.#hex4()
    if (second < 0xdc00 || second > 0xdfff) return this.#wrong("a surrogate pair")
    return encodeCodePoint(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
  }

  #hex4(): number {
    const digits = this.#text.slice(this.#at, this.#at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) return this.#wrong("four hexadecimal digits")
    this.#at += 4
    return Number.parseInt(digits, 16)
  }

  #list(depth: number): JsonValue {
    this.#at++
    const items: JsonValue[] = []
    this.#skipBlanks()
    if (this.#take("]")) return items
    for (;;) {
      items.push(this.#value(depth + 1))
      this.#skipBlanks()
      if (this.#take("]")) return items
      if (!this.#take(",")) return this.#wrong("',' or ']'")
    }
  }

  #object(depth: number): JsonValue {
    this.#at++
    // Without a prototype, so that a key like __proto__ is a key like any other.
    const object: { [key: string]: JsonValue } = Object.create(null)
    this.#skipBlanks()
    if (this.#take("}")) return object
    for (;;) {
      this.#skipBlanks()
      if (this.#text[this.#at] !== '"') return this.#wrong("a key")
      const key = this.#string()
      this.#skipBlanks()
      if (!this.#take(":")) return this.#wrong("':'")
      object[key] = this.#value(depth + 1)
      this.#skipBlanks()
      if (this.#take("}")) return object
      if (!this.#take(",")) return this.#wrong("',' or '}'")
    }
  }
}

/** The value that `text` is; fails with the place of the first fault (code `bad-json`). */
export function parseJson(text: string): JsonValue {
  return new JsonReader(text).readAll()
}
