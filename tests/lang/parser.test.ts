// What the parser makes of texts: trees as `--parse` prints them, errors and warnings with their places.
import { expect, test } from "vitest"
import { parse } from "../../engine/lang/parser.ts"
import { parseWithRecovery } from "../../engine/lang/recover.ts"
import { textCases } from "./cases.ts"
import { printed } from "./printed.ts"

const quiet = { urlLiterals: "ignore", shortPathLiterals: "ignore", absolutePathLiterals: "ignore" } as const

textCases("parse.txt", (text) => printed(text, parse, { lint: quiet }))
textCases("problems.txt", (text) => printed(text, parse))
textCases("recover.txt", (text) => printed(text, parseWithRecovery, { lint: quiet }))

const fatal = { urlLiterals: "fatal", shortPathLiterals: "fatal", absolutePathLiterals: "fatal" } as const

test.each([
  ["http://x.y", 'error 1:1 URL literals are disallowed. Consider using a string literal "http://x.y" instead (lint-url-literals)'],
  ["a/b", "error 1:1 relative path literal 'a/b' should be prefixed with '.' for clarity: './a/b' (lint-short-path-literals)"],
  ["./a/b", "/base/a/b"],
])("with fatal lints %s gives %s", (text, expected) => {
  expect(printed(text, parse, { lint: fatal })).toBe(expected)
})

test("pipes need their feature", () => {
  const message = "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features pipe-operators' to enable it"
  expect(printed("a |> b", parse, { pipeOperators: false })).toBe(`error 1:3 ${message}`)
  expect(printed("a <| b", parse, { pipeOperators: false })).toBe(`error 1:3 ${message}`)
})

test("~ needs a home and an impure evaluation", () => {
  expect(printed("~/a", parse, { pureEval: true, lint: quiet })).toBe("error - the path '~/a' can not be resolved in pure mode")
  expect(printed("~/a", parse, { home: null, lint: quiet })).toBe("error - cannot determine user's home directory")
})

test("REPL bindings are a set without braces", () => {
  expect(printed("a = 1; b.c = 2; inherit (d) e;", parse, { mode: "repl-bindings" })).toBe("{ inherit (d) e; a = 1; b = { c = 2; }; }")
  expect(printed("a", parse, { mode: "repl-bindings" })).toBe("error 1:2 syntax error, unexpected end of file, expecting '.' or '='")
})

test("carriage returns: in strings they become line feeds, in indented strings they stay", () => {
  expect(printed('"a\r\nb\rc"', parse)).toBe('"a\\nb\\nc"')
  expect(printed("''a\r\nb''", parse)).toBe('"a\\r\\nb"')
})

test("NUL is refused in strings, is nothing in comments, and ends the text elsewhere", () => {
  const refused = "input string 'a\xe2\x90\x80b' cannot be represented as Nix string because it contains null bytes"
  expect(printed('"a\0b"', parse)).toBe(`error 1:2 ${refused}`)
  expect(printed("''a\0b''", parse)).toBe(`error 1:3 ${refused}`)
  expect(printed("1 # \0\n + 2 /* \0 */", parse)).toBe("(1 + 2)")
  expect(printed("1 \0 ] }", parse)).toBe("1")
})

test("bytes that are no ASCII live in strings and comments only", () => {
  expect(printed('"\xc3\xa9" # \xff', parse)).toBe('"\xc3\xa9"')
  expect(printed("123 \xc3\xa9 4", parse)).toBe("error 1:5 syntax error, unexpected invalid token, expecting end of file")
})

const depth = 20_000
test.each([
  ["parentheses", "(".repeat(depth), "1", ")".repeat(depth), 1],
  ["lists", "[".repeat(depth), "", "]".repeat(depth), 6 * depth - 3],
  ["sets", "{a=".repeat(depth), "1", ";}".repeat(depth), 9 * depth + 1],
  ["functions", "a: ".repeat(depth), "a", "", 5 * depth + 1],
  ["operators", "a ++ ".repeat(depth), "a", "", 7 * depth + 1],
  ["negations", "!".repeat(depth), "a", "", 4 * depth + 1],
  ["strings", '"${'.repeat(depth), "a", '}"'.repeat(depth), 2 * depth + 1],
  ["conditions", "if a then b else ".repeat(depth), "c", "", 19 * depth + 1],
  ["defaults", "a.b or ".repeat(depth), "c", "", 11 * depth + 1],
])("%s nested 20,000 deep parse and print", (_name, open, inside, close, length) => {
  expect(printed(open + inside + close, parse)).toHaveLength(length)
})

test("merging sets goes as deep as they do", () => {
  const nested = (inside: string) => "{a=".repeat(5000) + inside + ";}".repeat(5000)
  const merged = printed(`{ x = ${nested("{ b = 1; }")}; x = ${nested("{ c = 2; }")}; }`, parse)
  expect(merged).toContain("{ b = 1; c = 2; }")
  expect(printed(`{ x = ${nested("1")}; x = ${nested("2")}; }`, parse)).toContain("error 1:")
})
