// Small texts of the evaluator: edit distance, floats as C prints them, UTF-8.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { decodeUtf8, encodeUtf8, printAttrName, printString } from "../../engine/eval/text/escape.ts"
import { formatFixed, printG } from "../../engine/eval/text/float.ts"
import { levenshtein, suggestions, suggestionText } from "../../engine/eval/text/levenshtein.ts"
import { compareVersions, parseDrvName, splitVersion } from "../../engine/eval/version.ts"
import { invalidUtf8At } from "../../engine/formats/json/utf8.ts"
import { describeShared } from "../shared.ts"

describe("suggestions", () => {
  test("are the nearest names, at most five and at most two edits away, by distance and then by name", () => {
    expect(suggestions(["foobar", "fob", "fop", "fo", "f", "fooo", "zzz", "foa"], "foo")).toEqual(["fo", "foa", "fob", "fooo", "fop"])
    expect(suggestions(["abcdef"], "abc")).toEqual([])
    expect(suggestions([], "abc")).toEqual([])
  })

  test("are told as Nix tells them", () => {
    expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(suggestionText)).toEqual(["", "a", "one of a or b", "one of a, b or c"])
  })
})

describeShared("edit distances of Nix's own tests", "conformance/unit-vectors/levenshtein.json", (file) => {
  test("are the same", () => {
    const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly { a: string; b: string; d: number }[]
    expect(vectors.length).toBeGreaterThan(5)
    for (const { a, b, d } of vectors) expect([a, b, levenshtein(a, b), levenshtein(b, a)]).toEqual([a, b, d, d])
  })
})

describe("floats", () => {
  // Both columns as printf("%g") and printf("%f") of glibc print them.
  const table: readonly (readonly [number, string, string])[] = [
    [0, "0", "0.000000"],
    [-0, "-0", "-0.000000"],
    [123456789, "1.23457e+08", "123456789.000000"],
    [999999.5, "1e+06", "999999.500000"],
    [123456.5, "123456", "123456.500000"],
    [0.0001, "0.0001", "0.000100"],
    [0.00001, "1e-05", "0.000010"],
    [2.5e-7, "2.5e-07", "0.000000"],
    [1e22, "1e+22", "10000000000000000000000.000000"],
    [Number.MIN_VALUE, "4.94066e-324", "0.000000"],
    [Number.POSITIVE_INFINITY, "inf", "inf"],
    [Number.NEGATIVE_INFINITY, "-inf", "-inf"],
    [Number.NaN, "-nan", "-nan"],
  ]

  test("print with six digits, and with six decimals exactly", () => {
    for (const [x, short, long] of table) expect([x, printG(x), formatFixed(x)]).toEqual([x, short, long])
    expect(formatFixed(1.5e300)).toHaveLength(301 + 7)
  })
})

describe("texts in quotes", () => {
  test("strings are escaped, a dollar only before a brace", () => {
    expect(printString('a"b\\c\n\r\t$x${y}$')).toBe('"a\\"b\\\\c\\n\\r\\t$x\\${y}$"')
  })

  test("names are bare where Nix could read them back", () => {
    const names = ["a", "_a'-1", "1a", "a b", "", "if", "or", "a.b", "é"]
    expect(names.map(printAttrName)).toEqual(["a", "_a'-1", '"1a"', '"a b"', '""', '"if"', "or", '"a.b"', '"é"'])
  })
})

describe("UTF-8", () => {
  test("bytes and text go into each other", () => {
    for (const text of ["", "plain", "é€😀", `${"x".repeat(20_000)}ü`]) {
      expect(encodeUtf8(text)).toBe(Buffer.from(text, "utf8").toString("latin1"))
      expect(decodeUtf8(encodeUtf8(text))).toBe(text)
    }
  })

  test("the first byte that is none is found", () => {
    expect(["ok", "a\xff", "\xc3", "\xe2\x82\x41", "\xed\xa0\x80", "\xf4\x90\x80\x80"].map(invalidUtf8At)).toEqual([-1, 1, 1, 2, 1, 1])
  })
})

describe("versions", () => {
  test("big numbers compare as text, prereleases come first", () => {
    expect(compareVersions("2147483648", "3")).toBe(-1)
    expect(compareVersions("1.0pre", "1.0")).toBe(-1)
    expect(compareVersions("1-1", "1.1")).toBe(0)
  })

  test("are split at dots, dashes and between digits and words", () => {
    expect(splitVersion("1.2pre3-é")).toEqual(["1", "2", "pre", "3", "é"])
    expect(splitVersion("..--")).toEqual([])
  })

  test("of package names begin after a dash that no letter follows", () => {
    expect(parseDrvName("a-b-1.2-3")).toEqual({ name: "a-b", version: "1.2-3" })
    expect(parseDrvName("foo-")).toEqual({ name: "foo-", version: "" })
    expect(parseDrvName("foo-\n1")).toEqual({ name: "foo", version: "\n1" })
  })
})
