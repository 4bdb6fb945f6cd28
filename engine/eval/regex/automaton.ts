// The automaton of a pattern while it is built: states numbered in the order libstdc++ inserts them, because 100,000 of them
// are the limit that shows (bits/regex_automaton.h). "dummy" states only join; they are skipped when the program is made.
import type { ByteSet } from "./byte-set.ts"
import { RegexError } from "./regex-error.ts"

/** What a state does. Numbers, because the matcher switches on them. */
export const op = {
  dummy: 0,
  byte: 1,
  set: 2,
  open: 3,
  close: 4,
  lineBegin: 5,
  lineEnd: 6,
  repeat: 7,
  alternative: 8,
  accept: 9,
} as const

/** A chain of states: where it begins and the state whose `next` is still free. */
export interface Chain {
  readonly start: number
  readonly end: number
}

const stateLimit = 100_000

/** States as columns; -1 is "no state". */
export class Automaton {
  readonly pattern: string
  readonly ops: number[] = []
  readonly next: number[] = []
  /** The branch tried first, of repeat and alternative. */
  readonly alt: number[] = []
  /** The byte, the index in `sets`, or the group (from 0). */
  readonly arg: number[] = []
  readonly sets: ByteSet[] = []
  groups = 0

  constructor(pattern: string) {
    this.pattern = pattern
  }

  /** Adds a state; throws RegexError "regex/too-big" beyond the limit. */
  insert(code: number, next: number, alt: number, arg: number): number {
    this.ops.push(code)
    this.next.push(next)
    this.alt.push(alt)
    this.arg.push(arg)
    if (this.ops.length > stateLimit) throw new RegexError("regex/too-big", this.pattern)
    return this.ops.length - 1
  }

  /** Adds a state that is a chain by itself. */
  single(code: number, arg: number): Chain {
    const state = this.insert(code, -1, -1, arg)
    return { start: state, end: state }
  }

  /** `first` then `second`. */
  join(first: Chain, second: Chain): Chain {
    this.next[first.end] = second.start
    return { start: first.start, end: second.end }
  }

  /** A copy of the states reachable inside `chain` (StateSeq::_M_clone). */
  clone(chain: Chain): Chain {
    const copies = new Map<number, number>()
    const todo = [chain.start]
    for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
      // A state may wait twice; libstdc++ then copies it twice and keeps the second, which costs states.
      const next = this.next[state] ?? -1
      const alt = this.alt[state] ?? -1
      copies.set(state, this.insert(this.ops[state] ?? 0, next, alt, this.arg[state] ?? 0))
      if (alt >= 0 && !copies.has(alt)) todo.push(alt)
      if (state !== chain.end && next >= 0 && !copies.has(next)) todo.push(next)
    }
    for (const copy of copies.values()) {
      const next = this.next[copy] ?? -1
      const alt = this.alt[copy] ?? -1
      if (next >= 0) this.next[copy] = copies.get(next) ?? -1
      if (alt >= 0) this.alt[copy] = copies.get(alt) ?? -1
    }
    return { start: copies.get(chain.start) ?? -1, end: copies.get(chain.end) ?? -1 }
  }
}
