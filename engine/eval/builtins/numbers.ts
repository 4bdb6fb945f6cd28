// Builtins on numbers. The operators `-`, `*`, `/` and `<` are calls of `sub`, `mul`, `div` and `lessThan`.

import { printFloat } from "../../lang/float-text.ts"
import { type Arithmetic, arith } from "../arithmetic.ts"
import { builtin, type Example, type PrimOp } from "../builtin.ts"
import { stepLessThan } from "../compare.ts"
import { NixError, rethrow } from "../error.ts"
import { forceFloat } from "../force.ts"
import { type Int, toInt } from "../integer.ts"
import { positionOf } from "../print-value.ts"
import type { Runtime } from "../runtime.ts"
import { need, type Step } from "../step.ts"
import { type Cell, NixFloat, Thunk, type Value } from "../value.ts"

function arithmetic(name: Exclude<Arithmetic, "lessThan">, doc: string, examples: readonly Example[]): PrimOp {
  return builtin({
    name,
    args: [
      ["e1", "any"],
      ["e2", "any"],
    ],
    doc,
    see: `primops.cc prim_${name}`,
    examples,
    run: (rt, a, b) => arith(rt, name, a, b),
  })
}

const add = arithmetic(
  "add",
  "Returns the sum of the numbers `e1` and `e2`: an integer if both are, else a float. A sum beyond 64 bits is an error. Strings and paths are joined by the operator `+` only, not by this function.",
  [
    { nix: "builtins.add 1 2", gives: "3" },
    { nix: "builtins.add 1 0.5", gives: "1.5" },
    { nix: "builtins.add 9223372036854775807 1", fails: "integer overflow in adding 9223372036854775807 + 1" },
  ],
)

const sub = arithmetic(
  "sub",
  "Returns the number `e1` less `e2`: an integer if both are, else a float. A difference beyond 64 bits is an error. `e1 - e2` is a call of this function.",
  [
    { nix: "builtins.sub 5 7", gives: "-2" },
    { nix: "builtins.sub 5 0.5", gives: "4.5" },
  ],
)

const mul = arithmetic(
  "mul",
  "Returns the product of the numbers `e1` and `e2`: an integer if both are, else a float. A product beyond 64 bits is an error. `e1 * e2` is a call of this function.",
  [
    { nix: "builtins.mul 6 7", gives: "42" },
    { nix: "builtins.mul 2 0.25", gives: "0.5" },
  ],
)

const div = arithmetic(
  "div",
  "Divides the number `e1` by `e2`. Two integers give an integer, rounded towards zero; with a float the result is a float. Dividing by zero is an error. `e1 / e2` is a call of this function.",
  [
    { nix: "builtins.div (-7) 2", gives: "-3" },
    { nix: "builtins.div 7 2.0", gives: "3.5" },
    { nix: "builtins.div 1 0", fails: "division by zero" },
  ],
)

const lessThan = builtin({
  name: "lessThan",
  args: [
    ["e1", "any"],
    ["e2", "any"],
  ],
  doc: "Returns `true` if `e1` is less than `e2`: numbers by size, strings and paths by their bytes, lists by their first difference. Other values have no order; comparing them is an error. `e1 < e2` is a call of this function.",
  see: "primops.cc prim_lessThan, CompareValues",
  examples: [
    { nix: "builtins.lessThan 1 1.5", gives: "true" },
    { nix: "builtins.lessThan [ 1 2 ] [ 1 ]", gives: "false" },
    { nix: "builtins.lessThan 1 null", fails: "cannot compare an integer with null; values are 1 and null" },
  ],
  run: (rt, a, b) => arith(rt, "lessThan", a, b),
  step: (rt, a, b) => stepLessThan(rt, a, b, ""),
})

/** Declares a bitwise operator; `small` is for operands of 32 bits, which are the usual ones. */
function bitwise(
  name: string,
  what: string,
  small: (a: number, b: number) => number,
  wide: (a: bigint, b: bigint) => bigint,
  example: Example,
): PrimOp {
  return builtin({
    name,
    args: [
      ["e1", "int"],
      ["e2", "int"],
    ],
    doc: `Returns the bitwise ${what} of the integers \`e1\` and \`e2\`, as 64-bit numbers in two's complement.`,
    see: `primops.cc prim_${name}`,
    examples: [example],
    run: (_rt, a, b) => (isSmall(a) && isSmall(b) ? small(a, b) : toInt(wide(BigInt(a), BigInt(b)))),
  })
}

function isSmall(n: Int): n is number {
  return typeof n === "number" && n === (n | 0)
}

const int64 = "Due to a bug (see https://github.com/NixOS/nix/issues/12899)"

/** The result of ceil and floor: through a double, as Nix does it, and refusing what a double cannot hold. */
function rounded(arg: Int | NixFloat, round: (x: number) => number): Value {
  const float = arg instanceof NixFloat
  const x = round(float ? arg.value : Number(arg))
  if (!(x >= -(2 ** 63) && x < 2 ** 63)) {
    throw new NixError(
      "eval",
      float
        ? `NixFloat argument ${printFloat(arg.value)} is not in the range of NixInt`
        : `${int64} the NixInt argument ${arg} caused undefined behavior in previous Nix versions.\n\tFuture Nix versions might implement the correct behavior.`,
      0,
    )
  }
  const n = toInt(BigInt(x))
  if (!float && n !== arg) {
    throw new NixError(
      "eval",
      `${int64} a loss of precision occurred in previous Nix versions because the NixInt argument ${arg} was rounded to ${n}.\n\tFuture Nix versions might implement the correct behavior.`,
      0,
    )
  }
  return n
}

function rounding(name: "ceil" | "floor", doc: string, round: (x: number) => number, examples: readonly Example[]): PrimOp {
  const frame = `while evaluating the first argument passed to builtins.${name}`
  return builtin({
    name,
    args: [["number", "lazy"]],
    doc,
    see: `primops.cc prim_${name}`,
    examples,
    *step(rt: Runtime, cell: Cell): Step<Value> {
      // A type error points at a set or function if it was one before it is forced here.
      const pos = cell instanceof Thunk ? positionOf(cell) : 0
      let v: Value
      try {
        v = (yield need(cell, pos)) as Value
      } catch (e) {
        rethrow(e, pos, frame)
      }
      forceFloat(rt, v, pos, frame)
      return rounded(v as Int | NixFloat, round)
    },
  })
}

const ceil = rounding(
  "ceil",
  "Rounds `number` up to an integer. A float without an integer of 64 bits, or an integer that a float cannot hold, is an error.",
  Math.ceil,
  [
    { nix: "builtins.ceil 1.2", gives: "2" },
    { nix: "builtins.ceil (-1.2)", gives: "-1" },
    { nix: "builtins.ceil 1.0e30", fails: "NixFloat argument 1e+30 is not in the range of NixInt" },
  ],
)

const floor = rounding(
  "floor",
  "Rounds `number` down to an integer. A float without an integer of 64 bits, or an integer that a float cannot hold, is an error.",
  Math.floor,
  [
    { nix: "builtins.floor 1.8", gives: "1" },
    { nix: "builtins.floor (-1.2)", gives: "-2" },
  ],
)

export const numbers: readonly PrimOp[] = [
  add,
  sub,
  mul,
  div,
  lessThan,
  bitwise(
    "bitAnd",
    "and",
    (a, b) => a & b,
    (a, b) => a & b,
    { nix: "builtins.bitAnd 12 10", gives: "8" },
  ),
  bitwise(
    "bitOr",
    "or",
    (a, b) => a | b,
    (a, b) => a | b,
    { nix: "builtins.bitOr 12 10", gives: "14" },
  ),
  bitwise(
    "bitXor",
    "exclusive or",
    (a, b) => a ^ b,
    (a, b) => a ^ b,
    { nix: "builtins.bitXor 12 10", gives: "6" },
  ),
  ceil,
  floor,
]
