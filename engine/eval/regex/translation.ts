// Where a native RegExp means the same as libstdc++'s matcher, its source text. Both backtrack greedily and try the left
// branch first, and the native one is many times faster. They differ, and there is then no translation, where
//   - a quantified body can match nothing (libstdc++ allows one empty iteration, JavaScript none); `X?` becomes `(?:X|)`
//   - a group inside a repeated body may be skipped in an iteration (JavaScript forgets it, libstdc++ keeps the last one)
//   - a loop is nested in a loop: there our own matcher is safe from exponential time
// and for searching also where two alternatives can both match (libstdc++ takes the longer one) or nothing can be matched.
// tests/eval/regex.test.ts compares both matchers on random patterns.
import { addAll, type ByteSet, disjoint, emptySet } from "./byte-set.ts"

/** What is known about a part of a pattern, and its native source. */
export interface Translation {
  /** Native source, or null when it would not mean the same. */
  readonly source: string | null
  /** Source that a quantifier may follow directly. */
  readonly atomic: boolean
  readonly nullable: boolean
  /** Bytes that a match can begin with. */
  readonly first: ByteSet
  /** Contains groups; and whether every match sets all of them. */
  readonly groups: "none" | "always" | "sometimes"
  /** The loops in a row, when one level deep; source is null when nested. */
  readonly loops: number
  /** Alternatives, if any, exclude each other by their first byte. */
  readonly decided: boolean
}

const nothing: ByteSet = emptySet()

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte)
  return /[0-9A-Za-z]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, "0")}`
}

function printSet(set: ByteSet): string {
  let text = ""
  let count = 0
  for (let c = 0; c < 256; c++) {
    if (set[c] !== 1) continue
    const from = c
    while (c < 255 && set[c + 1] === 1) c++
    count += c - from + 1
    text += from === c ? escapeByte(c) : `${escapeByte(from)}-${escapeByte(c)}`
  }
  return count === 1 ? text : `[${text}]`
}

function wrap(part: Translation): string {
  return part.atomic ? (part.source ?? "") : `(?:${part.source})`
}

/** The empty pattern. */
export function translateEmpty(): Translation {
  return { source: "", atomic: false, nullable: true, first: nothing, groups: "none", loops: 0, decided: true }
}

/** One byte out of a set. */
export function translateSet(set: ByteSet): Translation {
  return { source: printSet(set), atomic: true, nullable: false, first: set, groups: "none", loops: 0, decided: true }
}

/** `^` and `$`. */
export function translateAssertion(source: "^" | "$"): Translation {
  return { source, atomic: false, nullable: true, first: nothing, groups: "none", loops: 0, decided: true }
}

/** A group around a part. */
export function translateGroup(body: Translation): Translation {
  return {
    ...body,
    source: body.source === null ? null : `(${body.source})`,
    atomic: true,
    groups: body.groups === "sometimes" ? "sometimes" : "always",
  }
}

/** One part after another. */
export function translateSequence(a: Translation, b: Translation): Translation {
  let first = a.first
  if (a.nullable) {
    first = a.first.slice()
    addAll(first, b.first)
  }
  return {
    source: a.source === null || b.source === null ? null : a.source + b.source,
    atomic: false,
    nullable: a.nullable && b.nullable,
    first,
    groups: a.groups === "none" ? b.groups : b.groups === "none" ? a.groups : a.groups === b.groups ? a.groups : "sometimes",
    loops: a.loops + b.loops,
    decided: a.decided && b.decided,
  }
}

/** Alternatives. */
export function translateAlternatives(a: Translation, b: Translation): Translation {
  const first = a.first.slice()
  addAll(first, b.first)
  const groups = a.groups === "none" && b.groups === "none" ? "none" : "sometimes"
  const exclusive = !a.nullable && !b.nullable && disjoint(a.first, b.first)
  return {
    // Parentheses are added here and not by users of a source, so a source can be followed by anything.
    source: a.source === null || b.source === null ? null : `(?:${a.source}|${b.source})`,
    atomic: true,
    nullable: a.nullable || b.nullable,
    first,
    groups,
    // Alternatives that overlap make a loop around them as bad as a nested loop.
    loops: Math.max(a.loops, b.loops, exclusive ? 0 : 1),
    decided: a.decided && b.decided && exclusive,
  }
}

function quantifier(min: number, max: number): string {
  if (max === Infinity) return min === 0 ? "*" : min === 1 ? "+" : `{${min},}`
  if (max === 1 && min === 0) return "?"
  return min === max ? `{${min}}` : `{${min},${max}}`
}

/** A part `min` to `max` times, greedily. */
export function translateRepeat(body: Translation, min: number, max: number): Translation {
  const nullable = body.nullable || min === 0
  const loops = max > 1 ? 1 : body.loops
  const groups = body.groups === "none" ? "none" : min === 0 ? "sometimes" : body.groups
  const facts = { nullable, first: max === 0 ? nothing : body.first, groups, loops, decided: body.decided } as const
  const same = max <= 1 || (!(body.nullable && min !== max) && body.groups !== "sometimes" && body.loops === 0)
  if (body.source === null || !same) return { ...facts, source: null, atomic: true }
  // JavaScript refuses an empty iteration where libstdc++ takes it: an alternative with nothing says it.
  if (body.nullable && min === 0 && max === 1) return { ...facts, source: `(?:${body.source}|)`, atomic: true }
  return { ...facts, source: wrap(body) + quantifier(min, max), atomic: false }
}
