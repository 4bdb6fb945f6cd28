// The regular expressions of builtins.match and builtins.split, judged by what real Nix answered.
// regex-cases.json: random and chosen patterns with the answers of Nix 2.8 (libstdc++), all strings as bytes.
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { compileRegex, type Match, matchWhole, matchWholeOurs, splitMatches, splitMatchesOurs } from "../../engine/eval/regex/regex.ts"
import { RegexError } from "../../engine/eval/regex/regex-error.ts"
import { describeShared } from "../shared.ts"

interface Case {
  readonly pattern: string
  readonly text: string
  readonly match?: unknown
  readonly split?: unknown
  readonly error?: string
}

/** What builtins.split makes of matches. */
function pieces(text: string, matches: readonly Match[]): unknown[] {
  const result: unknown[] = []
  let from = 0
  for (const { start, end, groups } of matches) {
    result.push(text.slice(from, start), groups)
    from = end
  }
  return [...result, text.slice(from)]
}

function codeOf(pattern: string): string {
  try {
    compileRegex(pattern)
    return "fine"
  } catch (error) {
    if (error instanceof RegexError) return error.code
    throw error
  }
}

const latin1 = (text: string): string => Buffer.from(text, "utf8").toString("latin1")

/** Random patterns from a seed: xorshift, so that a failing one can be made again. */
function generator(seed: number): { pattern: () => string; text: () => string } {
  let x = seed
  const below = (n: number): number => {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    return (x >>> 0) % n
  }
  const pick = (from: readonly string[]): string => from[below(from.length)] ?? ""
  const atom = (depth: number): string => {
    const kind = below(14)
    if (kind < 7 || depth === 0) return pick(["a", "b", "c", ".", "[ab]", "[^a]"])
    if (kind < 8) return pick(["^", "$"])
    return `(${pattern(depth - 1)})`
  }
  const term = (depth: number): string => {
    const text = atom(depth)
    return text === "^" || text === "$" ? text : text + pick(["", "", "", "*", "+", "?", "{2}", "{0,2}", "{1,}"])
  }
  const pattern = (depth: number): string => {
    let text = ""
    for (let n = below(4); n > 0; n--) text += term(depth)
    return below(3) === 0 ? `${text}|${pattern(depth)}` : text
  }
  return {
    pattern: () => pattern(2),
    text: () => Array.from({ length: below(8) }, () => pick(["a", "b", "c"])).join(""),
  }
}

describe("regular expressions", () => {
  const cases = JSON.parse(readFileSync(new URL("regex-cases.json", import.meta.url), "utf8")) as readonly Case[]

  test("answer as Nix 2.8 did, by every way of running", () => {
    expect(cases.length).toBeGreaterThan(400)
    for (const { pattern, text, match, split, error } of cases) {
      if (error !== undefined) {
        expect([pattern, codeOf(pattern)]).toEqual([pattern, error])
        continue
      }
      const regex = compileRegex(pattern)
      const wanted = [pattern, text, match, split]
      expect([pattern, text, matchWhole(regex, text), pieces(text, splitMatches(regex, text))]).toEqual(wanted)
      expect([pattern, text, matchWholeOurs(regex, text), pieces(text, splitMatchesOurs(regex, text))]).toEqual(wanted)
      expect([pattern, text, matchWholeOurs(regex, text, 0), pieces(text, splitMatchesOurs(regex, text, 0))]).toEqual(wanted)
    }
  })

  test("native form and remembered visits do not show, on random patterns", () => {
    const random = generator(20261121)
    let native = 0
    for (let i = 0; i < 1500; i++) {
      const regex = compileRegex(random.pattern())
      const text = random.text()
      if (regex.searchNative(text.length) !== null) native++
      const whole = matchWholeOurs(regex, text)
      const split = splitMatchesOurs(regex, text)
      expect([matchWhole(regex, text), splitMatches(regex, text)]).toEqual([whole, split])
      expect([matchWholeOurs(regex, text, 0), splitMatchesOurs(regex, text, 0)]).toEqual([whole, split])
    }
    expect(native).toBeGreaterThan(200)
  })

  test("a megabyte matches and splits, also where backtracking is deep", () => {
    const text = "abcdefgh-".repeat(120_000)
    expect(matchWhole(compileRegex("((a|b)|[^q])*"), text)).toEqual(["-", "b"])
    expect(matchWholeOurs(compileRegex("(.*)-([^-]*)"), text)).toEqual([text.slice(0, -1), ""])
    expect(splitMatches(compileRegex("(a|ab)"), text)).toHaveLength(120_000)
  })

  test("a pattern with exponentially many ways to fail fails at once", () => {
    expect(matchWhole(compileRegex("(a+a+)+b"), "a".repeat(3000))).toBeNull()
    expect(matchWhole(compileRegex(".*a.*a.*a.*b"), "a".repeat(30_000))).toBeNull()
    expect(splitMatches(compileRegex("(a|aa)*b"), "a".repeat(2000))).toEqual([])
  })

  test("the reason of a refusal is told apart as in Nix", () => {
    expect(() => compileRegex("a{200000}")).toThrow("memory limit exceeded by regular expression 'a{200000}'")
    expect(() => compileRegex("(")).toThrow("invalid regular expression '('")
    // libstdc++ scans one token ahead, so the escape is seen before the copies are made.
    expect(codeOf("a{200000}\\d")).toBe("regex/invalid")
    expect(codeOf("a{200000}b\\d")).toBe("regex/too-big")
  })
})

describeShared("regular expressions of the oracle", "conformance/oracle-2.34/regex.json", (file) => {
  interface Vector {
    readonly expr: string
    readonly exit: number
    readonly json?: string
    readonly error?: string
  }
  const vectors = JSON.parse(readFileSync(file, "utf8")) as readonly Vector[]
  const call = /^builtins\.(match|split) ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")$/s

  test("give what Nix 2.34 gave", () => {
    for (const { expr, exit, json, error } of vectors) {
      const [, name, first, second] = call.exec(expr) ?? []
      // Every expression is one call on two literals without interpolation, whose escapes are those of JSON.
      const pattern = latin1(JSON.parse(first ?? "") as string)
      const text = latin1(JSON.parse(second ?? "") as string)
      if (exit !== 0) {
        expect(() => compileRegex(pattern), expr).toThrow(latin1(error ?? "no error recorded"))
        continue
      }
      const regex = compileRegex(pattern)
      const got = name === "match" ? matchWhole(regex, text) : pieces(text, splitMatches(regex, text))
      expect([expr, got]).toEqual([expr, JSON.parse(latin1(json ?? ""))])
    }
  })
})
