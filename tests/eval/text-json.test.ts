// The JSON reader of builtins.fromJSON. json-cases.json: texts with one to three mutations and what Nix 2.8 said of them
// ("reads": what toJSON made of the value), all as bytes.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { type JsonMaker, readJson } from "../../engine/eval/text/json-reader.ts"
import { TextError } from "../../engine/eval/text/text-error.ts"
import { describeShared } from "../shared.ts"

interface Case {
  readonly text: string
  readonly reads?: string
  readonly error?: string
}

/** Values that can be compared: floats are marked, objects keep the order of first appearance. */
const plain: JsonMaker<unknown> = {
  int: (value) => value,
  float: (value) => ({ float: value }),
  string: (bytes) => bytes,
  bool: (value) => value,
  null: () => null,
  list: (items) => items,
  object: (keys, values) => new Map(keys.map((key, i) => [key, values[i]])),
}

/** As plain, but floats are numbers like others. */
const alike: JsonMaker<unknown> = { ...plain, float: (value) => value }

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

function faultOf(text: string): { code: string; message: string } {
  try {
    readJson(text, plain)
  } catch (error) {
    if (error instanceof TextError) return { code: error.code, message: error.message }
    throw error
  }
  return { code: "fine", message: "" }
}

describe("readJson", () => {
  test("takes and refuses what Nix 2.8 takes and refuses, in its words", () => {
    const cases = JSON.parse(readFileSync(new URL("json-cases.json", import.meta.url), "utf8")) as readonly Case[]
    expect(cases.length).toBeGreaterThan(200)
    for (const { text, reads, error } of cases) {
      if (error !== undefined) expect([text, faultOf(text).message]).toEqual([text, error])
      // Reading again what Nix printed gives the same value; 2.8 printed whole floats as integers.
      else expect([text, readJson(text, alike)]).toEqual([text, readJson(reads ?? "", alike)])
    }
  })

  test("integers are exact within 64 bits, floats beyond, and the unsigned range is refused", () => {
    expect(readJson("[0, -0, 9007199254740993, -9223372036854775808]", plain)).toEqual([0, 0, 9007199254740993n, -9223372036854775808n])
    expect(Object.is(readJson("-0", plain), 0)).toBe(true)
    expect(readJson("-9223372036854775809", plain)).toEqual({ float: -(2 ** 63) })
    expect(readJson("18446744073709551616", plain)).toEqual({ float: 2 ** 64 })
    expect(faultOf("18446744073709551615")).toEqual({
      code: "json/range",
      message: "unsigned json number 18446744073709551615 outside of Nix integer range",
    })
    expect(faultOf("[1e400]").message).toBe("[json.exception.out_of_range.406] number overflow parsing '1e400'")
  })

  test("escapes become UTF-8, a later key comes later, a byte order mark is skipped", () => {
    expect(readJson('\xef\xbb\xbf"\\u00e9\\u20ac\\ud83d\\ude00\\/"', plain)).toBe(latin1("é€😀/"))
    expect(readJson('{"a":1,"b":2,"a":3}', plain)).toEqual(
      new Map([
        ["a", 3],
        ["b", 2],
      ]),
    )
  })

  test("a NUL byte is refused as Nix does", () => {
    const message = latin1("input string 'a␀b' cannot be represented as Nix string because it contains null bytes")
    expect(faultOf('"a\\u0000b"')).toEqual({ code: "text/nul", message })
    expect(faultOf('{"a\\u0000b": 1}')).toEqual({ code: "text/nul", message })
  })

  test("bytes that are no UTF-8 are refused where they stand", () => {
    for (const bytes of [
      "\x80",
      "\xc0\x80",
      "\xc1\xbf",
      "\xe0\x9f\x80",
      "\xed\xa0\x80",
      "\xf0\x8f\x80\x80",
      "\xf4\x90\x80\x80",
      "\xf5",
      "\xe2\x82",
    ]) {
      expect(faultOf(`"${bytes}"`).message).toContain("invalid string: ill-formed UTF-8 byte; last read: '\"")
    }
    expect(readJson('"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80"', plain)).toBe("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80")
  })

  test("a million levels are read", () => {
    const depth = 1_000_000
    let value = readJson("[".repeat(depth) + "]".repeat(depth), plain)
    let levels = 0
    for (; Array.isArray(value); value = value[0]) levels++
    expect(levels).toBe(depth)
    expect(faultOf("[".repeat(depth)).message).toContain(
      "line 1, column 1000001: syntax error while parsing value - unexpected end of input",
    )
  })
})

describeShared("fromJSON of the oracle", "conformance/oracle-2.34/json.json", (file) => {
  interface Vector {
    readonly expr: string
    readonly exit: number
    readonly json?: string
    readonly error?: string
  }
  const call = /^builtins\.fromJSON ("(?:[^"\\]|\\.)*")$/s
  const vectors = (JSON.parse(readFileSync(file, "utf8")) as readonly Vector[]).filter(({ expr }) => call.test(expr))

  test("gives what Nix 2.34 gave", () => {
    expect(vectors.length).toBeGreaterThan(25)
    for (const { expr, exit, json, error } of vectors) {
      const text = latin1(JSON.parse(call.exec(expr)?.[1] ?? "") as string)
      if (exit !== 0) expect([expr, faultOf(text).message]).toEqual([expr, latin1(error ?? "")])
      else expect([expr, readJson(text, plain)]).toEqual([expr, readJson(latin1(json ?? ""), plain)])
    }
  })
})
