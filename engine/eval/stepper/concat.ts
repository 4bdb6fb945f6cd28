// Ops of `a + b`, interpolated strings and interpolated paths: the twin of ../closure/concat.ts. Operands are
// evaluated and coerced one after another.

import type { ConcatExpr } from "../../lang/expr.ts"
import type { Text } from "../builtin.ts"
import { Concat, operandFrame, segmentFrame } from "../closure/concat.ts"
import { type CoerceOptions, stepCoerce } from "../coerce.ts"
import { Pending } from "../error.ts"
import { COST } from "../runtime.ts"
import type { Env, Value } from "../value.ts"
import { drive } from "./generator.ts"
import { type Frame, type Machine, type Op, RECOVERED } from "./machine.ts"
import { Operand } from "./operand.ts"

/** What is known of a concatenation before it runs. */
class Plan {
  readonly expr: ConcatExpr
  readonly operands: readonly Operand[]

  constructor(expr: ConcatExpr) {
    this.expr = expr
    this.operands = expr.parts.map((p, i) => new Operand(p.expr, operandFrame, { later: { parts: expr.parts, from: i + 1 } }))
  }

  posOf(i: number): number {
    return (this.expr.parts[i] as ConcatExpr["parts"][number]).pos
  }
}

export function compileConcat(expr: ConcatExpr): Op {
  const plan = new Plan(expr)
  if (plan.operands.length === 2 && !expr.forceString) return compileSum(plan)
  return (m, env) => goOn(m, plan, env, new Concat(m.rt, expr), 0)
}

/** `a + b`: two small integers or two plain strings take the short way. */
function compileSum(plan: Plan): Op {
  const left = plan.operands[0] as Operand
  const right = plan.operands[1] as Operand
  return (m, env) => {
    const a = left.run(m, env)
    if (a === undefined) {
      m.save(new SumFrame(plan, env, undefined))
      return undefined
    }
    if (typeof a !== "number") return afterFirst(m, plan, env, a)
    const b = right.run(m, env)
    if (b === undefined) {
      m.save(new SumFrame(plan, env, a))
      return undefined
    }
    if (typeof b === "number") {
      const n = a + b
      if (Number.isSafeInteger(n)) return n
    }
    return sum(m, plan, env, a, b)
  }
}

function afterFirst(m: Machine, plan: Plan, env: Env, a: Value): Value | undefined {
  if (typeof a === "number" || (typeof a === "string" && m.rt.depth <= m.rt.maxDepth)) {
    const b = (plan.operands[1] as Operand).run(m, env)
    if (b !== undefined) return sum(m, plan, env, a, b)
    m.save(new SumFrame(plan, env, a))
    return undefined
  }
  return take(m, plan, env, new Concat(m.rt, plan.expr), 0, a)
}

/** Joins a number or plain string and a value. */
function sum(m: Machine, plan: Plan, env: Env, a: Value, b: Value): Value | undefined {
  if (typeof a === "number" && typeof b === "number") {
    const n = a + b
    if (Number.isSafeInteger(n)) return n
  }
  const rt = m.rt
  if (typeof a === "string" && typeof b === "string" && rt.depth <= rt.maxDepth) {
    const s = a + b
    if ((rt.textCredit -= COST.text + s.length) < 0) rt.spendText(s.length)
    return s
  }
  const concat = new Concat(rt, plan.expr)
  // Neither is coerced, so neither suspends.
  if (concat.number(a, plan.posOf(0)) !== true) concat.plain(a as string)
  return take(m, plan, env, concat, 1, b)
}

/** Evaluates the operands from the `from`th on. */
function goOn(m: Machine, plan: Plan, env: Env, concat: Concat, from: number): Value | undefined {
  const operands = plan.operands
  for (let i = from; i < operands.length; i++) {
    const v = (operands[i] as Operand).run(m, env)
    if (v === undefined) {
      m.save(new PartFrame(plan, env, concat, i))
      return undefined
    }
    if (!add(m, plan, env, concat, i, v)) return undefined
  }
  return concat.finish()
}

/** Takes the value of operand `i`, then evaluates the others. */
function take(m: Machine, plan: Plan, env: Env, concat: Concat, i: number, v: Value): Value | undefined {
  return add(m, plan, env, concat, i, v) ? goOn(m, plan, env, concat, i + 1) : undefined
}

/** Adds the value of operand `i`; false after suspending (then the rest is done when it goes on). */
function add(m: Machine, plan: Plan, env: Env, concat: Concat, i: number, v: Value): boolean {
  const rt = m.rt
  const pos = plan.posOf(i)
  const how = concat.number(v, pos)
  if (how === true) return true
  if (typeof v === "string" && rt.depth <= rt.maxDepth) {
    concat.plain(v)
    return true
  }
  const depth = rt.depth
  let text: unknown
  try {
    text = drive(m, stepCoerce(rt, v, pos, segmentFrame, how))
  } catch (e) {
    if (!(e instanceof Pending && m.canWait)) throw e
    rt.depth = depth
    m.waitFor(e, (m) => drive(m, stepCoerce(m.rt, v, pos, segmentFrame, how)) as Value | undefined)
  }
  if (text === undefined) {
    m.save(new CoerceFrame(plan, env, concat, i, v, how, depth))
    return false
  }
  concat.string(text as Text)
  return true
}

/** An operand of `a + b` is being evaluated: the first, or the second when the first is there. */
class SumFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly env: Env
  private readonly a: Value | undefined

  constructor(plan: Plan, env: Env, a: Value | undefined) {
    this.plan = plan
    this.env = env
    this.a = a
  }

  resume(m: Machine, value: unknown): unknown {
    const a = this.a
    const v = value as Value
    return a === undefined ? afterFirst(m, this.plan, this.env, v) : sum(m, this.plan, this.env, a, v)
  }

  fail(m: Machine, error: unknown): unknown {
    return (this.plan.operands[this.a === undefined ? 0 : 1] as Operand).failed(m.rt, this.env, error)
  }
}

/** Operand `i` is being evaluated. */
class PartFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly env: Env
  private readonly concat: Concat
  private readonly i: number

  constructor(plan: Plan, env: Env, concat: Concat, i: number) {
    this.plan = plan
    this.env = env
    this.concat = concat
    this.i = i
  }

  resume(m: Machine, value: unknown): unknown {
    return take(m, this.plan, this.env, this.concat, this.i, value as Value)
  }

  fail(m: Machine, error: unknown): unknown {
    return (this.plan.operands[this.i] as Operand).failed(m.rt, this.env, error)
  }
}

/** The value of operand `i` is being coerced to text, or the host has to wait for that. */
class CoerceFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly env: Env
  private readonly concat: Concat
  private readonly i: number
  private readonly v: Value
  private readonly options: CoerceOptions
  private readonly depth: number

  constructor(plan: Plan, env: Env, concat: Concat, i: number, v: Value, options: CoerceOptions, depth: number) {
    this.plan = plan
    this.env = env
    this.concat = concat
    this.i = i
    this.v = v
    this.options = options
    this.depth = depth
  }

  resume(m: Machine, value: unknown): unknown {
    this.concat.string(value as Text)
    return goOn(m, this.plan, this.env, this.concat, this.i + 1)
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    if (!(error instanceof Pending && m.canWait)) return error
    const { v, options } = this
    const pos = this.plan.posOf(this.i)
    m.waitFor(error, (m) => drive(m, stepCoerce(m.rt, v, pos, segmentFrame, options)) as Value | undefined)
    m.save(this)
    m.recovered = undefined
    return RECOVERED
  }
}
