// Two workspaces compared: lines, values and derivations, under the budget of links.

import fc from "fast-check"
import { expect, test } from "vitest"
import { comparedFiles, comparedRequest, comparedSettings, readPasted } from "../../app/compare/compared.ts"
import { type LineStretch, lineDifference } from "../../app/compare/line-difference.ts"
import { compareValues, type ValueComparison } from "../../app/compare/value-difference.ts"
import { EngineDesk } from "../../app/engine-desk.ts"
import { encodeLink } from "../../app/link/codec.ts"
import { createWorkspace } from "../../app/workspace/workspace.ts"
import { localEngine } from "./local-engine.ts"

const signed = (stretches: readonly LineStretch[]): string[] =>
  stretches.flatMap(({ kind, lines }) => lines.map((line) => (kind === "same" ? " " : kind === "left" ? "-" : "+") + line))

test("lines that differ are found, the fewest possible", () => {
  expect(signed(lineDifference("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n"))).toEqual([" a", "-b", "+x", " c", " d", "+e"])
  expect(signed(lineDifference("", "a\n"))).toEqual(["+a"])
  expect(signed(lineDifference("a", "a"))).toEqual([" a"])
  expect(signed(lineDifference("a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n")).filter((line) => !line.startsWith(" "))).toHaveLength(5)
})

test("either text comes out of the stretches, and their lines are numbered", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 }).map((lines) => lines.map((line) => `${line}\n`).join(""))
  fc.assert(
    fc.property(text, text, (left, right) => {
      const found = lineDifference(left, right)
      const side = (other: LineStretch["kind"]): string =>
        found.flatMap(({ kind, lines }) => (kind === other ? [] : lines.map((line) => `${line}\n`))).join("")
      expect([side("right"), side("left")]).toEqual([left, right])
      let at = 1
      for (const { kind, lines, leftAt } of found) {
        expect(leftAt).toBe(at)
        if (kind !== "right") at += lines.length
      }
    }),
    { numRuns: 300, seed: 1 },
  )
})

test("texts that have nothing in common end in time", () => {
  const lines = (sign: string): string => Array.from({ length: 20_000 }, (_, i) => `${sign}${i}\n`).join("")
  expect(signed(lineDifference(lines("a"), lines("b")))).toHaveLength(40_000)
})

async function compared(left: string, right: string): Promise<ValueComparison> {
  const engine = new EngineDesk(localEngine())
  const run = (text: string) => engine.evaluate(comparedRequest(createWorkspace({ files: { "main.nix": text } })))
  return compareValues(engine, await run(left), await run(right))
}
const brief = ({ differences }: ValueComparison): string[] =>
  differences.map(({ kind, ref, left, right }) => `${kind} ${ref.join(".")}: ${left} | ${right}`)

test("values are compared by their places, thunks too, and errors stay where they are", async () => {
  const left = '{ a = 1 + 1; b = [ 1 2 3 ]; c = "same"; d = throw "left"; e = throw "same"; gone = true; f = x: x; }'
  const right = '{ a = 3; b = [ 1 5 ]; c = "sa" + "me"; d = 1; e = throw "same"; new = null; f = x: x; }'
  const found = await compared(left, right)
  expect(brief(found)).toEqual([
    "differs a: 2 | 3",
    "differs b.1: 2 | 5",
    "left-only b.2: 3 | null",
    "error d: error: left | 1",
    "left-only gone: true | null",
    "right-only new: null | null",
  ])
  expect([found.functions, found.failures]).toEqual([1, 1])
  expect(found.cut).toBe(false)
})

test("equal values, also endless and long ones, are equal as far as one can look", async () => {
  expect(await compared("{ a = 1; b.c = [ 1.5 ./x ]; }", "{ b = { c = [ 1.5 ./x ]; }; a = 1; }")).toMatchObject({
    differences: [],
    cut: false,
  })
  const endless = "let x = { y = x; }; in x"
  expect(await compared(endless, endless)).toMatchObject({ differences: [], cut: false })
  const grows = "let f = n: { inherit n; next = f (n + 1); }; in f 0"
  expect(await compared(grows, grows)).toMatchObject({ differences: [], cut: true })
  const long = (end: string): string => `builtins.concatStringsSep "" (builtins.genList (x: "0123456789") 500) + "${end}"`
  expect(brief(await compared(long("a"), long("b")))[0]).toMatch(/^differs : …"[0-9]*a" \| …"[0-9]*b"$/)
})

test("derivations at the same place are compared by their graphs", async () => {
  const program = (flag: string): string => `let
    drv = name: args: derivation { inherit name args; system = "x86_64-linux"; builder = "/bin/sh"; };
    low = drv "low" [ "${flag}" ];
  in { top = drv "top" [ "\${low}" ]; other = drv "other" [ ]; }`
  const found = await compared(program("-a"), program("-b"))
  expect(found.derivations.map(({ name, ref }) => [name, ref])).toEqual([["top", ["top"]]])
})

test("a program of either side that does not end is ended by the budget of links", async () => {
  const request = comparedRequest(createWorkspace({ files: { "main.nix": "1" }, settings: { maxSeconds: 1000, maxSteps: 1e12 } }))
  expect(request.options).toMatchObject({ maxSeconds: 5, maxSteps: 20_000_000 })
  expect(request.allowFetch).toBe(false)
  const endless = "let l = builtins.genList (x: x) 10000; in builtins.foldl' (a: _: builtins.foldl' (b: x: b + x) a l) 0 l"
  expect(brief(await compared(endless, "1"))[0]).toMatch(/^error : error: evaluation took (?:more|longer)/)
})

test("what is pasted is read as when it is opened, and nothing is fetched by that", async () => {
  const shared = { files: { "main.nix": "1", "lib/a.nix": "2" }, settings: { name: "Theirs" } }
  const found = await readPasted(`https://example.org/${encodeLink(shared)}`)
  expect(found).toMatchObject({ kind: "workspace", workspace: { name: "Theirs", foreign: true, files: shared.files } })
  expect(await readPasted("https://example.org/#9.abc")).toEqual({
    kind: "wrong",
    why: expect.stringContaining("This link cannot be opened: this link is of version 9"),
  })
  expect(await readPasted("https://gist.github.com/someone/0123456789abcdef")).toMatchObject({ kind: "source", source: { kind: "gist" } })
  expect(await readPasted("http://plain.example/")).toMatchObject({ kind: "wrong" })
})

test("files and settings that differ are named", () => {
  const left = createWorkspace({ files: { "a.nix": "1", "b.nix": "2", "main.nix": "" }, settings: { system: "aarch64-linux" } })
  const right = createWorkspace({ files: { "b.nix": "3", "c.nix": "4", "main.nix": "" }, entry: "c.nix" })
  expect(comparedFiles(left, right).map(({ path, left, right }) => [path, left, right])).toEqual([
    ["a.nix", "1", null],
    ["b.nix", "2", "3"],
    ["c.nix", null, "4"],
    ["main.nix", "", ""],
  ])
  expect(comparedSettings(left, right)).toEqual([
    { name: "entry", left: "main.nix", right: "c.nix" },
    { name: "system", left: "aarch64-linux", right: "" },
  ])
})
