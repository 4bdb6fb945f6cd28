// Values as XML.
import { expect, test } from "vitest"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { runStepper } from "../../engine/eval/stepper/trampoline.ts"
import { stepToXml, type XmlOptions } from "../../engine/eval/to-xml.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

/** The lines within <expr>, without their common indentation. */
function xml(nix: string, options: Partial<XmlOptions> = {}): string[] {
  const evaluator = new Evaluator(new MemoryHost())
  const cell = evaluator.cell(evaluator.load(bytes(nix), { kind: "file", path: "/pwd/x.nix" }, "/pwd"))
  evaluator.force(cell)
  const { text } = runStepper(evaluator.rt, stepToXml(evaluator.rt, cell, { strict: true, location: false, ...options }))
  const lines = text.split("\n")
  expect([lines[0], lines[1], lines.at(-2), lines.at(-1)]).toEqual(["<?xml version='1.0' encoding='utf-8'?>", "<expr>", "</expr>", ""])
  return lines.slice(2, -2).map((line) => line.slice(2))
}

test("each type has its element", () => {
  expect(xml('[ 1 1.5 true null "a" /a [ ] { } map ]')).toEqual([
    "<list>",
    '  <int value="1" />',
    '  <float value="1.5" />',
    '  <bool value="true" />',
    "  <null />",
    '  <string value="a" />',
    '  <path value="/a" />',
    "  <list>",
    "  </list>",
    "  <attrs>",
    "  </attrs>",
    "  <unevaluated />",
    "</list>",
  ])
})

test("quotes, angle brackets, ampersands and line ends are escaped", () => {
  expect(xml('"<a b=\\"c\\">&\\n\'"')).toEqual(['<string value="&lt;a b=&quot;c&quot;&gt;&amp;&#xA;\'" />'])
})

test("functions show their patterns, sorted by name", () => {
  expect(xml("{ b, a ? 1, ... }@c: a")).toEqual([
    "<function>",
    '  <attrspat ellipsis="1" name="c">',
    '    <attr name="a" />',
    '    <attr name="b" />',
    "  </attrspat>",
    "</function>",
  ])
  expect(xml("x: x")).toEqual(["<function>", '  <varpat name="x" />', "</function>"])
})

test("with location, attributes and functions say where they are", () => {
  expect(xml("{\n  a = x: x; }", { location: true })).toEqual([
    "<attrs>",
    '  <attr column="3" line="2" name="a" path="/pwd/x.nix">',
    '    <function column="7" line="2" path="/pwd/x.nix">',
    '      <varpat name="x" />',
    "    </function>",
    "  </attr>",
    "</attrs>",
  ])
})

test("a derivation's attributes are shown once", () => {
  const shown = xml('let d = { type = "derivation"; drvPath = "/d"; outPath = "/o"; }; in [ d d ]')
  expect(shown.filter((line) => line.includes("<derivation"))).toEqual(Array(2).fill('  <derivation drvPath="/d" outPath="/o">'))
  expect(shown.slice(-4)).toEqual(['  <derivation drvPath="/d" outPath="/o">', "    <repeated />", "  </derivation>", "</list>"])
})

test("without strict what is not forced is not told", () => {
  expect(xml("[ (1 + 1) ]", { strict: false })).toEqual(["<list>", "  <unevaluated />", "</list>"])
})

test("values that nest deeper than calls may are refused", () => {
  const nested = (n: number) => `builtins.foldl' (x: _: [ x ]) [ ] (builtins.genList (x: x) ${n})`
  expect(xml(nested(9990))).toHaveLength(2 * 9991)
  expect(() => xml(nested(10001))).toThrow(expect.objectContaining({ kind: "stack-overflow" }))
})
