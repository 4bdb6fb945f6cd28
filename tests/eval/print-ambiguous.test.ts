// What `nix-instantiate --eval` prints. Whole expressions with Nix's answers are in oracle.test.ts; here is what they do not show.
import { expect, test } from "vitest"
import { Attrs } from "../../engine/eval/attrs.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { printAmbiguous } from "../../engine/eval/print-ambiguous.ts"
import { BLACKHOLE, FAILED, Thunk } from "../../engine/eval/value.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

const evaluator = new Evaluator(new MemoryHost())
const { rt } = evaluator

function printed(nix: string): string {
  const cell = evaluator.cell(evaluator.load(bytes(nix), { kind: "string" }, "/pwd"))
  evaluator.force(cell)
  return Buffer.from(printAmbiguous(rt, cell), "latin1").toString()
}

test("nothing is forced; literals and known variables are no thunks", () => {
  expect(printed("{ a = 1 + 1; b = [ (x: x) map (map 1) ]; }")).toBe("{ a = <CODE>; b = <CODE>; }")
  expect(printed("[ 1 1.5 null true /a (1 + 1) ]")).toBe("[ 1 1.5 null true /a <CODE> ]")
})

test("functions are shown by their kind", () => {
  expect(printed("x: x")).toBe("<LAMBDA>")
  expect(printed("map")).toBe("<PRIMOP>")
  expect(printed("map (x: x)")).toBe("<PRIMOP-APP>")
})

test("a thunk being forced differs from one that is not or that failed", () => {
  expect(printAmbiguous(rt, [new Thunk(BLACKHOLE, null), new Thunk(FAILED, null)])).toBe(
    "[ \xc2\xabpotential infinite recursion\xc2\xbb <CODE> ]",
  )
})

test("empty sets and lists are never repeated", () => {
  const list: never[] = []
  expect(printAmbiguous(rt, [Attrs.empty, Attrs.empty, list, list])).toBe("[ { } { } [ ] [ ] ]")
})

test("a set is repeated by its attributes, a list by its cell", () => {
  const set = Attrs.of(["a"], [1])
  const list = [1]
  expect(printAmbiguous(rt, [set, set, list, list, [1]])).toBe(
    "[ { a = 1; } \xc2\xabrepeated\xc2\xbb [ 1 ] \xc2\xabrepeated\xc2\xbb [ 1 ] ]",
  )
})

test("names are sorted bytewise and quoted where they must be", () => {
  expect(printed('{ b = 1; a = 1; "a b" = 1; "if" = 1; or = 1; "" = 1; B = 1; }')).toBe(
    '{ "" = 1; B = 1; a = 1; "a b" = 1; b = 1; "if" = 1; or = 1; }',
  )
})

test("values nest as deep as calls may, and no deeper", () => {
  const nested = (n: number) => `builtins.foldl' (x: _: [ x ]) [ ] (builtins.genList (x: x) ${n})`
  const cell = (n: number) => evaluator.force(evaluator.cell(evaluator.load(nested(n), { kind: "string" }, "/")))
  expect(printAmbiguous(rt, cell(10000))).toBe(`${"[ ".repeat(10001)}]${" ]".repeat(10000)}`)
  expect(() => printAmbiguous(rt, cell(10001))).toThrow(expect.objectContaining({ kind: "stack-overflow" }))
})
