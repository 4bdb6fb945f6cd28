// Tables of small grammars, where each of Bison's decisions can be seen alone.
import { expect, test } from "vitest"
import { precedence, rules, terminals } from "../../engine/lang/lalr/grammar.ts"
import { buildTables, FORBIDDEN, type GrammarSpec, type Tables } from "../../engine/lang/lalr/tables.ts"
import { tokenNames } from "../../engine/lang/token.ts"

/** `"e: e + e"` → production. */
function productions(...lines: string[]): GrammarSpec["productions"] {
  return lines.map((line) => {
    const [lhs = "", rhs = ""] = line.split(": ")
    return { lhs: lhs.replace(":", ""), rhs: rhs === "" ? [] : rhs.split(" ") }
  })
}

/** Terminal numbers accepted? Runs the automaton without values. */
function accepts(tables: Tables, input: readonly number[]): boolean {
  const stack = [0]
  let next = 0
  for (let steps = 0; steps < 1000; steps++) {
    const state = stack.at(-1) ?? 0
    if (state === tables.accept) return true
    const action = tables.blind[state] === 1 ? 0 : (tables.actions[state * tables.terminalCount + (input[next] ?? 0)] ?? 0)
    if (action > 0) {
      stack.push(action)
      next++
      continue
    }
    const rule = action < 0 ? -action : (tables.defaults[state] ?? 0)
    if (action === FORBIDDEN || rule === 0) return false
    stack.length -= tables.lengths[rule] ?? 0
    stack.push(tables.gotos[(stack.at(-1) ?? 0) * tables.nonterminalCount + (tables.sides[rule] ?? 0)] ?? 0)
  }
  throw new RangeError("the automaton does not stop")
}

test("Nix's grammar has as many states as Bison gives it, and 99 rules", () => {
  const tables = buildTables({ terminals: terminals.map(([spelling]) => spelling), precedence, productions: rules })
  expect(tables.stateCount).toBe(199)
  expect(rules.length).toBe(99)
})

test("every token kind but the invalid one is a terminal, once", () => {
  const kinds = terminals.map(([, kind]) => kind).filter((kind) => kind >= 0)
  expect(new Set(kinds).size).toBe(kinds.length)
  expect(kinds.length).toBe(tokenNames.length - 1)
})

test("a grammar that is LALR(1) but not SLR(1) needs no precedence", () => {
  // Assignments with dereference (Aho, Sethi, Ullman, example 4.39).
  const spec = { terminals: ["$end", "=", "*", "id"], precedence: [] }
  const tables = buildTables({ ...spec, productions: productions("s: l = r", "s: r", "l: * r", "l: id", "r: l") })
  expect(accepts(tables, [2, 3, 1, 3])).toBe(true)
  expect(accepts(tables, [3, 1, 3, 1, 3])).toBe(false)
})

test("a grammar that is LR(1) but not LALR(1) is refused", () => {
  const spec = { terminals: ["$end", "a", "b", "c", "d", "e"], precedence: [] }
  const lines = ["s: a x d", "s: b y d", "s: a y e", "s: b x e", "x: c", "y: c"]
  expect(() => buildTables({ ...spec, productions: productions(...lines) })).toThrow(RangeError)
})

test("an ambiguity without precedence is refused", () => {
  const spec = { terminals: ["$end", "+", "1"], precedence: [] }
  expect(() => buildTables({ ...spec, productions: productions("e: e + e", "e: 1") })).toThrow(RangeError)
})

test("a nonassoc operator forbids its neighbour instead of reducing by default", () => {
  const spec: GrammarSpec = {
    terminals: ["$end", "<", "+", "1"],
    precedence: [
      { assoc: "nonassoc", tokens: ["<"] },
      { assoc: "left", tokens: ["+"] },
    ],
    productions: productions("e: e < e", "e: e + e", "e: 1"),
  }
  const tables = buildTables(spec)
  expect(accepts(tables, [3, 1, 3])).toBe(true)
  expect(accepts(tables, [3, 1, 3, 1, 3])).toBe(false)
  expect(accepts(tables, [3, 2, 3, 1, 3, 2, 3, 2, 3])).toBe(true)
  expect(tables.actions.includes(FORBIDDEN)).toBe(true)
})

test("where only one reduction is possible no token is read", () => {
  const spec = { terminals: ["$end", "a", "b"], precedence: [] }
  const tables = buildTables({ ...spec, productions: productions("s: x b", "x: a") })
  const afterA = tables.actions[1] ?? 0
  expect(afterA).toBeGreaterThan(0)
  expect(tables.blind[afterA]).toBe(1)
  expect(tables.defaults[afterA]).toBe(2)
})

test("the reduction with the most look-aheads becomes the default", () => {
  // After `c`: rule x on one token, rule y on two.
  const spec = { terminals: ["$end", "c", "p", "q", "r"], precedence: [] }
  const tables = buildTables({ ...spec, productions: productions("s: x p", "s: y q", "s: y r", "x: c", "y: c") })
  const afterC = tables.actions[1] ?? 0
  expect(tables.defaults[afterC]).toBe(5)
  expect(tables.actions[afterC * tables.terminalCount + 2]).toBe(-4)
  expect(tables.blind[afterC]).toBe(0)
})
