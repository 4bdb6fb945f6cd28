// What the views of a value say beyond the value: who forced it, what it is the same as, where it is written; and trees of the syntax.
import { expect, test } from "vitest"
import type { SyntaxRow } from "../../engine/worker/protocol.ts"
import { localEngine } from "../app/local-engine.ts"

async function run(expr: string, observe = 1000) {
  const engine = localEngine()
  const evaluated = await engine.evaluate({ expr, options: { observe } })
  return { engine, evaluated, id: evaluated.run }
}

test("an attribute that was forced says by what; what was asked for has no cause", async () => {
  const { engine, id } = await run("rec {\n  a = 1 + 1;\n  b = a + 1;\n  c = 3 + 3;\n}")
  const forced = await engine.force(id, ["b"])
  expect(forced.forced).toMatchObject({ by: null, milliseconds: expect.any(Number) })
  const [a, b, c] = (await engine.children(id, [], 0)).children
  expect(a?.forced?.by).toEqual({ text: "a + 1", at: { file: "«string»", line: 3, column: 7 } })
  expect(b?.forced?.by).toBeNull()
  expect(c).toMatchObject({ forced: null, view: { kind: "unforced", forcing: false }, at: { line: 4, column: 3 } })
})

test("without observation nothing is kept", async () => {
  const { engine, id } = await run("rec { a = 1 + 1; }", 0)
  expect((await engine.force(id, ["a"])).forced).toBeNull()
  expect(await engine.trace(id)).toEqual({ rows: [], cut: false })
})

test("the trace has what was forced in its order, and is cut where it was said to be", async () => {
  const { engine, id } = await run("let f = x: x * 2; y = f 21; in y", 1000)
  const { rows, cut } = await engine.trace(id)
  expect(cut).toBe(false)
  expect(rows.map(({ depth, kind, text }) => [depth, kind, text])).toEqual([
    [0, "force", "let f = x: x * 2; y = f 21; in y"],
    [1, "force", "f 21"],
    [2, "force", "x: x * 2"],
    [2, "call", "x * 2"],
  ])
  const { engine: other, id: long } = await run("builtins.foldl' (a: b: a + b) 0 (builtins.genList (x: x) 5000)", 50)
  expect(await other.trace(long)).toMatchObject({ cut: true, rows: { length: 50 } })
})

test("a failing step is marked, and observing changes no result", async () => {
  const { engine, id, evaluated } = await run('let x = throw "no"; in x')
  expect(evaluated.view.kind).toBe("failed")
  expect((await engine.trace(id)).rows.map(({ failed }) => failed)).toEqual([true, true])
  const deep = "let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 9000"
  expect((await run(deep, 1_000_000)).evaluated.view).toEqual((await run(deep, 0)).evaluated.view)
})

test("the same value has the same number wherever it is", async () => {
  const { engine, id } = await run("rec { x = { a = 1; }; y = x; z = { a = 1; }; }")
  const ids = []
  for (const name of ["x", "y", "z"]) {
    const { view } = await engine.force(id, [name])
    ids.push(view.kind === "attrs" ? view.id : 0)
  }
  expect(ids[0]).toBe(ids[1])
  expect(ids[0]).not.toBe(ids[2])
})

test("a derivation is known by its evaluated type; looking forces neither its name nor its path", async () => {
  const { engine, id } = await run('{ d = derivation { name = "a" + "b"; system = "s"; builder = "/b"; }; e = { type = "other"; }; }')
  expect((await engine.force(id, ["d"])).view).toMatchObject({ kind: "attrs", derivation: "" })
  const inside = (await engine.children(id, ["d"], 0)).children
  expect(inside.find(({ label }) => label === "drvPath")?.view.kind).toBe("unforced")
  await engine.force(id, ["d", "drvPath"])
  expect((await engine.force(id, ["d"])).view).toMatchObject({ derivation: "ab" })
  expect((await engine.force(id, ["e"])).view).toMatchObject({ derivation: null })
})

test("functions tell their argument, formals and how much a builtin was given", async () => {
  const view = async (expr: string) => (await run(expr)).evaluated.view
  expect(await view("args@{ a, b ? 1, ... }: a")).toMatchObject({ arg: "args", ellipsis: true, formals: [{ name: "a" }, { name: "b" }] })
  expect(await view("x: x")).toMatchObject({ arg: "x", formals: null, applied: 0 })
  expect(await view("map (x: x)")).toMatchObject({ name: "map", applied: 1 })
})

test("the resolved tree tells slots, levels, and what becomes a thunk", async () => {
  const { engine, id } = await run("let a = 1; b = a + 2; in { x }: with b; [ a x y map ]", 0)
  const tree = await engine.syntax(id, "resolved")
  if ("problem" in tree) throw new Error(tree.problem.message)
  const said = (row: SyntaxRow): string => `${row.role}: ${row.kind} ${row.text} (${row.notes.join("; ")})`
  expect(tree.rows.map(said)).toEqual([
    ": let  (thunk; new environment of 2 slots)",
    "a: integer 1 (in slot 1; constant)",
    "b: +  (in slot 2; thunk)",
    "part 1: variable a (slot 1, this environment)",
    "part 2: integer 2 ()",
    "in: function { x }: (new environment of 1 slot)",
    "body: with  (new scope of names at run time)",
    "with: variable b (shared cell; slot 2, 1 environment up)",
    "body: list 4 ()",
    "0: variable a (shared cell; slot 1, 2 environments up)",
    "1: variable x (shared cell; slot 1, 1 environment up)",
    "2: variable y (thunk; looked up in with, this environment)",
    "3: variable map (shared cell; builtin scope)",
  ])
  expect(tree.rows[2]).toMatchObject({ from: { line: 1, column: 16 }, to: { line: 1, column: 21 } })
  const parsed = await engine.syntax(id, "parsed")
  expect("rows" in parsed && parsed.rows.every(({ notes }) => notes.length === 0)).toBe(true)
})

test("a text that cannot be read has no tree but the error", async () => {
  const { engine, id } = await run("let in", 0)
  expect(await engine.syntax(id, "parsed")).toMatchObject({ problem: { code: "parse" } })
})

test("a graph has places for the nearest nodes and tells what it leaves out", async () => {
  const drv = (name: string, rest: string) => `derivation { name = "${name}"; system = "s"; builder = "/b"; ${rest} }`
  const { engine, id } = await run(
    `let c = ${drv("c", "")}; b = ${drv("b", "inherit c;")}; in ${drv("a", 'inherit b c; src = builtins.toFile "src" "x";')}`,
  )
  const card = await engine.derivations.derivation(id, [])
  if ("problem" in card) throw new Error(card.problem.message)
  const graph = await engine.derivations.graph(id, card.value.drvPath, 100)
  if ("problem" in graph) throw new Error(graph.problem.message)
  const { nodes, edges, width } = graph.value
  expect(nodes.map(({ name, kind, hidden }) => [name, kind, hidden])).toEqual(
    expect.arrayContaining([
      ["a", "derivation", 0],
      ["b", "derivation", 0],
      ["c", "derivation", 0],
      ["src", "source", 0],
    ]),
  )
  expect(edges.map(({ from, to }) => `${nodes[from]?.name}→${nodes[to]?.name}`).sort()).toEqual(["a→b", "a→c", "a→src", "b→c"])
  // Dependencies are to the right, and all of it is inside.
  for (const { from, to } of edges) expect(nodes[from]?.x).toBeLessThan(nodes[to]?.x ?? 0)
  for (const { x, width: w } of nodes) expect(x + w / 2).toBeLessThanOrEqual(width)
  const cut = await engine.derivations.graph(id, card.value.drvPath, 2)
  expect("value" in cut && cut.value.nodes[0]?.hidden).toBe(2)
})
