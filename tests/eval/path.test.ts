// Paths as texts, and the search path's prefixes.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { NixError } from "../../engine/eval/error.ts"
import { baseNameOfText, canonPath, dirOfText, isWithin, joinPath, lastName, parentPath } from "../../engine/eval/path.ts"
import { suffixOf } from "../../engine/eval/search-path.ts"
import { describeShared } from "../shared.ts"

describeShared("the vectors of C++ Nix's path tests", "conformance/unit-vectors/canon-path.json", (file) => {
  const vectors = JSON.parse(readFileSync(file, "utf8")) as {
    canon: [string, string][]
    relativeTo: [string, string, string][]
    within: [string, string, boolean][]
  }
  test("canonical forms", () => {
    for (const [raw, want] of vectors.canon) expect(canonPath(raw)).toBe(want)
  })
  test("relative to a directory", () => {
    for (const [path, base, want] of vectors.relativeTo) expect(joinPath(canonPath(base), path)).toBe(want)
  })
  test("within another", () => {
    for (const [path, dir, want] of vectors.within) expect(isWithin(canonPath(path), canonPath(dir))).toBe(want)
  })
})

describeShared("the vectors of C++ Nix's search path tests", "conformance/unit-vectors/search-path.json", (file) => {
  const vectors = JSON.parse(readFileSync(file, "utf8")) as { suffix: [string, string, string | null][] }
  test("what is left of a name behind a prefix", () => {
    for (const [prefix, path, want] of vectors.suffix) expect(suffixOf(prefix, path)).toBe(want)
  })
})

describe("paths", () => {
  test("dots and slashes are taken out, the root is the end", () => {
    const cases: [string, string][] = [
      ["/a/./b/../c", "/a/c"],
      ["/..", "/"],
      ["/a/..", "/"],
      ["/.a", "/.a"],
      ["/a/.b", "/a/.b"],
      ["/a/...", "/a/..."],
      ["/a/..b", "/a/..b"],
      ["", "/"],
      ["//", "/"],
    ]
    for (const [raw, want] of cases) expect(canonPath(raw), raw).toBe(want)
  })
  test("a null byte is refused", () => {
    expect(() => canonPath("/a\0b")).toThrow(NixError)
  })
  test("parents and last names", () => {
    expect([parentPath("/a/b"), parentPath("/a"), parentPath("/")]).toEqual(["/a", "/", "/"])
    expect([lastName("/a/b"), lastName("/")]).toEqual(["b", ""])
  })
  test("baseNameOf ignores one slash at the end", () => {
    const cases: [string, string][] = [
      ["", ""],
      ["/", ""],
      ["//", ""],
      ["a", "a"],
      ["a/", "a"],
      ["a//", ""],
      ["/a/b", "b"],
    ]
    for (const [path, want] of cases) expect(baseNameOfText(path), path).toBe(want)
  })
  test("dirOf of texts", () => {
    expect(["a", "/a", "a/b/", "a/b"].map(dirOfText)).toEqual([".", "/", "a/b", "a"])
  })
})
