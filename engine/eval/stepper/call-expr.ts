// Ops of calls: the twin of ../closure/call.ts.

import type { CallExpr } from "../../lang/expr.ts"
import { type Arithmetic, arith } from "../arithmetic.ts"
import { tooDeep } from "../call.ts"
import { argumentOf, arithmeticOf } from "../closure/call.ts"
import { type Maker, makeCell, makerOf } from "../closure/child.ts"
import { isArithmetic } from "../closure/compile.ts"
import { stepLessThan } from "../compare.ts"
import { NixError } from "../error.ts"
import { type Cell, type Env, isList, Lambda, type Value } from "../value.ts"
import { call, call1, call2 } from "./call.ts"
import { compilePart } from "./compile.ts"
import { drive } from "./generator.ts"
import type { Frame, Machine, Op } from "./machine.ts"

/** Goes on with the function of a call. */
type Apply = (m: Machine, fun: Value, env: Env) => Value | undefined

export function compileCall(expr: CallExpr): Op {
  const { fun, args } = expr
  if (isArithmetic(fun) && args.length === 2) return compileArithmetic(expr, arithmeticOf(fun))
  const callee = compilePart(fun)
  const apply = applyOf(expr)
  return (m, env) => {
    const f = callee(m, env)
    if (f === undefined) {
      m.save(new CalleeFrame(apply, env))
      return undefined
    }
    return apply(m, f, env)
  }
}

function applyOf(expr: CallExpr): Apply {
  const { args, pos } = expr
  const [first, second] = args
  if (first !== undefined && args.length === 1) {
    const make = argumentOf(expr)
    if (make !== null) return (m, f, env) => call1(m, f, make(m.rt, env, f instanceof Lambda && f.code.strictArg), pos)
    const maker = makerOf(first)
    return (m, f, env) => call1(m, f, makeCell(m.rt, maker, env), pos)
  }
  if (first !== undefined && second !== undefined && args.length === 2) {
    const a = makerOf(first)
    const b = makerOf(second)
    return (m, f, env) => call2(m, f, makeCell(m.rt, a, env), makeCell(m.rt, b, env), pos)
  }
  const makers = args.map(makerOf)
  return (m, f, env) => {
    const cells: Cell[] = new Array(makers.length)
    for (let i = 0; i < makers.length; i++) cells[i] = makeCell(m.rt, makers[i] as Maker, env)
    return call(m, f, cells, pos)
  }
}

/** The function of a call is being evaluated. */
class CalleeFrame implements Frame {
  up: Frame | null = null
  private readonly apply: Apply
  private readonly env: Env

  constructor(apply: Apply, env: Env) {
    this.apply = apply
    this.env = env
  }

  resume(m: Machine, value: unknown): unknown {
    return this.apply(m, value as Value, this.env)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}

/** `a - b`, `a * b`, `a / b`, `a < b` of the builtins themselves: calls for depth and frames only. */
class ArithmeticPlan {
  readonly kind: Arithmetic
  readonly left: Op
  readonly right: Op
  readonly pos: number

  constructor(kind: Arithmetic, left: Op, right: Op, pos: number) {
    this.kind = kind
    this.left = left
    this.right = right
    this.pos = pos
  }

  framed(e: unknown): unknown {
    if (e instanceof NixError) e.frame(this.pos, `while calling the '${this.kind}' builtin`)
    return e
  }

  /** Goes on when the left operand is there; throws without the frame. `depth` is that around the call. */
  afterLeft(m: Machine, env: Env, a: Value, depth: number): Value | undefined {
    const b = this.right(m, env)
    if (b === undefined) {
      m.save(new ArithmeticFrame(this, env, a, depth, false))
      return undefined
    }
    return this.finish(m, env, a, b, depth)
  }

  finish(m: Machine, env: Env, a: Value, b: Value, depth: number): Value | undefined {
    const rt = m.rt
    let v: Value | undefined
    if (this.kind !== "lessThan" || !isList(a)) v = arith(rt, this.kind, a, b)
    else {
      v = drive(m, stepLessThan(rt, a, b, "")) as boolean | undefined
      if (v === undefined) {
        m.save(new ArithmeticFrame(this, env, a, depth, true))
        return undefined
      }
    }
    rt.depth = depth
    return v
  }
}

function compileArithmetic(expr: CallExpr, kind: Arithmetic): Op {
  const pos = expr.pos
  const left = compilePart(expr.args[0] as CallExpr["fun"])
  const right = compilePart(expr.args[1] as CallExpr["fun"])
  const plan = new ArithmeticPlan(kind, left, right, pos)
  return (m, env) => {
    const rt = m.rt
    const depth = rt.depth
    if (depth > rt.maxDepth) throw tooDeep(pos)
    rt.depth = depth + 1
    try {
      const a = left(m, env)
      if (a === undefined) {
        m.save(new ArithmeticFrame(plan, env, undefined, depth, false))
        return undefined
      }
      if (typeof a !== "number") return plan.afterLeft(m, env, a, depth)
      const b = right(m, env)
      if (b === undefined) {
        m.save(new ArithmeticFrame(plan, env, a, depth, false))
        return undefined
      }
      if (typeof b === "number") {
        if (kind === "lessThan") {
          rt.depth = depth
          return a < b
        }
        if (kind === "sub") {
          const n = a - b
          if (Number.isSafeInteger(n)) {
            rt.depth = depth
            return n
          }
        }
      }
      return plan.finish(m, env, a, b, depth)
    } catch (e) {
      rt.depth = depth
      throw plan.framed(e)
    }
  }
}

/** An operand is being evaluated, or (`comparing`) two lists are being compared. */
class ArithmeticFrame implements Frame {
  up: Frame | null = null
  private readonly plan: ArithmeticPlan
  private readonly env: Env
  private readonly a: Value | undefined
  private readonly depth: number
  private readonly comparing: boolean

  constructor(plan: ArithmeticPlan, env: Env, a: Value | undefined, depth: number, comparing: boolean) {
    this.plan = plan
    this.env = env
    this.a = a
    this.depth = depth
    this.comparing = comparing
  }

  resume(m: Machine, value: unknown): unknown {
    if (this.comparing) {
      m.rt.depth = this.depth
      return value
    }
    try {
      return this.a === undefined
        ? this.plan.afterLeft(m, this.env, value as Value, this.depth)
        : this.plan.finish(m, this.env, this.a, value as Value, this.depth)
    } catch (e) {
      m.rt.depth = this.depth
      throw this.plan.framed(e)
    }
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    return this.plan.framed(error)
  }
}
