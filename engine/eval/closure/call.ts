// Closures of calls. Operators that Nix's parser turns into calls (`-`, `*`, `/`, `<`, …) run their
// operands at once instead of through thunks; everything observable (frames, call depth) stays the same.

import type { CallExpr, VarExpr } from "../../lang/expr.ts"
import { type Arithmetic, arith } from "../arithmetic.ts"
import { call1, call2, callFunction, tooDeep } from "../call.ts"
import { NixError } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import { type Cell, EAGER, type Env, Lambda, type Run, Thunk, type Value } from "../value.ts"
import { type Maker, makeCell, makerOf } from "./child.ts"
import { compilePart, isArithmetic } from "./compile.ts"

/** The operation a builtin stands for, by its name in the base environment. */
export function arithmeticOf(fun: VarExpr): Arithmetic {
  switch (fun.name) {
    case "__sub":
      return "sub"
    case "__mul":
      return "mul"
    case "__div":
      return "div"
    default:
      return "lessThan"
  }
}

/** The closure of a call. */
export function compileCall(expr: CallExpr): Run {
  const { fun, args, pos } = expr
  if (isArithmetic(fun) && args.length === 2) return compileArithmetic(expr, arithmeticOf(fun))
  const callee = compilePart(fun)
  const first = args[0]
  const second = args[1]
  if (first !== undefined && args.length === 1) {
    const make = argumentOf(expr)
    if (make !== null)
      return (rt, env) => {
        const f = callee(rt, env)
        return call1(rt, f, make(rt, env, f instanceof Lambda && f.code.strictArg), pos)
      }
    const maker = makerOf(first)
    return (rt, env) => call1(rt, callee(rt, env), makeCell(rt, maker, env), pos)
  }
  if (first !== undefined && second !== undefined && args.length === 2) {
    const a = makerOf(first)
    const b = makerOf(second)
    return (rt, env) => {
      const f = callee(rt, env)
      const x = makeCell(rt, a, env)
      return call2(rt, f, x, makeCell(rt, b, env), pos)
    }
  }
  const makers = args.map(makerOf)
  return (rt, env) => {
    const f = callee(rt, env)
    const cells: Cell[] = new Array(makers.length)
    for (let i = 0; i < makers.length; i++) cells[i] = makeCell(rt, makers[i] as Maker, env)
    return callFunction(rt, f, cells, pos)
  }
}

/**
 * For an argument like `n - 1` or `n + 1` on integers that are known already: the result, instead of a
 * thunk, since it costs less, cannot fail and cannot be told apart: either the function certainly forces its
 * argument first, or the number is wrapped so that printing still shows an unforced value.
 */
export function argumentOf(expr: CallExpr): ((rt: Runtime, env: Env, strict: boolean) => Cell) | null {
  const arg = expr.args[0]
  if (arg === undefined) return null
  let left: Maker
  let right: Maker
  let subtract: boolean
  if (arg.kind === "call" && isArithmetic(arg.fun) && arg.fun.name === "__sub" && arg.args.length === 2) {
    left = makerOf(arg.args[0] as (typeof arg.args)[number])
    right = makerOf(arg.args[1] as (typeof arg.args)[number])
    subtract = true
    if (!isSimple(arg.args[0]) || !isSimple(arg.args[1])) return null
  } else if (arg.kind === "concat" && !arg.forceString && arg.parts.length === 2) {
    const [a, b] = arg.parts
    if (!isSimple(a?.expr) || !isSimple(b?.expr)) return null
    left = makerOf((a as NonNullable<typeof a>).expr)
    right = makerOf((b as NonNullable<typeof b>).expr)
    subtract = false
  } else return null
  const delayed = makerOf(arg)
  return (rt, env, strict) => {
    const a = known(makeCell(rt, left, env))
    if (typeof a === "number") {
      const b = known(makeCell(rt, right, env))
      if (typeof b === "number") {
        const n = subtract ? a - b : a + b
        if (Number.isSafeInteger(n)) return strict ? n : new Thunk(EAGER, n)
      }
    }
    return makeCell(rt, delayed, env)
  }
}

/** Variables bound lexically and integers: looking at them has no effect. */
function isSimple(expr: CallExpr["fun"] | undefined): boolean {
  return expr !== undefined && (expr.kind === "int" || (expr.kind === "var" && expr.fromWith === null))
}

function known(cell: Cell): Cell | undefined {
  return cell instanceof Thunk ? (cell.code === null || cell.code === EAGER ? (cell.content as Value) : undefined) : cell
}

/** `a - b`, `a * b`, `a / b`, `a < b` of the builtins themselves. */
function compileArithmetic(expr: CallExpr, op: Arithmetic): Run {
  const pos = expr.pos
  const left = compilePart(expr.args[0] as CallExpr["fun"])
  const right = compilePart(expr.args[1] as CallExpr["fun"])
  return (rt, env) => {
    const depth = rt.depth
    if (depth > rt.maxDepth) throw tooDeep(pos)
    rt.depth = depth + 1
    try {
      const a = left(rt, env)
      const b = right(rt, env)
      rt.depth = depth
      if (typeof a === "number" && typeof b === "number") {
        if (op === "lessThan") return a < b
        if (op === "sub") {
          const n = a - b
          if (Number.isSafeInteger(n)) return n
        } else if (op === "mul") {
          const n = a * b
          if (Number.isSafeInteger(n)) return n === 0 ? 0 : n
        }
      }
      rt.depth = depth + 1
      const v = arith(rt, op, a, b)
      rt.depth = depth
      return v
    } catch (e) {
      if (e instanceof NixError) e.frame(pos, `while calling the '${op}' builtin`)
      throw e
    }
  }
}
