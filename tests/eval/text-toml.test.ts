// The TOML reader of builtins.fromTOML. toml-cases.json: random and mutated documents with what toml11 4.4 (the library that
// Nix 2.36 uses) read, or its whole message; all as bytes. "reads" is written as `dump` below does.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { TextError } from "../../engine/eval/text/text-error.ts"
import { readToml, type TomlMaker } from "../../engine/eval/text/toml-reader.ts"
import { describeShared } from "../shared.ts"

interface Case {
  readonly text: string
  readonly reads?: string
  readonly error?: string
}

const hex = (bytes: string): string => Buffer.from(bytes, "latin1").toString("hex")

function dumpFloat(x: number): string {
  if (!Number.isFinite(x)) return x > 0 ? "Finf" : "F-inf"
  return Object.is(x, -0) ? "F-0" : `F#${x}`
}

const dump: TomlMaker<string> = {
  int: (value) => `i${value}`,
  float: dumpFloat,
  nan: (negative) => (negative ? "F-nan" : "Fnan"),
  string: (bytes) => `s${hex(bytes)}`,
  bool: String,
  list: (items) => `[${items.map((item) => `${item},`).join("")}]`,
  object: (keys, values) => {
    const entries = keys.map((key, i) => [hex(key), values[i]] as const)
    entries.sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([key, value]) => `${key}=${value};`).join("")}}`
  },
  timestamp: (text) => `t${text}`,
}

const plain: TomlMaker<unknown> = {
  int: (value) => value,
  float: (value) => value,
  nan: () => Number.NaN,
  string: (bytes) => bytes,
  bool: (value) => value,
  list: (items) => items,
  object: (keys, values) => Object.fromEntries(keys.map((key, i) => [key, values[i]])),
  timestamp: null,
}

function faultOf(text: string): { code: string; message: string } {
  try {
    readToml(text, plain)
  } catch (error) {
    if (error instanceof TextError) return { code: error.code, message: error.message }
    throw error
  }
  return { code: "fine", message: "" }
}

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

describe("readToml", () => {
  test("reads and refuses what toml11 does, with its whole message", () => {
    const cases = JSON.parse(readFileSync(new URL("toml-cases.json", import.meta.url), "utf8")) as readonly Case[]
    expect(cases.length).toBeGreaterThan(200)
    for (const { text, reads, error } of cases) {
      if (error !== undefined) expect([text, faultOf(text).message]).toEqual([text, error])
      else expect([text, readToml(text, dump)]).toEqual([text, reads])
    }
  })

  test("a date is refused unless it can be made, with fractions in thousands", () => {
    expect(faultOf("a = 1979-05-27")).toEqual({ code: "toml/timestamp", message: "Dates and times are not supported" })
    expect(readToml("a = 1979-05-27t07:32:00.1234z", dump)).toBe("{61=t1979-05-27T07:32:00.123400Z;}")
    expect(readToml("a = 00:32:00.1234567891", dump)).toBe("{61=t00:32:00.123456789;}")
  })

  test("a NUL byte is refused with the words of Nix", () => {
    const message = latin1("error: input string 'a␀b' cannot be represented as Nix string because it contains null bytes")
    expect(faultOf('k = "a\\u0000b"')).toEqual({ code: "text/nul", message })
    expect(faultOf('"a\\u0000b" = 1')).toEqual({ code: "text/nul", message })
  })

  test("keys may make tables of any depth, brackets are refused beyond a bound", () => {
    const depth = 50_000
    let value = readToml(`${Array.from({ length: depth }, () => "a").join(".")} = 1`, plain)
    let levels = 0
    for (; typeof value === "object" && value !== null; value = (value as { a: unknown }).a) levels++
    expect(levels).toBe(depth)
    expect(faultOf(`a = ${"[".repeat(100_000)}`).code).toBe("toml/syntax")
    expect(readToml(`a = ${"[".repeat(200)}${"]".repeat(200)}`, dump)).toContain("[[[")
  })

  test("a long string is read at once", () => {
    const long = "x\\n".repeat(300_000)
    expect(readToml(`a = """${long}"""`, plain)).toEqual({ a: "x\n".repeat(300_000) })
  })
})

describeShared("fromTOML of the oracle", "conformance/oracle-2.34/json.json", (file) => {
  interface Vector {
    readonly expr: string
    readonly exit: number
    readonly json?: string
    readonly error?: string
  }
  const call = /^builtins\.fromTOML ("(?:[^"\\]|\\.)*")$/s
  const vectors = (JSON.parse(readFileSync(file, "utf8")) as readonly Vector[]).filter(({ expr }) => call.test(expr))
  // Values were recorded as JSON, which has no infinite ones.
  const asJson: TomlMaker<unknown> = { ...plain, float: (value) => (Number.isFinite(value) ? value : null), nan: () => null }
  // The recorded messages have lost the blanks at the beginnings of lines.
  const unindented = (text: string): string => text.trimEnd().replace(/\n +/g, "\n")

  test("gives what Nix 2.34 gave", () => {
    expect(vectors.length).toBeGreaterThan(12)
    for (const { expr, exit, json, error } of vectors) {
      const text = latin1(JSON.parse(call.exec(expr)?.[1] ?? "") as string)
      if (exit !== 0) expect([expr, `while parsing TOML: ${unindented(faultOf(text).message)}`]).toEqual([expr, error])
      else expect([expr, readToml(text, asJson)]).toEqual([expr, JSON.parse(json ?? "")])
    }
  })
})
