// The editor's questions, asked as an editor asks them: text and place in UTF-16, plain data back. `|` marks the place.
import { expect, test } from "vitest"
import { primOps } from "../../engine/eval/builtins.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { defaultSettings } from "../../engine/eval/runtime.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { globalNames, Language } from "../../engine/worker/language.ts"
import { highlightKinds, type Span } from "../../engine/worker/language-protocol.ts"
import { MemoryHost } from "../eval/memory-host.ts"

const language = new Language()

/** The text without its mark, and where the mark was. */
function marked(text: string): [text: string, offset: number] {
  const at = text.indexOf("|")
  return [text.slice(0, at) + text.slice(at + 1), at]
}

function pieces(text: string, spans: readonly Span[]): string[] {
  return spans.map(({ start, end }) => text.slice(start, end))
}

test("the names that are there without being defined are those of an evaluator", async () => {
  await initHashes()
  const features = new Set(primOps.flatMap(({ feature }) => (feature === null ? [] : [feature])))
  const { globalNames: real } = new Evaluator(new MemoryHost({}), { ...defaultSettings, features }).rt
  expect([...globalNames()].filter((name) => name !== "__curPos").sort()).toEqual([...new Set(real)].sort())
})

test("several problems are told at once, each with its place, also behind letters of several bytes", async () => {
  const text = '{\n  a = "é😀" +;\n  b = undefinedName;\n  c = 1\n  d = 2;\n}'
  const { diagnostics } = await language.analyze(text)
  expect(diagnostics.filter(({ severity }) => severity === "error").map((d) => [d.message, text.slice(d.start, d.end)])).toEqual([
    ["syntax error, unexpected ';'", ";"],
    ["undefined variable 'undefinedName'", "undefinedName"],
    ["syntax error, unexpected identifier, expecting ';'", "d"],
  ])
})

test("warnings come with fixes that are edits of the text", async () => {
  const text = "let ü = 1; in 2".replace("ü", "unused")
  const { diagnostics } = await language.analyze(text)
  expect(diagnostics).toMatchObject([{ code: "W003", unnecessary: true, severity: "info" }])
  const [edit] = diagnostics[0]?.fixes[0]?.edits ?? []
  expect(text.slice(0, edit?.start) + edit?.text + text.slice(edit?.end)).toBe("let in 2")
})

test("an empty text has no problems", async () => {
  expect(await language.analyze("  \n")).toMatchObject({ diagnostics: [] })
})

test("highlights count in UTF-16", async () => {
  const text = '"é😀" # ü\nlet x = map; in x'
  const { highlights } = await language.analyze(text)
  const found: string[] = []
  for (let i = 0; i < highlights.length; i += 3)
    found.push(`${text.slice(highlights[i], (highlights[i] ?? 0) + (highlights[i + 1] ?? 0))} ${highlightKinds[highlights[i + 2] ?? 0]}`)
  expect(found).toContain("é😀 string")
  expect(found).toContain("# ü comment")
  expect(found).toContain("map global")
})

test("completion offers what is in scope, builtins and keywords", async () => {
  const { span, items } = await language.complete(...marked("{ alpha }: let beta = 1; in al|"))
  expect(span).toEqual({ start: 28, end: 30 })
  const labels = items.map(({ label }) => label)
  expect(labels).toEqual(expect.arrayContaining(["alpha", "beta", "map", "builtins", "let", "true"]))
  expect(items.find(({ label }) => label === "map")).toMatchObject({ detail: "map f list", documentation: expect.stringMatching(/\S/) })
})

test("completion offers nothing in comments and strings, but in interpolations", async () => {
  expect((await language.complete(...marked("1 # al|"))).items).toEqual([])
  expect((await language.complete(...marked('"al|"'))).items).toEqual([])
  expect((await language.complete(...marked('let alpha = 1; in "${al|}"'))).items.map(({ label }) => label)).toContain("alpha")
})

test("after builtins. there are all builtins with their documentation", async () => {
  const { items } = await language.complete(...marked("builtins.el|"))
  expect(items.find(({ label }) => label === "elemAt")).toMatchObject({ detail: "builtins.elemAt xs n" })
})

test("after another dot the evaluator is to be asked, with the names around in scope", async () => {
  const { select } = await language.complete(...marked("let p = { a = 1; }; in { q }: with p; [ p.b.| ]"))
  expect(select?.target).toBe("p.b")
  expect(`${select?.before}${select?.target}${select?.after}`).toBe("(let p = { a = 1; }; in with p; p.b)")
})

test("the definition of a name, and of an import its file", async () => {
  const [text, at] = marked("let f = x: x; in f |f")
  expect(pieces(text, await language.definition(text, at))).toEqual(["f"])
  expect(await language.definition(text, at)).toEqual([{ start: 4, end: 5 }])
  expect(await language.definition(...marked("import ./dir/f|ile.nix"))).toEqual([{ path: "./dir/file.nix", start: 0, end: 0 }])
  expect(await language.definition(...marked("m|ap"))).toEqual([])
})

test("references of a name, and renaming it with them", async () => {
  const [text, at] = marked("let |f = x: f x; in f 1")
  expect((await language.references(text, at)).map(({ start }) => start)).toEqual([4, 11, 19])
  const renamed = await language.rename(text, at, "g")
  expect("edits" in renamed && renamed.edits.map(({ start, text }) => [start, text])).toEqual([
    [4, "g"],
    [11, "g"],
    [19, "g"],
  ])
})

test.each([
  ["m|ap 1", "g", "'map' cannot be renamed: it is a builtin"],
  ["let a = 1; |b = 2; in a", "a", "there is a 'a' here already"],
  ["let |b = 2; in b", "let", "'let' cannot be the name of a variable"],
  ["let |b = 2; in { inherit b; }", "c", "'b' is inherited elsewhere under this name"],
  ["c: let |b = 2; in x: c + b", "c", "'c' already means something else here"],
  ["1 |", "c", "there is no name here"],
])("renaming in %s to %s is refused: %s", async (text, name, problem) => {
  expect(await language.rename(...marked(text), name)).toEqual({ problem })
})

test("hovering tells of builtins, keywords, definitions with their comments, and what to evaluate for attributes", async () => {
  expect((await language.hover(...marked("builtins.ele|mAt")))?.text).toMatch(/^`builtins.elemAt xs n`/)
  expect((await language.hover(...marked("l|et a = 1; in a")))?.text).toContain("let name = value")
  expect((await language.hover(...marked("{ } /|/ { }")))?.text).toMatch(/^`left \/\/ right`/)
  const commented = "let\n  # Adds one.\n  inc = x: x + 1;\nin\nin|c 1"
  expect((await language.hover(...marked(commented)))?.text).toBe("**inc**: variable `x:`\n\nAdds one.")
  const [text, at] = marked("a.b.|c.d")
  const hover = await language.hover(text, at)
  expect(hover && text.slice(hover.expression?.start, hover.expression?.end)).toBe("a.b.c")
})

test("the call that is being written is shown with its parameter", async () => {
  expect(await language.signature(...marked("builtins.elemAt [ 1 ] |"))).toMatchObject({ label: "builtins.elemAt xs n", active: 1 })
  expect(await language.signature(...marked("map |"))).toMatchObject({ label: "map f list", active: 0 })
  expect(await language.signature(...marked("let add = a: b: a + b; in add 1 |"))).toMatchObject({ label: "add a b", active: 1 })
  expect(await language.signature(...marked("1 + |"))).toBeNull()
})

test("a selection grows from the name outwards", async () => {
  const [text, at] = marked("{ a = f (|x + 1); }")
  expect(pieces(text, await language.selection(text, at))).toEqual(["x", "x + 1", "(x + 1)", "f (x + 1)", "a = f (x + 1);", text])
})

test("formatting keeps every letter, and says why it refuses", async () => {
  expect(await language.format('{a="é😀";}')).toEqual({ text: '{ a = "é😀"; }\n' })
  expect(await language.format("{ a = ")).toMatchObject({ problem: expect.stringContaining("unexpected end of file") })
})

test("the reference has every builtin and construct with documentation, source and examples, each name once", async () => {
  const entries = await language.reference()
  expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length)
  expect(entries.filter(({ kind }) => kind === "construct").length).toBeGreaterThan(25)
  expect(entries.length).toBeGreaterThan(100)
  for (const entry of entries) {
    expect(entry.documentation, entry.name).not.toBe("")
    expect(entry.source, entry.name).not.toBe("")
  }
})

test("a text of 500 lines is analysed", async () => {
  const text = `{\n${Array.from({ length: 500 }, (_, i) => `  name${i} = { pkgs, lib }: lib.mkIf (pkgs.system == "x") [ ${i} ./f${i} ];`).join("\n")}\n}`
  const { outline, diagnostics } = await language.analyze(text)
  expect(outline.length).toBe(500)
  expect(diagnostics).toEqual([])
})

test("a part of a text stands alone with the names around it, unless a caller has to give some", async () => {
  const alone = (text: string, part: string): Promise<string | null> => {
    const start = text.lastIndexOf(part)
    return language.standalone(text, { start, end: start + part.length })
  }
  expect(await alone("let a = 1; in a + 2", "a + 2")).toBe("(let a = 1; in a + 2)")
  expect(await alone("rec { a = 1; b = a; }", "a")).toBe("(let a = 1; in a)")
  expect(await alone("x: x + 1", "x + 1")).toBeNull()
  expect(await alone("{ x ? 2 }: x + 1", "x + 1")).toBe("(let x = 2; in x + 1)")
  expect(await alone("{ s = { a.b = 1; }.a.b; }", "{ a.b = 1; }.a")).toBe("{ a.b = 1; }.a")
})

test("questions in comments: what the caret points at, and what is said to be the value", async () => {
  const asked = async (text: string) =>
    (await language.questions(text)).map(({ kind, expression, expected }) => [kind, expression, expected])
  expect(await asked("let\n  a = 1 + 1;\n# ^?\nin\na # => 2\n")).toEqual([
    ["show", "(let  in 1 + 1)", ""],
    ["check", "let\n  a = 1 + 1;\n# ^?\nin\na", "2"],
  ])
  expect(await asked("{\n  x = map (y: y) [ 1 ]; # => [ 1 ]\n}")).toEqual([["check", "map (y: y) [ 1 ]", "[ 1 ]"]])
  expect(await asked("builtins.length [ 1 2 ]\n#        ^?")).toEqual([["show", "builtins.length", ""]])
  expect(await asked("1 + 2\n# => 3")).toEqual([["check", "1 + 2", "3"]])
  expect(await asked("# => 3\n1 /* ^? */")).toEqual([])
})
