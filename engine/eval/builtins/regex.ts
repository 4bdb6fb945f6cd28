// match and split.

import { builtin, type PrimOp, type Text } from "../builtin.ts"
import { NixError } from "../error.ts"
import { forceString } from "../force.ts"
import { compileRegex, matchWhole, type Regex, splitMatches } from "../regex/regex.ts"
import { RegexError } from "../regex/regex-error.ts"
import type { Runtime } from "../runtime.ts"
import { stepKind } from "../step-kind.ts"
import type { Cell, Value } from "../value.ts"

/** Compiled patterns that are kept; programs use few, generated ones must not fill the memory. */
const KEPT = 500

/** The compiled pattern, from the cache if it was used lately. */
function regexOf(rt: Runtime, pattern: string): Regex {
  const known = rt.regexes.get(pattern)
  if (known !== undefined) return known
  let regex: Regex
  try {
    regex = compileRegex(pattern)
  } catch (e) {
    if (e instanceof RegexError) throw new NixError("eval", e.message, 0)
    throw e
  }
  if (rt.regexes.size >= KEPT) {
    const oldest = rt.regexes.keys().next()
    if (oldest.done !== true) rt.regexes.delete(oldest.value)
  }
  rt.regexes.set(pattern, regex)
  return regex
}

const matchFrame = "while evaluating the second argument passed to builtins.match"

const match = builtin({
  name: "match",
  args: [
    ["regex", "plain"],
    ["str", "lazy"],
  ],
  doc: `If the POSIX extended regular expression \`regex\` matches all of \`str\`, returns the list of what its groups matched (\`null\`
for a group that took no part); else returns \`null\`.`,
  see: "primops.cc prim_match",
  examples: [
    { nix: 'builtins.match "a(b)(c)?" "ab"', gives: '[ "b" null ]' },
    { nix: 'builtins.match "ab" "abc"', gives: "null" },
    { nix: 'builtins.match "[[:space:]]+([[:upper:]]+)[[:space:]]+" "  FOO   "', gives: '[ "FOO" ]' },
    { nix: 'builtins.match "(" "a"', fails: "invalid regular expression '('" },
  ],
  run(rt, pattern, str) {
    const regex = regexOf(rt, pattern)
    return matchWhole(regex, forceString(rt, str, 0, matchFrame).text)
  },
  *step(rt, pattern, str) {
    const regex = regexOf(rt, pattern)
    return matchWhole(regex, ((yield stepKind(rt, str, "string", 0, matchFrame)) as Text).text)
  },
})

const splitFrame = "while evaluating the second argument passed to builtins.split"

/** Texts between matches and lists of groups in turn; without a match the string's own cell. */
function splitText(rt: Runtime, regex: Regex, text: string, str: Cell): Value {
  const matches = splitMatches(regex, text)
  if (matches.length === 0) return [str]
  rt.charge(matches.length * (16 + regex.groups * 8) + text.length)
  const out: Cell[] = []
  let end = 0
  for (const m of matches) {
    out.push(text.slice(end, m.start), m.groups)
    end = m.end
  }
  out.push(text.slice(end))
  return out
}

const split = builtin({
  name: "split",
  args: [
    ["regex", "plain"],
    ["str", "lazy"],
  ],
  doc: "Cuts `str` at each match of the POSIX extended regular expression `regex`. Returns the pieces, and between two of them the list of what the groups of that match have matched.",
  see: "primops.cc prim_split",
  examples: [
    { nix: 'builtins.split "(a)b" "abc"', gives: '[ "" [ "a" ] "c" ]' },
    { nix: 'builtins.split "," "1,2"', gives: '[ "1" [ ] "2" ]' },
    { nix: 'builtins.split "(a)|(c)" "abc"', gives: '[ "" [ "a" null ] "b" [ null "c" ] "" ]' },
  ],
  run(rt, pattern, str) {
    const regex = regexOf(rt, pattern)
    return splitText(rt, regex, forceString(rt, str, 0, splitFrame).text, str)
  },
  *step(rt, pattern, str) {
    const regex = regexOf(rt, pattern)
    return splitText(rt, regex, ((yield stepKind(rt, str, "string", 0, splitFrame)) as Text).text, str)
  },
})

export const regex: readonly PrimOp[] = [match, split]
