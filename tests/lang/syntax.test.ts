// The concrete syntax tree and what editors read from it, beside the parser and the binder.
import { readdirSync, readFileSync, statSync } from "node:fs"
import { expect, test } from "vitest"
import { baseScope, bind, GLOBAL } from "../../engine/lang/bind.ts"
import type { Expr } from "../../engine/lang/expr.ts"
import { parse } from "../../engine/lang/parser.ts"
import { Source } from "../../engine/lang/source.ts"
import { highlightsOf } from "../../engine/lang/syntax/highlights.ts"
import { lint } from "../../engine/lang/syntax/lints.ts"
import { nameAt, namesInScope, resolveNames } from "../../engine/lang/syntax/names.ts"
import { foldsOf, type OutlineEntry, outlineOf } from "../../engine/lang/syntax/outline.ts"
import { isNode, nodesAt, type SyntaxNode } from "../../engine/lang/syntax/syntax-node.ts"
import { parseSyntax } from "../../engine/lang/syntax/syntax-parser.ts"
import { describeShared } from "../shared.ts"
import { someOptions } from "./printed.ts"

const globals = new Set(["true", "false", "null", "map", "import", "builtins", "toString", "throw", "__nixPath", "__findFile", "__curPos"])

function tree(text: string): SyntaxNode {
  const root = parseSyntax(text)
  if (root === null) throw new Error("too deep")
  return root
}

function names(text: string) {
  return resolveNames(tree(text), text, globals)
}

function errors(node: SyntaxNode): number {
  return node.children.filter(isNode).reduce((sum, child) => sum + errors(child), node.kind === "error" ? 1 : 0)
}

/** The variables of a bound tree that stand in the text, by place: global, with, nothing, or known. */
function bound(text: string): Map<number, string> | null {
  const source = new Source({ kind: "string" }, text, 1)
  const options = someOptions()
  const { expr } = parse(source, options)
  if (expr === null) return null
  const problems = bind(expr, baseScope([...globals]), options.symbols)
  const undefinedAt = new Set(problems.map((p) => p.pos))
  const found = new Map<number, string>()
  const seen = new Set<unknown>()
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null || seen.has(value)) return
    seen.add(value)
    const node = value as Expr
    if (node.kind === "var" && text.slice(node.start - 1, node.end - 1) === node.name) {
      const to = undefinedAt.has(node.pos) ? "nothing" : node.fromWith !== null ? "with" : node.level === GLOBAL ? "global" : "known"
      found.set(node.start - 1, to)
    }
    if (value instanceof Map) for (const inner of value.values()) visit(inner)
    else for (const inner of Object.values(value)) visit(inner)
  }
  visit(expr)
  return found
}

describeShared("the files of Nix's language tests", "conformance/nix-lang", (folder) => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
    (f) => f.endsWith(".nix") && statSync(`${folder}/${f}`).isFile(),
  )
  const texts = files.map((file) => [file, readFileSync(`${folder}/${file}`, "latin1")] as const)

  test("a valid text has a concrete tree without errors that has every token in order", () => {
    let count = 0
    for (const [file, text] of texts) {
      const source = new Source({ kind: "string" }, text, 1)
      if (parse(source, someOptions()).expr === null) continue
      const root = parseSyntax(text)
      if (root === null) continue
      count++
      expect(errors(root), file).toBe(0)
      let at = 0
      const walk = (node: SyntaxNode): void => {
        for (const child of node.children) {
          expect(child.start, file).toBeGreaterThanOrEqual(at)
          if (isNode(child)) walk(child)
          else at = child.end
        }
      }
      walk(root)
    }
    expect(count).toBeGreaterThan(300)
  })

  // Two sets of one name are merged, and the first tells whether the whole is recursive; here each means what it says.
  const merged = new Set(["eval-fail-attrset-merge-drops-later-rec.nix", "eval-okay-regrettable-rec-attrset-merge.nix"])

  test("names mean what the binder says they mean", () => {
    let count = 0
    for (const [file, text] of texts) {
      const wanted = bound(text)
      const root = parseSyntax(text)
      if (wanted === null || root === null || merged.has(file)) continue
      const uses = new Map(resolveNames(root, text, globals).uses.map((use) => [use.start, typeof use.to === "object" ? "known" : use.to]))
      for (const [start, to] of wanted) {
        count++
        expect(uses.get(start), `${file} at ${start}: ${text.slice(start, start + 20)}`).toBe(to)
      }
    }
    expect(count).toBeGreaterThan(1500)
  })

  test("any beginning of a text has a tree, and everything else works on it", () => {
    for (const [, text] of texts.slice(0, 120)) {
      for (const cut of [3, 7, 11]) {
        const broken = text.slice(0, Math.floor((text.length * cut) / 13))
        const root = parseSyntax(broken)
        if (root === null) continue
        const found = resolveNames(root, broken, globals)
        lint(root, found, broken, globals)
        foldsOf(root, broken)
        outlineOf(root, broken)
        const highlights = highlightsOf(root, found, broken)
        for (const [i, { start, end }] of highlights.entries()) {
          expect(end).toBeGreaterThan(start)
          expect(start).toBeGreaterThanOrEqual(highlights[i - 1]?.end ?? 0)
        }
      }
    }
  })
})

test("a name leads to its definition and all its uses", () => {
  const text = "let f = x: x + y; y = 1; in f y"
  const y = nameAt(names(text), text.lastIndexOf("y"))
  expect(y).toMatchObject({ name: "y", kind: "let", places: [{ start: 18, end: 19 }] })
  expect("uses" in y! ? y.uses.map(({ start }) => start) : []).toEqual([15, 30])
})

test("nested bindings of one name are one definition with several places", () => {
  const text = "rec { a.b = 1; a.c = a; }"
  expect(nameAt(names(text), 21)).toMatchObject({ name: "a", places: [{ start: 6 }, { start: 15 }] })
})

test("inherit brings names in from outside, in a let and in a recursive set", () => {
  const { uses } = names("x: let inherit x; y = x; in rec { inherit y; z = y; }")
  expect(uses.map(({ name, to }) => [name, typeof to === "object" ? to.kind : to])).toEqual([
    ["x", "parameter"],
    ["x", "let"],
    ["y", "let"],
    ["y", "attribute"],
  ])
})

test("completion sees what is in scope, inner names before outer", () => {
  const text = "{ a, b ? 1 }: let c = a; in "
  expect(namesInScope(names(text), text.length).map(({ name }) => name)).toEqual(["c", "a", "b"])
})

test("the nodes around an offset lead outwards, for growing a selection", () => {
  const text = "[ (f 1) 2 ]"
  expect(nodesAt(tree(text), 5).map(({ kind }) => kind)).toEqual(["root", "list", "parenthesis", "call", "literal"])
})

test("the outline shows bindings in their nesting", () => {
  const text = 'let f = x: x; in { a.b = { c = "s"; d = [ ]; }; inherit f; }'
  const shape = (entries: readonly OutlineEntry[]): unknown => entries.map((e) => [e.name, e.kind, shape(e.children)])
  expect(shape(outlineOf(tree(text), text))).toEqual([
    ["f", "function", []],
    [
      "a.b",
      "set",
      [
        ["c", "string", []],
        ["d", "list", []],
      ],
    ],
  ])
})

test("brackets, strings and runs of comments fold", () => {
  const text = "# one\n# two\n{\n  a = ''\n    x\n  '';\n}\n"
  expect(foldsOf(tree(text), text).map(({ start, end, comment }) => [text.slice(start, end).split("\n").length, comment])).toEqual([
    [2, true],
    [5, false],
    [3, false],
  ])
})

/** `CODE at "TEXT"` and, for the first fix, the text after it. */
function lints(text: string): string[] {
  const root = tree(text)
  return lint(root, resolveNames(root, text, globals), text, globals).map(({ code, start, end, fixes }) => {
    let fixed = text
    for (const edit of [...(fixes[0]?.edits ?? [])].sort((a, b) => b.start - a.start))
      fixed = fixed.slice(0, edit.start) + edit.text + fixed.slice(edit.end)
    return `${code} ${text.slice(start, end)}${fixes.length === 0 ? "" : ` => ${fixed}`}`
  })
}

test.each([
  ["http://x.y/z", ['W001 http://x.y/z => "http://x.y/z"']],
  ["x: let inherit x; in x", ["W002 x => x: let in x"]],
  ["let a = 1; b = 2; in b", ["W003 a => let b = 2; in b"]],
  ["let\n  a = 1;\n  b = 2;\nin\nb", ["W003 a => let\n  b = 2;\nin\nb"]],
  ["let _a = 1; in 2", []],
  ["{ a, b }: a", []],
  ["let map = x: x; in map 1", ["W004 map"]],
  ["let inherit (builtins) map; in map", []],
  ["let { x = 1; body = x; }", ["W005 let => (rec { x = 1; body = x; }).body"]],
  ["x: true && x", ["W007 true && x => x: x"]],
  ["x: x || true", []],
  ["x: true || x", ["W007 true || x => x: true"]],
  ["!false", ["W007 !false => true"]],
  ["x: x == true", ["W007 x == true => x: x"]],
  ["x: x == false", ["W007 x == false => x: !x"]],
  ["if true then 1 else 2", ["W008 2 => 1"]],
  ["let true = false; in if true then 1 else 2", ["W004 true"]],
  ["{ inherit; }", ["W009 inherit; => { }"]],
  ["let in 1", ["W010 let in => 1"]],
  [
    '"sha256-fgIr3TyFGDAXP5+qoAaiMKDg/a1MlT6Fv/S/DaA24S8"',
    ['W012 "sha256-fgIr3TyFGDAXP5+qoAaiMKDg/a1MlT6Fv/S/DaA24S8" => "sha256-fgIr3TyFGDAXP5+qoAaiMKDg/a1MlT6Fv/S/DaA24S8="'],
  ],
  ['"sha256-fgIr3TyFGDAXP5+qoAaiMKDg/a1MlT6Fv/S/DaA24S8="', []],
])("warnings about %s", (text, expected) => {
  expect(lints(text)).toEqual(expected)
})

test("highlights tell names by what they mean, and escapes from strings", () => {
  const text = 'x: with x; let y = map; in "a\\n${y}" + z # end'
  const root = tree(text)
  const found = highlightsOf(root, resolveNames(root, text, globals), text).map(
    ({ start, end, kind }) => `${text.slice(start, end)} ${kind}`,
  )
  expect(found).toEqual([
    "x parameter",
    "with keyword",
    "x parameter",
    "let keyword",
    "y variable",
    "map global",
    "in keyword",
    '" string',
    "a string",
    "\\n escape",
    "${ escape",
    "y variable",
    '" string',
    "+ operator",
    "z dynamic",
    "# end comment",
  ])
})
