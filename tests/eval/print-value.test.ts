// The printer for people, against the vectors of C++ Nix's own unit tests and cases of its odd corners.
import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { builtin } from "../../engine/eval/builtin.ts"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { type PrintOptions, printValue, replPrintOptions, showCell, showValue } from "../../engine/eval/print-value.ts"
import { runStepper } from "../../engine/eval/stepper/trampoline.ts"
import { APPLY, BLACKHOLE, type Cell, FAILED, PrimOpApp, PrimOpValue, Thunk } from "../../engine/eval/value.ts"
import { describeShared } from "../shared.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

interface Vector {
  readonly value: string
  readonly options: Omit<PrintOptions, "errors">
  readonly expected: string
}

const evaluator = new Evaluator(new MemoryHost())

function cellOf(nix: string): Cell {
  return evaluator.cell(evaluator.load(bytes(nix), { kind: "string" }, "/pwd"))
}

function print(cell: Cell, options: PrintOptions): string {
  return runStepper(evaluator.rt, printValue(evaluator.rt, cell, options))
}

/** Prints an expression after forcing its head; « » in the answer as text. */
function printed(nix: string, options: PrintOptions = {}): string {
  const cell = cellOf(nix)
  evaluator.force(cell)
  return Buffer.from(print(cell, options), "latin1").toString()
}

const puppy = builtin({
  name: "puppy",
  args: [
    ["a", "any"],
    ["b", "any"],
  ],
  doc: "",
  see: "",
  examples: [],
  run: () => null,
})
const thunk = (code: Thunk["code"]) => new Thunk(code, null)

/** Values of the vectors that no expression gives. Upstream's external values, null pointers and functions without a place do not exist here. */
const special: Readonly<Record<string, () => Cell>> = {
  "<thunk>": () => cellOf("1 + 1"),
  "<app>": () => new Thunk(APPLY, [new PrimOpValue(puppy), 1]),
  "<primop puppy>": () => new PrimOpValue(puppy),
  "<partial primop puppy>": () => new PrimOpApp(puppy, [1]),
  "<blackhole>": () => thunk(BLACKHOLE),
  "<failed: nope>": () => thunk(FAILED),
  "<shared-empty: { a = E; b = E; }>": () => Attrs.of(["a", "b"], [Attrs.empty, Attrs.empty]),
  "<shared-empty: [ E E ]>": () => [Attrs.empty, Attrs.empty],
}

describeShared("C++ Nix's vectors", "conformance/unit-vectors/value-printer.json", (file) => {
  const all = (JSON.parse(readFileSync(file, "utf8")) as { tests: readonly Vector[] }).tests
  const vectors = all.filter((v) => !/external|nullptr|origin none/.test(v.value))
  test("there are all of them", () => expect([all.length, vectors.length]).toEqual([62, 55]))
  test.each(vectors)("$value with $options", ({ value, options, expected }) => {
    let cell = special[value]?.()
    if (cell === undefined) {
      cell = cellOf(value)
      // Upstream builds these from values; here they begin as thunks.
      if (options.force !== true) print(cell, { force: true })
    }
    expect(Buffer.from(print(cell, options), "latin1").toString()).toBe(expected)
  })
})

test("functions are printed with name and place", () => {
  expect(printed("let f = x: x; in f")).toBe("«lambda f @ «string»:1:9»")
  expect(printed("x: x")).toBe("«lambda @ «string»:1:1»")
})

test("nothing is forced without force", () => {
  expect(printed("{ a = 1 + 1; b = 2; }")).toBe("{ a = «thunk»; b = 2; }")
})

test("a list is repeated when its cell is, a set when its attributes are", () => {
  expect(printed("let l = [ 1 ]; in [ l l ]", { force: true })).toBe("[ [ 1 ] «repeated» ]")
  expect(printed("[ [ 1 ] [ 1 ] [ ] [ ] ]", { force: true })).toBe("[ [ 1 ] [ 1 ] [ ] [ ] ]")
  expect(printed("let s = { a = 1; }; in [ s (s // { }) ]", { force: true })).toBe("[ { a = 1; } «repeated» ]")
  expect(printed("let s = { inherit s; }; in s", { force: true })).toBe("{ s = «repeated»; }")
})

test("values that were read from variables keep the identity that Nix gives them", () => {
  // Recorded from Nix 2.34.8. Functions, lists and floats are told apart by their cells, also after they were read.
  const program = `
    let
      id = a: a;
      f = id (x: x);
      g = id f;
      l = id [ f ];
      m = id l;
      s = id { inherit f; };
      t = id s;
      n = id (1.0e308 * 10 - 1.0e308 * 10);
      o = id n;
      forced = builtins.seq f (builtins.seq g (builtins.seq l (builtins.seq m (builtins.seq s (builtins.seq t (builtins.seq n (builtins.seq o true)))))));
    in builtins.seq forced [
      ([ f ] == [ f ]) ([ f ] == [ g ]) ([ l ] == [ m ]) (l == m) ([ s ] == [ t ]) (s == t) ([ n ] == [ n ]) ([ n ] == [ o ])
      { a = l; b = m; c = l; } { a = s; b = t; } [ l m l ] [ s t ]
    ]
  `
  expect(printed(program, { force: true }).replaceAll("«lambda @ «string»:4:15»", "<LAMBDA>")).toBe(
    "[ true false true true true true true false { a = [ <LAMBDA> ]; b = [ <LAMBDA> ]; c = «repeated»; } { a = { f = <LAMBDA>; }; b = «repeated»; } [ «repeated» «repeated» «repeated» ] [ «repeated» «repeated» ] ]",
  )
})

test("limits count in the whole text", () => {
  expect(printed("[ { a = 1; } { b = 2; c = 3; } ]", { force: true, maxAttrs: 2 })).toBe("[ { a = 1; } { b = 2; «1 attribute elided» } ]")
})

test("a cut string may end in an escaped dollar", () => {
  expect(printed(`"ab\\\${c}"`, { maxStringLength: 3 })).toBe('"ab\\$" «3 bytes elided»')
})

test("pretty printing breaks what has several elements or a nested one", () => {
  const options = { force: true, prettyIndent: 2 }
  expect(printed("{ a = 1; b = [ 1 ]; c = [ [ ] ]; d = { }; }", options)).toBe(
    "{\n  a = 1;\n  b = [ 1 ];\n  c = [\n    [ ]\n  ];\n  d = { };\n}",
  )
  expect(printed("[ 1 2 ]", options)).toBe("[\n  1\n  2\n]")
})

test("an error while looking whether to break lines leaves the bracket open, as in C++ Nix", () => {
  expect(printed('{ a = { b = throw "x"; }; c = 1; }', { force: true, prettyIndent: 2 })).toBe("{\n  a = {«error: x»;\n    c = 1;\n  }")
})

test("errors are printed where they are, or thrown", () => {
  const nix = 'let x = [ (throw "a\\tb") 1 ]; in x'
  expect(printed(nix, { force: true })).toBe("[ «error: a       b» 1 ]")
  expect(printed(nix, { force: true, errors: "throw-top-level" })).toBe("[ «error: a       b» 1 ]")
  expect(() => printed(nix, { force: true, errors: "throw" })).toThrow(expect.objectContaining({ kind: "throw" }))
  expect(() => print(cellOf('throw "x"'), { force: true, errors: "throw-top-level" })).toThrow(expect.objectContaining({ kind: "throw" }))
})

test("a derivation's drvPath has to be a store path", () => {
  const options = { force: true, derivationPaths: true }
  const path = "/nix/store/00000000000000000000000000000000-x.drv"
  expect(printed(`{ type = "derivation"; drvPath = "${path}"; }`, options)).toBe(`«derivation ${path}»`)
  expect(printed('{ type = "derivation"; drvPath = "/x"; }', options)).toBe("«error: path '/x' is not in the Nix store»")
})

test("the repl shows one level in colour", () => {
  expect(printed("{ a = { b = 1; }; c = 1; }", replPrintOptions)).toBe("{\n  a = { ... };\n  c = \x1b[36;1m1\x1b[0m;\n}")
})

test("values nest as deep as calls may, and no deeper", () => {
  const nested = (n: number) => `builtins.foldl' (x: _: [ x ]) [ ] (builtins.genList (x: x) ${n})`
  expect(printed(nested(10000), { force: true })).toBe(`${"[ ".repeat(10001)}]${" ]".repeat(10000)}`)
  expect(() => printed(nested(10001), { force: true })).toThrow(expect.objectContaining({ kind: "stack-overflow" }))
})

test("messages show ten levels and ten elements, and never force", () => {
  const { rt } = evaluator
  expect(showValue(rt, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])).toBe("[ 1 2 3 4 5 6 7 8 9 10 \xc2\xab1 item elided\xc2\xbb ]")
  expect(showCell(rt, [thunk(BLACKHOLE)])).toBe("[ \xc2\xabpotential infinite recursion\xc2\xbb ]")
  expect(new NixError("eval", showValue(rt, "x"), 0).message).toBe('"x"')
})
