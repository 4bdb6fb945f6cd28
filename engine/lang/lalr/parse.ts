// The table-driven parser: Bison's automaton over Nix's grammar. It is what gives syntax errors
// their exact text and place, and it needs no native stack however deep the text is nested. The
// fast parser (../parser.ts) comes first and hands over what it gives up on.
//
// Follows Bison's lalr1.cc skeleton: a state with nothing but a default reduction reduces without
// reading a token (so an error in that token comes after an error found by the reduction), the
// stack has no limit, and an error ends the parse, since the grammar has no `error` productions.

import { Builder } from "../build.ts"
import type { Expr } from "../expr.ts"
import { Lexer } from "../lexer.ts"
import type { Parsed, ParseOptions } from "../parse-options.ts"
import { failingReport, ParseFailure, type Problem } from "../problem.ts"
import type { Source } from "../source.ts"
import * as T from "../token.ts"
import { precedence, rules, terminals } from "./grammar.ts"
import type { Places, Rule } from "./rule.ts"
import { buildTables, FORBIDDEN, type Tables } from "./tables.ts"

/** A message lists at most this many expected tokens; if there are more, none (lalr1.cc: YYARGS_MAX - 1). */
const MAX_EXPECTED = 4

/** The tables, and the terminal of each token kind. */
interface Automaton {
  readonly tables: Tables
  /** By token kind; `terminalCount` for a kind that is in no production. */
  readonly terminalOf: Uint8Array
}

function buildAutomaton(): Automaton {
  const tables = buildTables({ terminals: terminals.map(([spelling]) => spelling), precedence, productions: rules })
  const terminalOf = new Uint8Array(T.tokenNames.length).fill(tables.terminalCount)
  terminals.forEach(([, kind], i) => {
    if (kind >= 0) terminalOf[kind] = i
  })
  return { tables, terminalOf }
}

/** The automaton is a constant, but one that most sessions never need; it is built when first asked for. */
const automaton: () => Automaton = (() => {
  let built: Automaton | undefined
  return () => {
    built ??= buildAutomaton()
    return built
  }
})()

/**
 * Parses a text with Nix's own automaton. Stops at the first error, which has C++ Nix's message and
 * position; warnings that came before are in `problems` too. The native stack stays flat.
 */
export function parseLalr(source: Source, options: ParseOptions): Parsed {
  const problems: Problem[] = []
  const run = new LalrRun(source, options, problems)
  try {
    return { expr: run.parse(), problems, docs: run.lexer.docs }
  } catch (e) {
    if (!(e instanceof ParseFailure)) throw e
    problems.push(e.problem)
    return { expr: null, problems, docs: run.lexer.docs }
  }
}

/** The token kinds that `state` has actions for, in Bison's order; empty if there are more than four. */
function expectedTokens(tables: Tables, state: number): readonly T.TokenKind[] {
  const expected: T.TokenKind[] = []
  for (let t = 0; t < tables.terminalCount; t++) {
    const action = tables.actions[state * tables.terminalCount + t]
    const terminal = terminals[t]
    if (action === 0 || action === FORBIDDEN || terminal === undefined) continue
    if (expected.length === MAX_EXPECTED) return []
    expected.push(terminal[1])
  }
  return expected
}

/** One parse: Bison's stack, as four arrays. */
class LalrRun implements Places {
  readonly lexer: Lexer
  readonly build: Builder
  readonly #report: (problem: Problem) => void
  readonly #states: number[] = [0]
  readonly #values: unknown[] = [undefined]
  readonly #starts: number[]
  readonly #ends: number[]
  /** Of the rule that is being reduced: index of its first symbol on the stack. */
  #first = 0
  from = 0
  to = 0

  constructor(source: Source, options: ParseOptions, warnings: Problem[]) {
    this.#report = failingReport(warnings)
    this.lexer = new Lexer(source, options, this.#report)
    this.build = new Builder(source, options, this.lexer.docs, this.#report)
    this.#starts = [source.base]
    this.#ends = [source.base]
  }

  start(symbol: number): number {
    return this.#starts[this.#first + symbol - 1] as number // a symbol of the rule is on the stack
  }

  end(symbol: number): number {
    return this.#ends[this.#first + symbol - 1] as number // as above
  }

  parse(): Expr {
    const { tables, terminalOf } = automaton()
    const { actions, defaults, blind, gotos, lengths, sides, terminalCount, nonterminalCount, accept } = tables
    const { lexer } = this
    const states = this.#states
    const values = this.#values
    let state = 0
    let kind: T.TokenKind = -1 // the next token; -1 while it has not been read
    while (state !== accept) {
      let action = 0
      if (blind[state] === 0) {
        if (kind < 0) kind = lexer.next()
        const terminal = terminalOf[kind] as number
        if (terminal < terminalCount) action = actions[state * terminalCount + terminal] as number
      }
      if (action > 0) {
        state = action
        states.push(state)
        values.push(tokenValue(lexer, kind))
        // At the end of the text the place of PATH_END is too early (see lexer.ts); that may show in errors, but not in the tree.
        const before = this.#ends[this.#ends.length - 1] as number // the bottom has a place too
        this.#starts.push(kind === T.PATH_END ? before : lexer.start)
        this.#ends.push(kind === T.PATH_END ? before : lexer.end)
        kind = -1
        continue
      }
      const rule = action < 0 ? -action : (defaults[state] as number)
      if (action === FORBIDDEN || rule === 0) this.#unexpected(tables, state, kind)
      this.#reduce(rule, lengths[rule] as number)
      const below = states[states.length - 1] as number // state 0 is never popped
      state = gotos[below * nonterminalCount + (sides[rule] as number)] as number
      states.push(state)
    }
    // The stack is: bottom, start symbol, end of the text.
    return values[1] as Expr // the value of `start`, see `Values`
  }

  /** Replaces the right side of a rule by its left side; the caller pushes the state. */
  #reduce(rule: number, length: number): void {
    const states = this.#states
    const starts = this.#starts
    const ends = this.#ends
    const first = states.length - length
    this.#first = first
    if (length === 0)
      this.from = this.to = ends[first - 1] as number // the bottom of the stack has a place too
    else {
      this.from = starts[first] as number
      this.to = ends[states.length - 1] as number
    }
    const { from, to } = this
    const { action } = rules[rule - 1] as Rule // the tables were made from `rules`
    const value = action(this.#values.slice(first), this)
    states.length = first
    this.#values.length = first
    starts.length = first
    ends.length = first
    this.#values.push(value)
    starts.push(from)
    ends.push(to)
  }

  /** C++ Nix: parser.y BisonParser::error; Bison: lalr1.cc yysyntax_error_. */
  #unexpected(tables: Tables, state: number, kind: T.TokenKind): never {
    let message = `syntax error, unexpected ${T.tokenNames[kind]}`
    expectedTokens(tables, state).forEach((expected, i) => {
      message += `${i === 0 ? ", expecting" : " or"} ${T.tokenNames[expected]}`
    })
    const { start, end } = this.lexer
    const pos = kind === T.EOF ? end : start
    throw new ParseFailure({ code: "syntax/unexpected", severity: "error", message, pos, end })
  }
}

/** What the current token stands for; see `Values`. */
function tokenValue(lexer: Lexer, kind: T.TokenKind): unknown {
  switch (kind) {
    case T.ID:
    case T.STR:
    case T.PATH:
    case T.HPATH:
    case T.SPATH:
    case T.URI:
      return lexer.value
    case T.IND_STR:
      return { text: lexer.value, indented: lexer.indented }
    case T.INT_LIT:
    case T.FLOAT_LIT:
      return lexer.number
    default:
      return undefined
  }
}
