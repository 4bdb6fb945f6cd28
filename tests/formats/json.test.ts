// JSON as Nix's library reads and writes it.
import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import { printDouble } from "../../engine/formats/json/double.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import { encodeCodePoint, invalidUtf8At } from "../../engine/formats/json/utf8.ts"
import { JsonFloat } from "../../engine/formats/json/value.ts"
import { printJson } from "../../engine/formats/json/write.ts"
import { describeShared } from "../shared.ts"

const seed = 20261121
const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1")

describeShared("floats", "conformance/oracle-2.34/toJSONfloat.json", (file) => {
  test("are printed as real Nix prints them", () => {
    let seen = 0
    for (const { expr, exit, out } of JSON.parse(readFileSync(file, "utf8"))) {
      const literal = /^builtins\.toJSON \(?(-?[0-9]*[.e][0-9.e+-]*)\)?$/.exec(expr)
      if (exit !== 0 || literal === null) continue
      seen++
      expect(printDouble(Number(literal[1])), expr).toBe(JSON.parse(out))
    }
    expect(seen).toBeGreaterThan(20)
  })
})

describe("JSON", () => {
  test("floats read back as they were", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(printDouble(value))).toBe(value)
      }),
      { seed, numRuns: 3000 },
    )
    expect(printDouble(1e23)).toBe("9.999999999999999e+22")
    expect(printDouble(8.41e21)).toBe("8.409999999999999e+21")
    expect([1e14, 1e15, 1e-5, -0, 5e-324, Number.MAX_VALUE, Number.NaN].map(printDouble)).toEqual([
      "100000000000000.0",
      "1e+15",
      "1e-05",
      "-0.0",
      "5e-324",
      "1.7976931348623157e+308",
      "null",
    ])
  })

  test("values keep their kind, keys are sorted, the last of equal keys wins", () => {
    expect(
      printJson(parseJson(' { "b" : [1, 1.0, 1e2, -0, 18446744073709551615, 18446744073709551616], "a":{}, "b2":null , "a":true} ')),
    ).toBe('{"a":true,"b":[1,1.0,100.0,0,18446744073709551615,1.8446744073709552e+19],"b2":null}')
    expect(parseJson("9007199254740993")).toBe(9007199254740993n)
    expect(parseJson("0.5")).toEqual(new JsonFloat(0.5))
    expect(Object.keys(parseJson('{"__proto__":1}') as object)).toEqual(["__proto__"])
  })

  test("strings are bytes", () => {
    const euro = bytes("€")
    expect(parseJson('"\\u20ac\\ud83d\\ude00\\u0000\\/"')).toBe(`${euro}${bytes("😀")}\0/`)
    expect(printJson(`${euro}\u0001\b\f\n\r\t"\\\u007f`)).toBe(`"${euro}\\u0001\\b\\f\\n\\r\\t\\"\\\\\u007f"`)
    expect(() => printJson("a\xff")).toThrow("[json.exception.type_error.316] invalid UTF-8 byte at index 1: 0xFF")
    expect(() => parseJson('"\xff"')).toThrow(FormatError)
  })

  test("faults are refused", () => {
    for (const bad of [
      "",
      "[",
      "[1,]",
      "{,}",
      '{"a"}',
      "01",
      "1.",
      "nul",
      "1 2",
      '"\\x"',
      '"\\ud800"',
      '"\n"',
      "1e999",
      "// c\n1",
      "[".repeat(9999),
    ]) {
      expect(() => parseJson(bad), bad).toThrow(FormatError)
    }
  })

  test("agrees with the platform on whatever it accepts", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const read = printJson(parseJson(bytes(text)))
        expect(JSON.parse(Buffer.from(read, "latin1").toString("utf8"))).toEqual(JSON.parse(text.replace(/-0(?![.\d])/g, "0")))
      }),
      { seed, numRuns: 300 },
    )
  })

  test("UTF-8 is checked as strictly as the platform does", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (data) => {
        const decoder = new TextDecoder("utf-8", { fatal: true })
        const valid = invalidUtf8At(Buffer.from(data).toString("latin1")) < 0
        if (valid) decoder.decode(data)
        else expect(() => decoder.decode(data)).toThrow()
      }),
      { seed, numRuns: 3000 },
    )
    for (const code of [0x24, 0xa2, 0x20ac, 0x10ffff]) expect(encodeCodePoint(code)).toBe(bytes(String.fromCodePoint(code)))
  })
})
