// LALR(1) tables from a list of productions, as Bison 3 makes them: the same states in the same
// order, conflicts settled by precedence, and the most frequent reduction of each state made its
// default. The defaults are not a detail: they decide which reductions happen before an error is
// noticed, and so which tokens a message lists and which of two errors comes first.
//
// Look-aheads follow DeRemer and Pennello, "Efficient Computation of LALR(1) Look-Ahead Sets".
// Rule 0 is `$accept: START $end`; terminal 0 is the end of the file.

/** `lhs: rhs`. The rule's precedence is that of `prec`, or else of its last terminal. */
export interface Production {
  readonly lhs: string
  readonly rhs: readonly string[]
  readonly prec?: string
}

/** One line of `%left`, `%right` or `%nonassoc`; later lines bind tighter. */
export interface Precedence {
  readonly assoc: "left" | "right" | "nonassoc"
  readonly tokens: readonly string[]
}

export interface GrammarSpec {
  /** In Bison's token order; the first is the end of the file. */
  readonly terminals: readonly string[]
  readonly precedence: readonly Precedence[]
  /** The left side of the first is the start symbol. */
  readonly productions: readonly Production[]
}

/** An entry of `Tables.actions`: an error that a default reduction must not hide (`%nonassoc`). */
export const FORBIDDEN = -32768

/** The finished tables. Rules are numbered from 1 in grammar order. */
export interface Tables {
  readonly terminalCount: number
  readonly nonterminalCount: number
  readonly stateCount: number
  /** By state * terminalCount + terminal: > 0 shift and go there, < 0 reduce by rule -n, 0 do `defaults`, or FORBIDDEN. */
  readonly actions: Int16Array
  /** By state: the rule to reduce by when `actions` says nothing; 0 is a syntax error. */
  readonly defaults: Int16Array
  /** By state: 1 if the next token is not even read before the default reduction. */
  readonly blind: Uint8Array
  /** By state * nonterminalCount + nonterminal: the next state, 0 if none. */
  readonly gotos: Int16Array
  /** By rule: length of the right side. */
  readonly lengths: Int16Array
  /** By rule: number of the nonterminal on the left side. */
  readonly sides: Int16Array
  /** The state in which the whole text, end included, has been read. */
  readonly accept: number
}

/** The grammar with symbols as numbers: terminals first, then nonterminals in order of appearance as left side. */
interface Numbered {
  readonly terminals: number
  readonly symbols: number
  readonly left: readonly number[]
  readonly right: readonly (readonly number[])[]
  /** By rule and by terminal; 0 is none. */
  readonly rulePrec: readonly number[]
  readonly tokenPrec: readonly number[]
  readonly assoc: readonly (Precedence["assoc"] | undefined)[]
  /** Rules by nonterminal (index: symbol number). */
  readonly rulesOf: readonly (readonly number[])[]
  readonly nullable: readonly boolean[]
}

function numberSymbols(spec: GrammarSpec): Numbered {
  const numbers = new Map<string, number>()
  for (const name of spec.terminals) numbers.set(name, numbers.size)
  const terminals = numbers.size
  const start = spec.productions[0]
  if (!start) throw new RangeError("a grammar needs a production")
  numbers.set("$accept", terminals)
  for (const { lhs } of spec.productions) if (!numbers.has(lhs)) numbers.set(lhs, numbers.size)
  const number = (name: string): number => {
    const n = numbers.get(name)
    if (n === undefined) throw new RangeError(`grammar: no symbol ${name}`)
    return n
  }

  const tokenPrec: number[] = new Array<number>(terminals).fill(0)
  const assoc: (Precedence["assoc"] | undefined)[] = new Array(terminals).fill(undefined)
  spec.precedence.forEach((line, i) => {
    for (const token of line.tokens) {
      tokenPrec[number(token)] = i + 1
      assoc[number(token)] = line.assoc
    }
  })

  const left = [terminals, ...spec.productions.map((p) => number(p.lhs))]
  const right = [[number(start.lhs), 0], ...spec.productions.map((p) => p.rhs.map(number))]
  const rulePrec = right.map((rhs, rule) => {
    const named = rule > 0 ? spec.productions[rule - 1]?.prec : undefined
    const token = named === undefined ? rhs.findLast((s) => s < terminals) : number(named)
    return token === undefined ? 0 : at(tokenPrec, token)
  })
  const rulesOf: number[][] = Array.from({ length: numbers.size }, () => [])
  left.forEach((lhs, rule) => {
    at(rulesOf, lhs).push(rule)
  })

  const nullable: boolean[] = new Array<boolean>(numbers.size).fill(false)
  for (let changed = true; changed; ) {
    changed = false
    right.forEach((rhs, rule) => {
      const lhs = at(left, rule)
      if (nullable[lhs] || !rhs.every((s) => nullable[s])) return
      nullable[lhs] = true
      changed = true
    })
  }
  return { terminals, symbols: numbers.size, left, right, rulePrec, tokenPrec, assoc, rulesOf, nullable }
}

/** `xs[i]` where the construction guarantees that it is there. */
function at<T>(xs: readonly T[], i: number): T {
  const x = xs[i]
  if (x === undefined) throw new RangeError(`lalr: no entry ${i}`)
  return x
}

/** One LR(0) state: where each symbol leads, and the rules that can be complete in it (ascending). */
interface State {
  readonly next: Map<number, number>
  readonly complete: readonly number[]
}

/** The LR(0) automaton, in Bison's order: breadth first, symbols ascending. */
function buildStates(g: Numbered): State[] {
  // An item is rule * 16 + dot; no right side is that long.
  const kernels: number[][] = [[0]]
  const known = new Map<string, number>([["0", 0]])
  const states: State[] = []
  for (let s = 0; s < kernels.length; s++) {
    const items = [...at(kernels, s)]
    const closed = new Set<number>()
    for (let i = 0; i < items.length; i++) {
      const item = at(items, i)
      const symbol = at(g.right, item >> 4)[item & 15]
      if (symbol === undefined || symbol < g.terminals || closed.has(symbol)) continue
      closed.add(symbol)
      for (const rule of at(g.rulesOf, symbol)) items.push(rule << 4)
    }
    const moves = new Map<number, number[]>()
    const complete: number[] = []
    for (const item of items) {
      const symbol = at(g.right, item >> 4)[item & 15]
      if (symbol === undefined) complete.push(item >> 4)
      else {
        const kernel = moves.get(symbol)
        if (kernel) kernel.push(item + 1)
        else moves.set(symbol, [item + 1])
      }
    }
    const next = new Map<number, number>()
    for (const symbol of [...moves.keys()].sort((a, b) => a - b)) {
      const kernel = (moves.get(symbol) as number[]).sort((a, b) => a - b) // just taken from the keys
      const key = kernel.join()
      let target = known.get(key)
      if (target === undefined) {
        target = kernels.length
        known.set(key, target)
        kernels.push(kernel)
      }
      next.set(symbol, target)
    }
    states.push({ next, complete: complete.sort((a, b) => a - b) })
  }
  return states
}

/** Rows of bits, one row per set of terminals. */
class BitRows {
  readonly words: number
  readonly #bits: Int32Array
  constructor(rows: number, width: number) {
    this.words = (width + 31) >> 5
    this.#bits = new Int32Array(rows * this.words)
  }
  add(row: number, bit: number): void {
    const i = row * this.words + (bit >> 5)
    this.#bits[i] = (this.#bits[i] as number) | (1 << (bit & 31))
  }
  has(row: number, bit: number): boolean {
    return (((this.#bits[row * this.words + (bit >> 5)] as number) >>> (bit & 31)) & 1) === 1
  }
  /** Adds row `from` of `other` to `row`; tells whether that changed anything. */
  union(row: number, other: BitRows, from: number): boolean {
    let changed = false
    for (let w = 0; w < this.words; w++) {
      const i = row * this.words + w
      const old = this.#bits[i] as number
      const now = old | (other.#bits[from * this.words + w] as number)
      if (now !== old) {
        this.#bits[i] = now
        changed = true
      }
    }
    return changed
  }
}

/** The look-ahead tokens of each complete rule: row `of(state, i)` for the i-th of `state.complete`. */
interface Lookaheads {
  readonly of: (state: number, i: number) => number
  readonly tokens: BitRows
}

function findLookaheads(g: Numbered, states: readonly State[]): Lookaheads {
  // The transitions over nonterminals, numbered.
  const ids = new Map<number, number>()
  const sources: number[] = []
  const symbols: number[] = []
  const key = (state: number, symbol: number): number => state * g.symbols + symbol
  states.forEach(({ next }, state) => {
    for (const symbol of next.keys()) {
      if (symbol < g.terminals) continue
      ids.set(key(state, symbol), sources.length)
      sources.push(state)
      symbols.push(symbol)
    }
  })

  const firstRow: number[] = []
  let rows = 0
  for (const { complete } of states) {
    firstRow.push(rows)
    rows += complete.length
  }
  const of = (state: number, i: number): number => at(firstRow, state) + i
  const tokens = new BitRows(rows, g.terminals)

  const follow = new BitRows(sources.length, g.terminals)
  const reads: [number, number][] = []
  const includes: [number, number][] = []
  const lookback: [row: number, transition: number][] = []
  sources.forEach((source, t) => {
    const symbol = at(symbols, t)
    const target = at(states, source).next.get(symbol) as number // `ids` was made from these
    for (const s of at(states, target).next.keys()) {
      if (s < g.terminals) follow.add(t, s)
      else if (g.nullable[s]) reads.push([t, ids.get(key(target, s)) as number]) // as above
    }
    for (const rule of at(g.rulesOf, symbol)) {
      const rhs = at(g.right, rule)
      let state = source
      rhs.forEach((s, i) => {
        const inner = ids.get(key(state, s))
        if (inner !== undefined && rhs.slice(i + 1).every((r) => g.nullable[r])) includes.push([inner, t])
        state = at(states, state).next.get(s) as number // the closure put every rule of `symbol` here
      })
      lookback.push([of(state, at(states, state).complete.indexOf(rule)), t])
    }
  })
  // Two closures instead of the paper's graph walk; the graphs are small. Edges made later lead
  // inwards, so going backwards settles most of them in one round.
  for (const edges of [reads, includes]) {
    for (let changed = true; changed; ) {
      changed = false
      for (let i = edges.length - 1; i >= 0; i--) {
        const [to, from] = at(edges, i)
        if (follow.union(to, follow, from)) changed = true
      }
    }
  }
  for (const [row, transition] of lookback) tokens.union(row, follow, transition)
  return { of, tokens }
}

/** Builds the tables of a grammar; RangeError if conflicts remain (`%expect 0`). */
export function buildTables(spec: GrammarSpec): Tables {
  const g = numberSymbols(spec)
  const states = buildStates(g)
  const lookaheads = findLookaheads(g, states)
  const terminalCount = g.terminals
  const nonterminalCount = g.symbols - g.terminals
  const actions = new Int16Array(states.length * terminalCount)
  const defaults = new Int16Array(states.length)
  const blind = new Uint8Array(states.length)
  const gotos = new Int16Array(states.length * nonterminalCount)
  const ruleCounts = new Int32Array(g.left.length)

  states.forEach(({ next, complete }, state) => {
    const row = actions.subarray(state * terminalCount, (state + 1) * terminalCount)
    for (const [symbol, target] of next) {
      if (symbol < terminalCount) row[symbol] = target
      else gotos[state * nonterminalCount + symbol - terminalCount] = target
    }
    // Only one thing can happen: Bison reduces without looking.
    const consistent = complete.length === 1 && !row.some((a) => a !== 0)
    if (consistent) {
      defaults[state] = at(complete, 0)
      blind[state] = 1
      return
    }
    complete.forEach((rule, i) => {
      for (let token = 0; token < terminalCount; token++) {
        if (!lookaheads.tokens.has(lookaheads.of(state, i), token)) continue
        row[token] = settle(g, row[token] as number, rule, token)
      }
    })
    let best = 0
    let bestCount = 0
    for (const rule of complete) ruleCounts[rule] = 0
    for (const action of row) {
      if (action < 0 && action !== FORBIDDEN) ruleCounts[-action] = (ruleCounts[-action] as number) + 1
    }
    for (const rule of complete) {
      const count = ruleCounts[rule] as number
      if (count <= bestCount) continue
      best = rule
      bestCount = count
    }
    defaults[state] = best
    for (let token = 0; token < terminalCount; token++) {
      const action = row[token] as number
      // Without a default there is nothing that a forbidden token must be kept from.
      if (action === -best || (best === 0 && action === FORBIDDEN)) row[token] = 0
    }
    blind[state] = row.some((a) => a !== 0) ? 0 : 1
  })

  const beforeEnd = at(states, 0).next.get(at(at(g.right, 0), 0))
  const accept = beforeEnd === undefined ? undefined : at(states, beforeEnd).next.get(0)
  if (accept === undefined) throw new RangeError("grammar: the start symbol is not reachable")
  return {
    terminalCount,
    nonterminalCount,
    stateCount: states.length,
    actions,
    defaults,
    blind,
    gotos,
    lengths: Int16Array.from(g.right, (rhs) => rhs.length),
    sides: Int16Array.from(g.left, (lhs) => lhs - terminalCount),
    accept,
  }
}

/** What to do on `token` when `rule` could be reduced and `action` is already in the table. */
function settle(g: Numbered, action: number, rule: number, token: number): number {
  if (action === 0) return -rule
  const rulePrec = at(g.rulePrec, rule)
  const tokenPrec = at(g.tokenPrec, token)
  if (action < 0 || rulePrec === 0 || tokenPrec === 0) {
    throw new RangeError(`grammar: conflict between rule ${rule} and ${action} on token ${token}`)
  }
  if (tokenPrec < rulePrec) return -rule
  if (tokenPrec > rulePrec) return action
  const assoc = g.assoc[token]
  if (assoc === "left") return -rule
  return assoc === "right" ? action : FORBIDDEN
}
