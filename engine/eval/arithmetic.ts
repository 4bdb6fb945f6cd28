// Arithmetic and bitwise operators on forced values. The frame "while calling the 'sub' builtin" is not
// added here: it belongs to the call, around the forcing of the operands too.

import { lessThan } from "./compare.ts"
import { NixError } from "./error.ts"
import { forceFloat, forceInt } from "./force.ts"
import { addInt, divInt, type Int, mulInt, subInt } from "./integer.ts"
import type { Runtime } from "./runtime.ts"
import { NixFloat, type Value } from "./value.ts"

/** The builtins that operators stand for, and `add`. */
export type Arithmetic = ArithOp | "lessThan"

type ArithOp = "add" | "sub" | "mul" | "div"

/** Per operator: the words of the trace frames (C++ Nix has a slip in those of `mul`) and of an overflow. */
const words = {
  add: {
    first: "while evaluating the first argument of the addition",
    firstFloat: "while evaluating the first argument of the addition",
    second: "while evaluating the second argument of the addition",
    overflow: (a: Int, b: Int) => `adding ${a} + ${b}`,
  },
  sub: {
    first: "while evaluating the first argument of the subtraction",
    firstFloat: "while evaluating the first argument of the subtraction",
    second: "while evaluating the second argument of the subtraction",
    overflow: (a: Int, b: Int) => `subtracting ${a} - ${b}`,
  },
  mul: {
    first: "while evaluating the first argument of the multiplication",
    firstFloat: "while evaluating the first of the multiplication",
    second: "while evaluating the second argument of the multiplication",
    overflow: (a: Int, b: Int) => `multiplying ${a} * ${b}`,
  },
  div: {
    first: "while evaluating the first operand of the division",
    firstFloat: "while evaluating the first operand of the division",
    second: "while evaluating the second operand of the division",
    overflow: (a: Int, b: Int) => `dividing ${a} / ${b}`,
  },
} as const

/**
 * Adds, subtracts, multiplies or divides two forced values: integers give an integer, a float on either
 * side gives a float. Throws type errors, "integer overflow in …" and "division by zero", with the inner
 * frames but without that of the call. `lessThan` compares. C++ Nix: primops.cc prim_add, prim_sub,
 * prim_mul, prim_div, prim_lessThan.
 */
export function arith(rt: Runtime, op: Arithmetic, a: Value, b: Value): Value {
  if (op === "lessThan") return lessThan(rt, a, b, "")
  if (typeof a === "number" && typeof b === "number") {
    if (op !== "div" || b !== 0) {
      const n = intResult(op, a, b)
      if (n !== undefined) return n
    }
  }
  const w = words[op]
  // The divisor is looked at first, and as a float.
  if (op === "div" && forceFloat(rt, b, 0, w.second) === 0) throw new NixError("eval", "division by zero", 0)
  if (a instanceof NixFloat || b instanceof NixFloat) {
    const x = forceFloat(rt, a, 0, w.firstFloat)
    const y = forceFloat(rt, b, 0, w.second)
    return new NixFloat(floatResult(op, x, y))
  }
  const x = forceInt(rt, a, 0, w.first)
  const y = forceInt(rt, b, 0, w.second)
  const n = intResult(op, x, y)
  if (n === undefined) throw new NixError("eval", `integer overflow in ${w.overflow(x, y)}`, 0)
  return n
}

function intResult(op: ArithOp, a: Int, b: Int): Int | undefined {
  switch (op) {
    case "add":
      return addInt(a, b)
    case "sub":
      return subInt(a, b)
    case "mul":
      return mulInt(a, b)
    case "div":
      return divInt(a, b)
  }
}

function floatResult(op: ArithOp, a: number, b: number): number {
  switch (op) {
    case "add":
      return a + b
    case "sub":
      return a - b
    case "mul":
      return a * b
    case "div":
      return a / b
  }
}
