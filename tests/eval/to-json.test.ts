// Values as JSON: the native and the generator way, frames, the peeling of sets, and any depth.
import { expect, test } from "vitest"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import { runStepper } from "../../engine/eval/stepper/trampoline.ts"
import { stepToJson, toJson } from "../../engine/eval/to-json.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

/** Does it both ways, each in an evaluator of its own. */
function both<T>(nix: string, copy: boolean, f: (json: () => { text: string; context: unknown }) => T): T {
  const ways = [false, true].map((steps) => {
    const host = new MemoryHost({ "/pwd/file": "x" })
    host.addToStore = ({ name }) => `/nix/store/00000000000000000000000000000000-${name}`
    const evaluator = new Evaluator(host)
    const { rt } = evaluator
    return f(() => {
      const cell = evaluator.cell(evaluator.load(bytes(nix), { kind: "string" }, "/pwd"))
      const options = { strict: true, copy }
      return steps ? runStepper(rt, stepToJson(rt, cell, options)) : toJson(rt, cell, options)
    })
  })
  expect(ways[1]).toEqual(ways[0])
  return ways[0] as T
}

const json = (nix: string, copy = false) => both(nix, copy, (run) => run().text)

/** Message and frames, innermost first. */
const failure = (nix: string) =>
  both(nix, false, (run) => {
    try {
      run()
    } catch (e) {
      if (e instanceof NixError) return [e.message, ...e.frames.map((f) => f.hint)]
      throw e
    }
    throw new Error(`did not fail: ${nix}`)
  })

test("keys are sorted, characters escaped as nlohmann does", () => {
  expect(json('{ b = [ 1 (-2) 2.5 true null ]; a = "\\"\\\\\\n\\t\\r/"; "é" = { }; }')).toBe(
    bytes('{"a":"\\"\\\\\\n\\t\\r/","b":[1,-2,2.5,true,null],"é":{}}'),
  )
  expect(json(`"${String.fromCharCode(1, 8, 12, 27, 127)}"`)).toBe('"\\u0001\\b\\f\\u001b\x7f"')
  expect(json("9223372036854775807")).toBe("9223372036854775807")
})

test("a set becomes what __toString or outPath gives, at any depth", () => {
  expect(json('{ __toString = s: s.x; x = "y"; outPath = 1; }')).toBe('"y"')
  expect(json("{ outPath = { outPath = [ 1 ]; }; }")).toBe("[1]")
  expect(json("{ outPath.foo = true; }")).toBe('{"foo":true}')
})

test("__toString has to end in a string or path", () => {
  expect(failure("{ __toString = s: 1; }")[0]).toBe("`__toString` should return a string, but got an integer: 1")
  expect(failure("{ __toString = s: { }; }")[0]).toBe("`__toString` must return a string, but got a set: { }")
  expect(failure("{ __toString = s: 1; }").slice(1)).toEqual(["while using the result of the `__toString` attribute"])
})

test("a path is copied, but not one that came out of __toString", () => {
  expect(json("./file", true)).toBe('"/nix/store/00000000000000000000000000000000-file"')
  expect(json("{ outPath = ./file; }", true)).toBe('"/nix/store/00000000000000000000000000000000-file"')
  expect(json("{ __toString = s: ./file; }", true)).toBe('"/pwd/file"')
  expect(json("./file")).toBe('"/pwd/file"')
  expect(both("[ ./file ]", true, (run) => run().context)).toMatchObject([{ kind: "opaque" }])
})

test("frames name the way to what failed", () => {
  expect(failure("{ a = [ 1 (x: x) ]; }")).toEqual([
    "cannot convert a function to JSON",
    "while evaluating list element at index 1",
    "while evaluating attribute 'a'",
  ])
})

test("broken UTF-8 is told last, with its place", () => {
  const host = new MemoryHost()
  const { rt } = new Evaluator(host)
  const message = (list: readonly string[]) => {
    try {
      return toJson(rt, list, { strict: true, copy: false }).text
    } catch (e) {
      return (e as NixError).message
    }
  }
  expect(message(["ab\xff", "\xfe"])).toBe("JSON serialization error: [json.exception.type_error.316] invalid UTF-8 byte at index 2: 0xFF")
  expect(message(["ab\xc3"])).toBe("JSON serialization error: [json.exception.type_error.316] incomplete UTF-8 string; last byte: 0xC3")
})

test("an unforced value has no JSON unless it may be forced", () => {
  const evaluator = new Evaluator(new MemoryHost())
  const cell = evaluator.cell(evaluator.load("{ a = 1 + 1; }", { kind: "string" }, "/"))
  evaluator.force(cell)
  expect(() => toJson(evaluator.rt, cell, { strict: false, copy: false })).toThrow(
    expect.objectContaining({ message: "cannot convert a thunk to JSON" }),
  )
  expect(toJson(evaluator.rt, cell, { strict: true, copy: false }).text).toBe('{"a":2}')
})

test("values nest as deep as calls may, and no deeper", () => {
  const nested = (n: number) => `builtins.foldl' (x: _: [ x ]) [ ] (builtins.genList (x: x) ${n})`
  expect(json(nested(9990))).toBe("[".repeat(9991) + "]".repeat(9991))
  const sets = "builtins.foldl' (x: _: { outPath = { a = x; }; }) 1 (builtins.genList (x: x) 3000)"
  expect(json(sets)).toBe(`${'{"a":'.repeat(3000)}1${"}".repeat(3000)}`)
  expect(failure(nested(10001))[0]).toBe("stack overflow; max-call-depth exceeded")
})
