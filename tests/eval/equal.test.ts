// Equality and order beyond what the oracle's expressions show: cells, the order in which things are forced, depth.

import { describe, expect, test } from "vitest"
import type { Settings } from "../../engine/eval/runtime.ts"
import { instantiate, runs } from "./instantiate.ts"
import { MemoryHost } from "./memory-host.ts"

/** The value or message, and what was traced on the way. */
function traced(nix: string, settings: Partial<Settings>): readonly [outcome: string, ...lines: string[]] {
  const host = new MemoryHost()
  const got = instantiate(nix, { settings, host })
  return ["out" in got ? got.out : got.error, ...host.lines]
}

const t = "t = n: builtins.trace (toString n) n;"

describe.each(runs)("run: %s", (run) => {
  const settings = { run }
  test.each([
    ["a function is not equal to itself", "let f = x: x; in f == f", "false"],
    ["a cell with a function is equal to itself", "let f = x: x; in [ f ] == [ f ] && { a = f; } == { a = f; }", "true"],
    ["two cells with the same function differ", "let f = x: x; g = f; in [ f ] == [ (builtins.seq g f) ]", "false"],
    ["a NaN is equal to its own cell only", "let n = 1.0e300 * 1.0e300 * 0; in [ (n == n) ([ n ] == [ n ]) ]", "[ false true ]"],
    ["integers and floats compare as doubles", "[ (1 == 1.0) (9007199254740993 == 9007199254740992.0) (1.0 < 2) ]", "[ true true true ]"],
    [
      "derivations compare by outPath",
      '{ type = "derivation"; outPath = "x"; a = throw "a"; } == { type = "derivation"; outPath = "x"; }',
      "true",
    ],
    ["one set that is no derivation compares all", '{ type = "derivation"; outPath = "x"; } == { type = "d"; outPath = "x"; }', "false"],
    ["lists of different length are not looked into", '[ (throw "a") ] == [ ]', "false"],
    ["elem finds a function by its cell", "let f = x: x; in builtins.elem f [ f ]", "true"],
    ["a string is less as bytes", '"Z" < "a" && "a" < "é" && "a" < "ab"', "true"],
    ["lists compare by their first difference", "[ 1 2 ] < [ 1 3 ] && [ 1 ] < [ 1 2 ] && !([ 2 ] < [ 1 2 ]) && !([ ] < [ ])", "true"],
  ])("%s", (_name, nix, want) => {
    expect(traced(nix, settings)).toEqual([want])
  })

  test("sets are compared in the order in which their names were first seen", () => {
    expect(traced(`let ${t} in { z = t 1; a = t 2; } == { a = t 3; z = t 4; }`, settings)).toEqual(["false", "trace: 1", "trace: 4"])
  })

  test("lists are compared from the left, until a difference", () => {
    expect(traced(`let ${t} in [ (t 1) (t 2) (t 3) ] == [ (t 1) (t 5) (t 6) ]`, settings)).toEqual([
      "false",
      "trace: 1",
      "trace: 1",
      "trace: 2",
      "trace: 5",
    ])
  })

  test("an endless comparison ends at max-call-depth", () => {
    expect(traced("let a = [ a ]; b = [ b ]; in a == b", settings)).toEqual(["stack overflow; max-call-depth exceeded"])
    expect(traced("let a = { x = a; }; b = { x = b; }; in a == b", { ...settings, maxCallDepth: 100 })).toEqual([
      "stack overflow; max-call-depth exceeded",
    ])
  })

  test("deepSeq walks a cycle once", () => {
    expect(traced("let a = { x = a; y = [ a 1 ]; }; in builtins.deepSeq a 1", settings)).toEqual(["1"])
  })

  test("sort asks the comparator in the order of Nix", () => {
    const sort = 'builtins.sort (a: b: builtins.trace (toString a + "<" + toString b) (a < b)) [ 2 3 1 ]'
    expect(traced(sort, settings)).toEqual(["[ 1 2 3 ]", "trace: 3<2", "trace: 1<3", "trace: 1<2"])
  })

  test("sort keeps the order of equal elements in long lists with runs", () => {
    const nix = `let
      xs = builtins.genList (i: { k = if i < 40 then i / 3 else if i < 80 then 100 - i else i - (i / 7) * 7; inherit i; }) 200;
      s = builtins.sort (a: b: a.k < b.k) xs;
      ok = i: let a = builtins.elemAt s i; b = builtins.elemAt s (i + 1); in a.k < b.k || a.k == b.k && a.i < b.i;
    in builtins.all ok (builtins.genList (i: i) 199)`
    expect(traced(nix, settings)).toEqual(["true"])
  })

  test("genericClosure finds the same elements whether keys are hashed or compared", () => {
    const walk = (key: string) =>
      `map (x: x.n) (builtins.genericClosure { startSet = [ { n = 1; key = ${key} 1; } ]; operator = x: if x.n < 0 || x.n > 3000 then [ ] else map (n: { inherit n; key = ${key} n; }) [ (x.n * 2) (x.n * 3 - 7) (x.n + 11) ]; })`
    expect(traced(`${walk("(n: n)")} == ${walk("(n: [ n ])")}`, settings)).toEqual(["true"])
    expect(traced(`builtins.length (${walk("(n: n)")}) == builtins.length (${walk("toString")})`, settings)).toEqual(["true"])
    expect(
      traced(`builtins.length (${walk("(n: n)")}) == builtins.length (${walk("(n: if n / 2 * 2 == n then n else n + 0.0)")})`, settings),
    ).toEqual(["true"])
  })

  test("genericClosure with keys of two types names both elements", () => {
    expect(traced('builtins.genericClosure { startSet = [ { key = 1; } { key = "a"; } ]; operator = x: [ ]; }', settings)).toEqual([
      'cannot compare a string with an integer; values are "a" and 1',
    ])
  })

  test("tryEval leaves depth and stack as they were", () => {
    const nix =
      'let f = n: if n == 0 then throw "x" else 1 + f (n - 1); in builtins.foldl\' (a: i: a + (if (builtins.tryEval (f 500)).success then 1 else 0)) 0 (builtins.genList (i: i) 100)'
    expect(traced(nix, settings)).toEqual(["0"])
  })
})
