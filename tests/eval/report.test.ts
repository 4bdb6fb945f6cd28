// Errors and warnings as text. The layout is checked against what C++ Nix printed for its own tests: each golden is
// taken apart into message, frames and positions, and has to come out the same from the sources.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { NixError } from "../../engine/eval/error.ts"
import { errorData, type Report, type ReportOptions, renderError } from "../../engine/eval/report.ts"
import { type Source, Sources } from "../../engine/lang/source.ts"
import { describeShared, shared } from "../shared.ts"
import { readGolden } from "./report-golden.ts"

const read = (path: string) => readFileSync(path, "latin1")

/** Finds the sources of one golden in the folder of Nix's tests. */
function finder(sources: Sources, folder: string, name: string) {
  const known = new Map<string, Source>()
  return (place: string, lines: ReadonlyMap<number, string>): Source => {
    const old = known.get(place)
    if (old) return old
    let source: Source
    if (place === "\xc2\xabstdin\xc2\xbb") source = sources.add({ kind: "stdin" }, read(join(folder, `${name}.nix`)))
    else if (place.startsWith("\xc2\xabnix-internal\xc2\xbb/"))
      source = sources.add({ kind: "internal", name: "derivation-internal.nix" }, read(shared("conformance/internal-nix/derivation.nix")))
    else if (place.startsWith("/pwd/lang/")) source = sources.add({ kind: "file", path: place }, read(join(folder, place.slice(10))))
    else if (place === "\xc2\xabstring\xc2\xbb") {
      const text = Array.from({ length: Math.max(...lines.keys()) }, (_, i) => lines.get(i + 1) ?? "").join("\n")
      source = sources.add({ kind: "string" }, text)
    } else throw new RangeError(`where is ${place}?`)
    known.set(place, source)
    return source
  }
}

describeShared("Nix's own error texts come out the same", "conformance/nix-lang", (folder) => {
  // The golden of eval-fail-derivation-name has its numbers blotted out.
  const names = readdirSync(folder)
    .filter((f) => /^(eval|parse)-fail-.*\.err\.exp$/.test(f) && !f.startsWith("eval-fail-derivation-name."))
    .map((f) => f.slice(0, -".err.exp".length))
  test("there are all of them", () => expect(names.length).toBe(323))
  test.each(names)("%s", (name) => {
    // Wrong usage gets a line of its own from the command, behind the report.
    const golden = read(join(folder, `${name}.err.exp`)).replace(/\nTry 'nix-instantiate --help' for more information\.\n$/, "\n")
    const flags = join(folder, `${name}.flags`)
    const showTrace = !(existsSync(flags) && read(flags).includes("--no-show-trace"))
    const sources = new Sources()
    const report = readGolden(golden, showTrace, finder(sources, folder, name))
    expect(renderError(report, sources, { showTrace })).toBe(golden.replace(/\n+$/, ""))
  })
})

const sources = new Sources()
const source = sources.add({ kind: "string" }, "let\n  x = 1;\nin x y\n")
const at = (line: number, column: number) => source.base + (source.lineStarts[line - 1] as number) + column - 1
const render = (report: Partial<Report>, options?: ReportOptions) =>
  renderError({ message: "no", pos: 0, frames: [], suggestions: [], ...report }, sources, options)
const frame = (hint: string, pos = 0, always = false) => ({ hint, pos, always })

test("a message alone is one line", () => {
  expect(render({})).toBe("error: no")
  expect(render({ message: "" })).toBe("error:")
  expect(render({ message: "a  \n\n b" })).toBe("error: a\n\n        b")
})

test("a position shows the line with a caret and its neighbours", () => {
  expect(render({ pos: at(3, 6) })).toBe(
    [
      "error: no",
      "       at \xc2\xabstring\xc2\xbb:3:6:",
      "            2|   x = 1;",
      "            3| in x y",
      "             |      ^",
      "            4|",
    ].join("\n"),
  )
})

test("suggestions come last", () => {
  expect(render({ suggestions: ["a"] })).toBe("error: no\n       Did you mean a?")
  expect(render({ suggestions: ["a", "b", "c"] })).toBe("error: no\n       Did you mean one of a, b or c?")
})

test("without showTrace two positioned frames are shown, then only those that always are", () => {
  const frames = [frame("always", 0, true), frame("c", at(1, 1)), frame("b", at(2, 1)), frame("a", at(3, 1))]
  const text = render({ frames })
  expect(text).toContain("\xe2\x80\xa6 a")
  expect(text).toContain("\xe2\x80\xa6 b")
  expect(text).not.toContain("\xe2\x80\xa6 c")
  expect(text).toContain("\xe2\x80\xa6 always")
  expect(text).toContain("\n\n       (stack trace truncated; use '--show-trace' to show the full, detailed trace)\n\n       error: no")
  expect(render({ frames }, { showTrace: true })).not.toContain("truncated")
})

test("frames without words are left out", () => {
  expect(render({ frames: [frame("")] })).toBe("error: no")
})

test("up to five repeated frames are shown, more are counted", () => {
  const few = render({ frames: Array.from({ length: 6 }, () => frame("again")) }, { showTrace: true })
  expect(few.match(/again/g)).toHaveLength(6)
  const many = render({ frames: Array.from({ length: 7 }, () => frame("again")) }, { showTrace: true })
  expect(many.match(/again/g)).toHaveLength(1)
  expect(many).toContain("(6 duplicate frames omitted)")
})

test("warnings are indented by the width of their word", () => {
  expect(render({ message: "careful", pos: at(1, 1) }, { prefix: "warning" })).toBe(
    [
      "warning: careful",
      "         at \xc2\xabstring\xc2\xbb:1:1:",
      "              1| let",
      "               | ^",
      "              2|   x = 1;",
    ].join("\n"),
  )
  expect(render({ message: "foo\nbar" }, { prefix: "evaluation warning" })).toBe("evaluation warning: foo\n                    bar")
})

test("an evaluation warning that begins with a line end is not indented", () => {
  expect(render({ message: "\nfoo\nbar" }, { prefix: "evaluation warning" })).toBe("evaluation warning:\nfoo\nbar")
})

test("escape sequences are removed, tabs become blanks, NUL is shown", () => {
  expect(render({ message: "\x1b[31mred\x1b[0m\ta\0b\r" })).toBe("error: red      a\xe2\x90\x80b")
})

test("the end of a colour keeps a blank last line", () => {
  expect(render({ message: "a\n\x1b[0m" })).toBe("error: a\n       ")
})

test("with colour the word, the place and the caret are coloured, and colours of the message stay", () => {
  const text = render({ message: "\x1b[31mred\x1b[0m", pos: at(1, 1) }, { color: true })
  expect(text).toBe(
    [
      "\x1b[31;1merror:\x1b[0m \x1b[31mred\x1b[0m",
      "       \x1b[34;1mat \x1b[35;1m\xc2\xabstring\xc2\xbb:1:1\x1b[0m:",
      "            1| let",
      "             | \x1b[31;1m^\x1b[0m",
      "            2|   x = 1;",
    ].join("\n"),
  )
})

test("an error becomes plain data that a worker can send", () => {
  const e = new NixError("type", "no", at(2, 3), ["x"]).frame(at(3, 1), "outer")
  expect(structuredClone(errorData(e, sources))).toEqual({
    code: "type",
    message: "no",
    at: { file: "\xc2\xabstring\xc2\xbb", line: 2, column: 3 },
    trace: [{ hint: "outer", at: { file: "\xc2\xabstring\xc2\xbb", line: 3, column: 1 } }],
    suggestions: ["x"],
  })
})
