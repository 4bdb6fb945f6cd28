// Nix's regular expressions (builtins.match, builtins.split): std::regex of libstdc++ with the flag "extended", on byte
// strings. A pattern is compiled once; three ways to run it, which give the same answers (tests/eval/regex.test.ts):
// a plain string search when it is nothing but ordinary bytes, a native RegExp when that means the same, our own matcher.
import { Matcher } from "./matcher.ts"
import { type ParsedPattern, parsePattern } from "./parser.ts"
import { buildProgram } from "./program.ts"

/** What each group matched; null for a group that took no part. */
export type Groups = (string | null)[]

/** One match of a search: the bytes from `start` up to `end`. */
export interface Match {
  readonly start: number
  readonly end: number
  readonly groups: Groups
}

/** A compiled pattern. Immutable to its users; what a way of running needs is made when it is first used. */
export class Regex {
  readonly groups: number
  readonly literal: string | null
  private readonly parsed: ParsedPattern
  private wholeForm: RegExp | null | undefined
  private searchForm: RegExp | null | undefined
  private ownMatcher: Matcher | undefined

  constructor(parsed: ParsedPattern) {
    this.parsed = parsed
    this.groups = parsed.automaton.groups
    this.literal = parsed.literal
  }

  /** The native form that matches a whole string of this length as fast as ours, or null. */
  wholeNative(length: number): RegExp | null {
    const { source, loops } = this.parsed.translation
    if (this.wholeForm === undefined) this.wholeForm = source === null ? null : new RegExp(`^(?:${source})$`)
    return reasonable(loops, length) ? this.wholeForm : null
  }

  /** The native form that finds the same matches in a string of this length, or null. */
  searchNative(length: number): RegExp | null {
    const { source, loops, decided, nullable } = this.parsed.translation
    if (this.searchForm === undefined) {
      this.searchForm = source === null || !decided || nullable ? null : new RegExp(source, "g")
    }
    // A search begins at every position, which is one more loop.
    return reasonable(loops + 1, length) ? this.searchForm : null
  }

  /** Our own matcher, reused from match to match. */
  matcher(): Matcher {
    this.ownMatcher ??= new Matcher(buildProgram(this.parsed.automaton, this.parsed.start))
    return this.ownMatcher
  }
}

/** Native matching takes up to length^loops steps; beyond this our matcher, whose time is linear in the length, is safer. */
function reasonable(loops: number, length: number): boolean {
  return loops <= 1 || length <= 300 || (loops === 2 && length <= 20_000)
}

/**
 * Compiles a pattern (a byte string).
 * Throws RegexError: "regex/invalid", or "regex/too-big" beyond libstdc++'s 100,000 states. C++ Nix: primops.cc RegexCache.
 */
export function compileRegex(pattern: string): Regex {
  return new Regex(parsePattern(pattern))
}

function nativeGroups(found: RegExpExecArray): Groups {
  const groups: Groups = []
  for (let i = 1; i < found.length; i++) groups.push(found[i] ?? null)
  return groups
}

function matcherGroups(matcher: Matcher, text: string): Groups {
  const { slots } = matcher
  const groups: Groups = []
  for (let i = 0; i < slots.length; i += 2) {
    const end = slots[i + 1] ?? -1
    groups.push(end < 0 ? null : text.slice(slots[i], end))
  }
  return groups
}

/** True for the error that a native RegExp throws when it runs out of backtracking stack. */
const outOfStack = (error: unknown): boolean => error instanceof RangeError

/** Matches all of `text`: the groups, or null when it does not match. C++ Nix: primops.cc prim_match. */
export function matchWhole(regex: Regex, text: string): Groups | null {
  if (regex.literal !== null) return text === regex.literal ? [] : null
  const native = regex.wholeNative(text.length)
  if (native !== null) {
    try {
      if (regex.groups === 0) return native.test(text) ? [] : null
      const found = native.exec(text)
      return found === null ? null : nativeGroups(found)
    } catch (error) {
      if (!outOfStack(error)) throw error
    }
  }
  return matchWholeOurs(regex, text)
}

/** As matchWhole, by our own matcher only. */
export function matchWholeOurs(regex: Regex, text: string, patience?: number): Groups | null {
  const matcher = regex.matcher()
  matcher.begin(text, patience)
  const groups = matcher.matchAll() ? matcherGroups(matcher, text) : null
  matcher.finish()
  return groups
}

/** Finds the matches that std::cregex_iterator finds, in order. C++ Nix: primops.cc prim_split. */
export function splitMatches(regex: Regex, text: string): Match[] {
  if (regex.literal !== null && regex.literal !== "") return splitLiteral(regex.literal, text)
  const native = regex.searchNative(text.length)
  if (native !== null) {
    try {
      return splitNative(native, text)
    } catch (error) {
      if (!outOfStack(error)) throw error
    }
  }
  return splitMatchesOurs(regex, text)
}

function splitLiteral(literal: string, text: string): Match[] {
  const matches: Match[] = []
  for (let start = text.indexOf(literal); start >= 0; ) {
    const end = start + literal.length
    matches.push({ start, end, groups: [] })
    start = text.indexOf(literal, end)
  }
  return matches
}

function splitNative(native: RegExp, text: string): Match[] {
  const matches: Match[] = []
  native.lastIndex = 0
  for (let found = native.exec(text); found !== null; found = native.exec(text)) {
    matches.push({ start: found.index, end: native.lastIndex, groups: nativeGroups(found) })
  }
  return matches
}

/** As splitMatches, by our own matcher only. */
export function splitMatchesOurs(regex: Regex, text: string, patience?: number): Match[] {
  const matcher = regex.matcher()
  matcher.begin(text, patience)
  const matches: Match[] = []
  let start = matcher.search(0)
  while (start >= 0) {
    const { end } = matcher
    matches.push({ start, end, groups: matcherGroups(matcher, text) })
    if (end > start) start = matcher.search(end)
    else if (end === text.length) break
    // After an empty match: one of at least a byte at the same place, else go on one byte further.
    else if (matcher.matchAt(end, true)) start = end
    else start = matcher.search(end + 1)
  }
  matcher.finish()
  return matches
}
