// The backtracking matcher: libstdc++'s depth-first executor (bits/regex_executor.tcc) on a stack of our own.
//
// Semantics kept: repeats are greedy and stop at the first solution; when searching, both branches of an alternative are
// followed and the longest end wins, the earlier one on a tie; groups keep what earlier iterations captured; a repeat that
// comes back to the same position may try its body twice there (for the sake of captures) and then has to leave.
//
// What it adds does not show: branches that the next byte excludes are not tried, and once a match has backtracked a lot,
// (instruction, position) pairs that were tried are remembered. What follows a consumed byte depends on nothing else: groups
// cannot be referred to, and counters hold only for one position. For branches the counters are remembered, too.
// So time is at most states × length, times 3^n where n repeats with counters are nested.
import { op } from "./automaton.ts"
import { loopOp, type Program, viable } from "./program.ts"

/** Frames are four numbers: what to do when backtracking to it, and its operands. */
const frame = { branch: 0, slot: 1, counter: 2, loop: 3, second: 4, found: 5, visited: 6, entered: 7 } as const

const noBits = new Uint32Array(0)
/** 64 MB of remembered visits at most. */
const memoLimit = 2 ** 29

/** Remembered visits of branches at most. */
const entriesLimit = 1_000_000
/** A larger stack than this is not kept for the next match. */
const keptStack = 4096

/** Runs one program: `begin` with a string, then match or search, then `finish`. Not to be entered twice at a time. */
export class Matcher {
  /** Start and end of each group of the last match, -1 where unmatched. */
  readonly slots: Int32Array
  /** End of the last match. */
  end = -1
  private readonly program: Program
  private text = ""
  private readonly current: Int32Array
  private readonly counterAt: Int32Array
  private readonly counts: Uint8Array
  private stack = new Int32Array(256)
  private tried: Uint32Array = noBits
  private solved: Uint32Array = noBits
  /** Branches that were entered, by instruction, position and counters: whether that led to a match. */
  private entered: (string | number)[] = []
  /** Where the branch entered last stands there; -1 when there was no room. */
  private lastEntered = -1
  private readonly entries = new Map<string | number, boolean>()
  /** How much backtracking to bear before remembering visits. */
  private fullPatience = 0
  private patience = 0

  constructor(program: Program) {
    this.program = program
    this.slots = new Int32Array(2 * program.groups)
    this.current = new Int32Array(2 * program.groups)
    this.counterAt = new Int32Array(program.counters)
    this.counts = new Uint8Array(program.counters)
  }

  /** Takes the string to look at. Tests give a small `patience` to remember visits from the start. */
  begin(text: string, patience = 1000 + 8 * text.length): void {
    this.text = text
    this.fullPatience = patience
    this.patience = patience
  }

  /** Lets go of the string and of large memory; the groups stay readable. */
  finish(): void {
    this.text = ""
    this.tried = noBits
    this.solved = noBits
    this.forgetEntries()
    if (this.stack.length > keptStack) this.stack = new Int32Array(256)
  }

  /** Matches the whole string. */
  matchAll(): boolean {
    return this.run(0, true, false)
  }

  /** Matches at `begin` exactly; when `nonEmpty`, only a match of at least one byte counts. */
  matchAt(begin: number, nonEmpty: boolean): boolean {
    const matched = this.run(begin, false, nonEmpty)
    if (matched && this.tried !== noBits) {
      // What led to a match was remembered as tried, too.
      this.tried = noBits
      this.solved = noBits
      this.forgetEntries()
      this.patience = this.fullPatience
    }
    return matched
  }

  /** Finds the first match at or after `from`; its start, or -1. */
  search(from: number): number {
    const { starts } = this.program
    const { text } = this
    const length = text.length
    for (let begin = from; begin <= length; begin++) {
      const at = begin < length ? text.charCodeAt(begin) : 256
      if (starts[at] !== 0 && this.matchAt(begin, false)) return begin
    }
    return -1
  }

  private forgetEntries(): void {
    this.entries.clear()
    this.entered = []
  }

  /** Whether a branch was entered in this very situation: true and false say what came of it; undefined marks it entered. */
  private entry(state: number, at: number): boolean | undefined {
    let key: string | number = state * (this.text.length + 1) + at
    if (this.counts.length > 0) {
      key = `${key} `
      for (let i = 0; i < this.counts.length; i++) key += this.counterAt[i] === at ? this.counts[i] : 0
    }
    const known = this.entries.get(key)
    if (known === undefined) {
      const room = this.entries.size < entriesLimit
      if (room) this.entries.set(key, false)
      this.lastEntered = room ? this.entered.push(key) - 1 : -1
    }
    return known
  }

  private startMemo(longest: boolean): void {
    this.patience = Infinity
    const bits = this.program.memos * (this.text.length + 1)
    if (bits > memoLimit) return
    this.tried = new Uint32Array((bits >> 5) + 1)
    if (longest) this.solved = new Uint32Array((bits >> 5) + 1)
  }

  private run(begin: number, exact: boolean, nonEmpty: boolean): boolean {
    const { program, text, current, counterAt, counts } = this
    const { ops, next, alt, arg, row, memo, sets, tables } = program
    const length = text.length
    const longest = !exact && program.alternatives
    const altBit = exact ? viable.altExact : viable.altSearch
    const nextBit = exact ? viable.nextExact : viable.nextSearch
    const span = length + 1
    let { stack, tried, solved } = this
    let top = 0
    let state = program.start
    let at = begin
    let best = -1
    // Whether the branch just finished led to a match; only looked at when unwinding.
    let found = false

    current.fill(-1)
    counts.fill(0)

    for (;;) {
      // Forward: each case either goes on with `continue` or breaks to unwind.
      forward: switch (ops[state]) {
        case op.byte:
        case op.set: {
          if (at >= length) break
          const code = text.charCodeAt(at)
          if (ops[state] === op.byte ? code !== arg[state] : sets[(arg[state] ?? 0) + code] === 0) break
          if (tried !== noBits) {
            const column = memo[state] ?? -1
            if (column >= 0) {
              const key = column * span + at
              const word = key >>> 5
              const bit = 1 << (key & 31)
              if (((tried[word] ?? 0) & bit) !== 0) {
                found = longest && ((solved[word] ?? 0) & bit) !== 0
                break
              }
              tried[word] = (tried[word] ?? 0) | bit
              if (longest) {
                if (top + 4 > stack.length) stack = this.grow()
                stack[top] = frame.visited
                stack[top + 1] = key
                top += 4
              }
            }
          }
          at++
          state = next[state] ?? 0
          continue
        }
        case op.open:
        case op.close: {
          const slot = arg[state] ?? 0
          if (top > 0) {
            if (top + 4 > stack.length) stack = this.grow()
            stack[top] = frame.slot
            stack[top + 1] = slot
            stack[top + 2] = current[slot] ?? -1
            top += 4
          }
          current[slot] = at
          state = next[state] ?? 0
          continue
        }
        case op.lineBegin:
          if (at !== 0) break
          state = next[state] ?? 0
          continue
        case op.lineEnd:
          if (at !== length) break
          state = next[state] ?? 0
          continue
        case op.repeat: {
          const open = tables[(row[state] ?? 0) + (at < length ? text.charCodeAt(at) : 256)] ?? 0
          if ((open & altBit) === 0) {
            if ((open & nextBit) === 0) break
            state = next[state] ?? 0
            continue
          }
          const counter = arg[state] ?? -1
          const again = counter >= 0 && counts[counter] !== 0 && counterAt[counter] === at
          if (again && counts[counter] === 2) {
            if ((open & nextBit) === 0) break
            state = next[state] ?? 0
            continue
          }
          if (top + 12 > stack.length) stack = this.grow()
          if (tried !== noBits) {
            const known = this.entry(state, at)
            if (known !== undefined) {
              found = known
              break
            }
            if (longest) {
              stack[top] = frame.entered
              stack[top + 1] = this.lastEntered
              top += 4
            }
          }
          if ((open & nextBit) !== 0) {
            stack[top] = frame.branch
            stack[top + 1] = next[state] ?? 0
            stack[top + 2] = at
            top += 4
          }
          if (counter >= 0) {
            stack[top] = frame.counter
            stack[top + 1] = counter
            stack[top + 2] = counterAt[counter] ?? 0
            stack[top + 3] = counts[counter] ?? 0
            top += 4
            counterAt[counter] = at
            counts[counter] = again ? 2 : 1
          }
          state = alt[state] ?? 0
          continue
        }
        case op.alternative: {
          const open = tables[(row[state] ?? 0) + (at < length ? text.charCodeAt(at) : 256)] ?? 0
          if ((open & altBit) === 0) {
            if ((open & nextBit) === 0) break
            state = next[state] ?? 0
            continue
          }
          if (top + 8 > stack.length) stack = this.grow()
          if (tried !== noBits && (open & nextBit) !== 0) {
            const known = this.entry(state, at)
            if (known !== undefined) {
              found = known
              break
            }
            if (longest) {
              stack[top] = frame.entered
              stack[top + 1] = this.lastEntered
              top += 4
            }
          }
          if ((open & nextBit) !== 0) {
            stack[top] = longest ? frame.second : frame.branch
            stack[top + 1] = next[state] ?? 0
            stack[top + 2] = at
            top += 4
          }
          state = alt[state] ?? 0
          continue
        }
        case loopOp: {
          const body = alt[state] ?? 0
          const least = at
          const one = ops[body] === op.byte
          const what = arg[body] ?? 0
          const column = tried === noBits ? -1 : (memo[body] ?? -1)
          if (column < 0) {
            if (one) while (at < length && text.charCodeAt(at) === what) at++
            else while (at < length && sets[what + text.charCodeAt(at)] === 1) at++
          } else {
            for (; at < length; at++) {
              const code = text.charCodeAt(at)
              if (one ? code !== what : sets[what + code] === 0) break
              const key = column * span + at
              const word = key >>> 5
              const bit = 1 << (key & 31)
              if (((tried[word] ?? 0) & bit) !== 0) {
                if (!longest || ((solved[word] ?? 0) & bit) === 0) break
                // The same bytes led to a match before: so do these, and nothing shorter is tried.
                for (let q = least; q < at; q++) {
                  const known = column * span + q
                  solved[known >>> 5] = (solved[known >>> 5] ?? 0) | (1 << (known & 31))
                }
                found = true
                break forward
              }
              tried[word] = (tried[word] ?? 0) | bit
            }
          }
          this.patience -= (at - least) >> 3
          // Give back bytes until what follows can begin.
          const base = row[state] ?? 0
          while (at >= least && ((tables[base + (at < length ? text.charCodeAt(at) : 256)] ?? 0) & nextBit) === 0) at--
          if (at < least) break
          if (at > least || (longest && column >= 0)) {
            if (top + 4 > stack.length) stack = this.grow()
            stack[top] = frame.loop
            stack[top + 1] = state
            stack[top + 2] = at
            stack[top + 3] = least
            top += 4
          }
          state = next[state] ?? 0
          continue
        }
        case op.accept: {
          if ((exact && at !== length) || (nonEmpty && at === begin)) break
          if (!longest) {
            this.end = at
            this.slots.set(current)
            return true
          }
          found = true
          if (at > best) {
            best = at
            this.slots.set(current)
            // Nothing is longer, and the first of the longest wins.
            if (at === length) top = 0
          }
          break
        }
        default:
          throw new RangeError(`unknown instruction ${ops[state]}`)
      }

      // Unwind to the next thing to try.
      let resumed = false
      while (top > 0 && !resumed) {
        top -= 4
        const x = stack[top + 1] ?? 0
        const y = stack[top + 2] ?? 0
        switch (stack[top]) {
          case frame.slot:
            current[x] = y
            break
          case frame.counter:
            counterAt[x] = y
            counts[x] = stack[top + 3] ?? 0
            break
          case frame.branch:
            if (found) break
            state = x
            at = y
            resumed = true
            break
          case frame.second:
            // Both branches are followed: note what the first one gave.
            stack[top] = frame.found
            stack[top + 1] = found ? 1 : 0
            top += 4
            found = false
            state = x
            at = y
            resumed = true
            break
          case frame.found:
            if (x === 1) found = true
            break
          case frame.visited:
            if (found) solved[x >>> 5] = (solved[x >>> 5] ?? 0) | (1 << (x & 31))
            break
          case frame.entered:
            if (found && x >= 0) this.entries.set(this.entered[x] ?? -1, true)
            break
          case frame.loop: {
            const least = stack[top + 3] ?? 0
            if (found) {
              const column = solved === noBits ? -1 : (memo[alt[x] ?? 0] ?? -1)
              for (let q = least; column >= 0 && q < y; q++) {
                const key = column * span + q
                solved[key >>> 5] = (solved[key >>> 5] ?? 0) | (1 << (key & 31))
              }
              break
            }
            const base = row[x] ?? 0
            at = y - 1
            while (at >= least && ((tables[base + text.charCodeAt(at)] ?? 0) & nextBit) === 0) at--
            if (at < least) break
            if (at > least || (longest && solved !== noBits)) {
              stack[top + 2] = at
              top += 4
            }
            state = next[x] ?? 0
            resumed = true
            break
          }
          default:
            throw new RangeError("unknown frame")
        }
      }
      if (!resumed) {
        this.end = best
        return best >= 0
      }
      if (--this.patience < 0 && tried === noBits) {
        this.startMemo(longest)
        tried = this.tried
        solved = this.solved
      }
    }
  }

  private grow(): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(this.stack.length * 2)
    larger.set(this.stack)
    this.stack = larger
    return larger
  }
}
