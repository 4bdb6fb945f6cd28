// Coercion to strings: what becomes what, frames, and any depth.
import { describe, expect, test } from "vitest"
import { NixError } from "../../engine/eval/error.ts"
import { Evaluator } from "../../engine/eval/evaluator.ts"
import type { Settings } from "../../engine/eval/runtime.ts"
import { NixString, type Value } from "../../engine/eval/value.ts"
import { bytes, MemoryHost } from "./memory-host.ts"

const modes = ["auto", "closures", "stepper"] as const

function run(text: string, settings: Partial<Settings>): Value {
  return new Evaluator(new MemoryHost(), settings).evaluate(bytes(text), { kind: "string" }, "/pwd")
}

/** The text that an expression gives, the same in all ways of running. */
function text(nix: string): unknown {
  const values = modes.map((mode) => run(nix, { run: mode })).map((v) => (v instanceof NixString ? v.text : v))
  expect(new Set(values).size, nix).toBe(1)
  return values[0]
}

/** The error's message and frames, innermost first, the same in all ways of running. */
function failure(nix: string): string[] {
  const errors = modes.map((mode) => {
    try {
      run(nix, { run: mode })
    } catch (e) {
      if (e instanceof NixError) return [e.message, ...e.frames.map((f) => f.hint)]
      throw e
    }
    throw new Error(`did not fail: ${nix}`)
  })
  expect(errors[1]).toEqual(errors[0])
  expect(errors[2]).toEqual(errors[0])
  return errors[0] as string[]
}

describe("toString", () => {
  test("no space follows an empty list or the last element", () => {
    expect(text("toString [ 1 [ ] 2 ]")).toBe("1 2")
    expect(text("toString [ 1 [ ] ]")).toBe("1 ")
    expect(text("toString [ 1 [ 2 [ ] ] 3 ]")).toBe("1 2  3")
  })

  test("sets are peeled, __toString before outPath", () => {
    expect(text('toString { __toString = s: s.a; outPath = "p"; a = { outPath = "x"; }; }')).toBe("x")
    expect(text("toString { outPath = 5; }")).toBe("5")
    expect(text('"${{ outPath = /a/b; __toString = s: "y"; }}"')).toBe("y")
  })

  test("a set inside of __toString is reported as it is", () => {
    expect(failure("toString { __toString = s: { a = 1; }; }")).toEqual([
      "cannot coerce a set to a string: { a = 1; }",
      "while evaluating the first argument passed to builtins.toString",
      "while using the result of the `__toString` attribute",
      "while calling the 'toString' builtin",
    ])
    expect(failure("toString { outPath = y: y; }").slice(1)).toEqual([
      "while evaluating the first argument passed to builtins.toString",
      "while using the `outPath` attribute",
      "while calling the 'toString' builtin",
    ])
    expect(failure("toString { outPath = 1 + { }; }").slice(1)).toContain("while evaluating the `outPath` attribute")
    expect(failure("toString { __toString = s: 1 + { }; }")).toContain("while calling the `__toString` attribute")
  })

  test("each enclosing list has its frame", () => {
    expect(failure("toString [ 1 [ (x: x) ] ]").slice(1)).toEqual([
      "while evaluating one element of the list",
      "while evaluating one element of the list",
      "while evaluating the first argument passed to builtins.toString",
      "while calling the 'toString' builtin",
    ])
  })
})

describe("depth", () => {
  const nested = (n: number) => `let go = n: if n == 0 then [ 7 ] else [ (go (n - 1)) ]; in toString (go ${n})`
  // The result of one step is forced before the next nests, so that only the coercion is deep.
  const chain = (n: number, attr: string) => `let go = n: acc: if n == 0 then acc else go (n - 1) { ${attr}; };
    force = n: acc: if n == 0 then acc else force (n - 1) acc; in toString (go ${n} "end")`

  test("lists and sets nest as deep as the limit allows", () => {
    expect(text(nested(4000))).toBe("7")
    expect(text(chain(3000, "outPath = acc"))).toBe("end")
    expect(text(chain(2000, "__toString = _: acc"))).toBe("end")
  })

  test("beyond the limit it is Nix's stack overflow", () => {
    expect(failure(nested(20000))[0]).toBe("stack overflow; max-call-depth exceeded")
    expect(failure("let x = { __toString = s: { outPath = x; }; }; in toString x")[0]).toBe("stack overflow; max-call-depth exceeded")
  })
})

describe("paths and numbers in strings", () => {
  test("interpolation refuses numbers, concatenation of a path takes texts", () => {
    expect(failure('"${1}"')[0]).toBe("cannot coerce an integer to a string: 1")
    expect(failure('builtins.concatStringsSep "" [ 1 ]')[0]).toBe("cannot coerce an integer to a string: 1")
  })

  test("floats have six digits, ties to even", () => {
    expect(text("toString 0.0078125")).toBe("0.007812")
    expect(text("toString 1.5e300")).toHaveLength(308)
  })
})
