// The compact form of an automaton that the matcher runs: reachable states renumbered, joins skipped, loops over one byte
// set made one instruction, and tables that say which branches a next byte leaves open.
import { type Automaton, op } from "./automaton.ts"

/** Instructions beyond those of the automaton. */
export const loopOp = 10

/** Which branches are worth trying, by next byte (256 = end of input). Bits 1, 2: matching all; bits 4, 8: searching. */
export const viable = { altExact: 1, nextExact: 2, altSearch: 4, nextSearch: 8 } as const

/** A program: columns indexed by instruction. */
export interface Program {
  readonly ops: Uint8Array
  readonly next: Int32Array
  readonly alt: Int32Array
  /** Byte; offset in `sets`; capture slot; index of the repeat counter or -1 when it needs none. */
  readonly arg: Int32Array
  /** Rows of `tables`, for repeat, alternative and loop (its "alt" bits are unused). */
  readonly row: Int32Array
  /** Number under which visits of a consuming instruction are remembered, or -1. */
  readonly memo: Int32Array
  readonly memos: number
  readonly sets: Uint8Array
  readonly tables: Uint8Array
  readonly counters: number
  readonly groups: number
  readonly start: number
  readonly alternatives: boolean
  /** By next byte: bit 1 when a search may find a match beginning there. */
  readonly starts: Uint8Array
}

const width = 257
const everything = 15
/** Bounds on the analysis, so that patterns near the limit of states compile in bounded time. */
const closureBudget = 400_000
const rowLimit = 4_000

/** The instructions reachable from `from` without consuming a byte, `from` included; null when over budget. */
function closure(
  program: { ops: Uint8Array; next: Int32Array; alt: Int32Array },
  from: number,
  seen: Int32Array,
  mark: number,
  budget: { left: number },
): number[] | null {
  const found = [from]
  seen[from] = mark
  for (let i = 0; i < found.length; i++) {
    if (--budget.left < 0) return null
    const state = found[i] ?? 0
    const code = program.ops[state]
    if (code === op.byte || code === op.set || code === op.accept) continue
    const next = program.next[state] ?? 0
    if (seen[next] !== mark) {
      seen[next] = mark
      found.push(next)
    }
    if (code === op.repeat || code === op.alternative) {
      const alt = program.alt[state] ?? 0
      if (seen[alt] !== mark) {
        seen[alt] = mark
        found.push(alt)
      }
    }
  }
  return found
}

/** Makes the program of an automaton that starts at `start`. */
export function buildProgram(automaton: Automaton, start: number): Program {
  const follow = (state: number): number => {
    let at = state
    while (automaton.ops[at] === op.dummy) at = automaton.next[at] ?? -1
    return at
  }
  const first = follow(start)
  const numbers = new Map<number, number>([[first, 0]])
  const states = [first]
  const number = (state: number): number => {
    const target = follow(state)
    let known = numbers.get(target)
    if (known === undefined) {
      known = states.length
      numbers.set(target, known)
      states.push(target)
    }
    return known
  }
  const next: number[] = []
  const alt: number[] = []
  for (let i = 0; i < states.length; i++) {
    const state = states[i] ?? 0
    const code = automaton.ops[state]
    next.push(code === op.accept ? -1 : number(automaton.next[state] ?? -1))
    alt.push(code === op.repeat || code === op.alternative ? number(automaton.alt[state] ?? -1) : -1)
  }

  const size = states.length
  const sets = new Uint8Array(256 * automaton.sets.length)
  for (const [i, set] of automaton.sets.entries()) sets.set(set, 256 * i)
  const program = {
    ops: new Uint8Array(size),
    next: Int32Array.from(next),
    alt: Int32Array.from(alt),
    arg: new Int32Array(size),
    row: new Int32Array(size),
    memo: new Int32Array(size).fill(-1),
  }
  for (let i = 0; i < size; i++) {
    const code = automaton.ops[states[i] ?? 0] ?? 0
    const arg = automaton.arg[states[i] ?? 0] ?? 0
    program.ops[i] = code
    program.arg[i] = code === op.set ? arg * 256 : code === op.open ? arg * 2 : code === op.close ? arg * 2 + 1 : arg
  }

  const seen = new Int32Array(size).fill(-1)
  const budget = { left: closureBudget }
  let mark = 0

  // libstdc++ counts the visits of a repeat at one position. That only shows where the repeat can come back without consuming.
  let counters = 0
  for (let i = 0; i < size; i++) {
    if (program.ops[i] !== op.repeat) continue
    const found = closure(program, program.alt[i] ?? 0, seen, mark++, budget)
    program.arg[i] = found === null || found.includes(i) ? counters++ : -1
  }

  const tables: Uint8Array[] = [new Uint8Array(width).fill(everything)]
  const paint = (table: Uint8Array, from: number, exactBit: number, searchBit: number): void => {
    const found = closure(program, from, seen, mark++, budget)
    if (found === null) {
      for (let c = 0; c < width; c++) table[c] = (table[c] ?? 0) | exactBit | searchBit
      return
    }
    for (const state of found) {
      const arg = program.arg[state] ?? 0
      switch (program.ops[state]) {
        case op.byte:
          table[arg] = (table[arg] ?? 0) | exactBit | searchBit
          break
        case op.set:
          for (let c = 0; c < 256; c++) if (sets[arg + c] === 1) table[c] = (table[c] ?? 0) | exactBit | searchBit
          break
        case op.accept:
          table[256] = (table[256] ?? 0) | exactBit
          for (let c = 0; c < width; c++) table[c] = (table[c] ?? 0) | searchBit
          break
        default:
          break
      }
    }
  }
  let alternatives = false
  for (let i = 0; i < size; i++) {
    const code = program.ops[i]
    if (code === op.alternative) alternatives = true
    if (code !== op.repeat && code !== op.alternative) continue
    if (tables.length >= rowLimit) continue
    const table = new Uint8Array(width)
    paint(table, program.alt[i] ?? 0, viable.altExact, viable.altSearch)
    paint(table, program.next[i] ?? 0, viable.nextExact, viable.nextSearch)
    program.row[i] = tables.length * width
    tables.push(table)
  }
  const starts = new Uint8Array(width)
  paint(starts, 0, 0, 1)

  // `x*` over one byte or set: the repeat becomes a loop whose `alt` is the set it runs over.
  for (let i = 0; i < size; i++) {
    const body = program.alt[i] ?? -1
    if (program.ops[i] !== op.repeat || program.next[body] !== i) continue
    if (program.ops[body] === op.byte || program.ops[body] === op.set) program.ops[i] = loopOp
  }

  // Where two ways can meet: consuming instructions that are reached from something else than the one before them.
  let memos = 0
  const remember = (state: number): void => {
    const code = program.ops[state]
    if ((code === op.byte || code === op.set) && program.memo[state] === -1) program.memo[state] = memos++
  }
  for (let i = 0; i < size; i++) {
    const code = program.ops[i]
    if (code === op.byte || code === op.set || code === op.accept) continue
    remember(program.next[i] ?? 0)
    if (code === op.repeat || code === op.alternative || code === loopOp) remember(program.alt[i] ?? 0)
  }

  const allTables = new Uint8Array(width * tables.length)
  for (const [i, table] of tables.entries()) allTables.set(table, i * width)
  return {
    ...program,
    memos,
    sets,
    tables: allTables,
    counters,
    groups: automaton.groups,
    start: 0,
    alternatives,
    starts,
  }
}
