// Ops of the operators that are no calls: == != && || -> // ++ and !. The twin of ../closure/operator.ts.

import type { BinaryExpr, Expr, NotExpr } from "../../lang/expr.ts"
import type { Attrs } from "../attrs.ts"
import { updateAttrs } from "../closure/operator.ts"
import { eqScalars, stepEqual } from "../equal.ts"
import { concatTwo } from "../list.ts"
import type { Later } from "../look-ahead.ts"
import { COST } from "../runtime.ts"
import type { Env, Value } from "../value.ts"
import { type Condition, checkBool, compileCondition } from "./condition.ts"
import { drive } from "./generator.ts"
import type { Frame, Machine, Op } from "./machine.ts"
import { compilePair, Operand } from "./operand.ts"

/** The op of a binary operator. */
export function compileBinary(expr: BinaryExpr): Op {
  const { left, right, pos } = expr
  switch (expr.op) {
    case "==":
    case "!=": {
      const negated = expr.op === "!="
      return compilePair({
        first: new Operand(left, `in the left operand of '${expr.op}'`, { later: { parts: [{ expr: right }], from: 0 } }),
        second: new Operand(right, `in the right operand of '${expr.op}'`),
        finish: (m, a, b) => equal(m, a, b, pos, negated),
      })
    }
    case "&&":
    case "||":
    case "->":
      return compileLogic(expr)
    case "//":
      // The right operand first, since Nix 2.36. Both are sets: the operands have looked.
      return compilePair({
        first: updateOperand(right, "in the right operand of '//'", { parts: [{ expr: left }], from: 0 }),
        second: updateOperand(left, "in the left operand of '//'"),
        finish: (m, b, a) => {
          const set = updateAttrs(a as Attrs, b as Attrs)
          if ((m.rt.credit -= COST.set + set.size * 2 * COST.slot) < 0) m.rt.spend(set)
          return set
        },
      })
    case "++":
      return compilePair({
        first: new Operand(left, "in the left operand of '++'", { later: { parts: [{ expr: right }], from: 0 } }),
        second: new Operand(right, "in the right operand of '++'"),
        finish: (m, a, b) => concatTwo(m.rt, a, b, pos, "while evaluating one of the elements to concatenate"),
      })
  }
}

/** An operand of `//`; a nested `//` adds no frame of its own (C++ Nix: evalForUpdate). */
function updateOperand(expr: Expr, frame: string, later: Later = { parts: [], from: 0 }): Operand {
  return expr.kind === "binary" && expr.op === "//" ? new Operand(expr, "", { later }) : new Operand(expr, frame, { set: true, later })
}

/** Compares two values; the comparison counts as a call, and at the depth limit it is the one to complain. */
function equal(m: Machine, a: Value, b: Value, pos: number, negated: boolean): boolean | undefined {
  const rt = m.rt
  if (rt.depth <= rt.maxDepth) {
    const known = eqScalars(a, b)
    if (known !== undefined) return known !== negated
    if (Array.isArray(a) && Array.isArray(b)) {
      if (a.length !== b.length) return negated
      if (a.length === 0) return !negated
    }
  }
  const depth = rt.depth
  const same = drive(m, stepEqual(rt, a, b, pos)) as boolean | undefined
  if (same !== undefined) return same !== negated
  m.save(new EqualFrame(depth, negated))
  return undefined
}

/** Two sets or lists are being compared. */
class EqualFrame implements Frame {
  up: Frame | null = null
  private readonly depth: number
  private readonly negated: boolean

  constructor(depth: number, negated: boolean) {
    this.depth = depth
    this.negated = negated
  }

  resume(_m: Machine, value: unknown): unknown {
    return value !== this.negated
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    return error
  }
}

/** `!e`. */
export function compileNot(expr: NotExpr): Op {
  const cond = compileCondition(expr.operand, "in the argument of '!'")
  return (m, env) => {
    const c = cond.run(m, env)
    if (c !== undefined) return !c
    m.save(new BoolFrame(cond, true))
    return undefined
  }
}

/** `a && b`, `a || b`, `a -> b`. */
function compileLogic(expr: BinaryExpr): Op {
  const left = compileCondition(expr.left, `in the left operand of '${expr.op}'`)
  const right = compileCondition(expr.right, `in the right operand of '${expr.op}'`)
  const goesOn = expr.op !== "||"
  const decided = expr.op !== "&&"
  const after = (m: Machine, env: Env, c: boolean): boolean | undefined => {
    if (c !== goesOn) return decided
    const d = right.run(m, env)
    if (d === undefined) m.save(new BoolFrame(right, false))
    return d
  }
  return (m, env) => {
    const c = left.run(m, env)
    if (c !== undefined) return after(m, env, c)
    m.save(new LogicFrame(left, after, env))
    return undefined
  }
}

/** The left operand of `&&`, `||` or `->` is being evaluated. */
class LogicFrame implements Frame {
  up: Frame | null = null
  private readonly left: Condition
  private readonly after: (m: Machine, env: Env, c: boolean) => boolean | undefined
  private readonly env: Env

  constructor(left: Condition, after: (m: Machine, env: Env, c: boolean) => boolean | undefined, env: Env) {
    this.left = left
    this.after = after
    this.env = env
  }

  resume(m: Machine, value: unknown): unknown {
    return this.after(m, this.env, checkBool(m.rt, value as Value, this.left))
  }

  fail(_m: Machine, error: unknown): unknown {
    return this.left.framed(error)
  }
}

/** A Boolean is being evaluated; it is the result, or its negation is. */
class BoolFrame implements Frame {
  up: Frame | null = null
  private readonly cond: Condition
  private readonly negated: boolean

  constructor(cond: Condition, negated: boolean) {
    this.cond = cond
    this.negated = negated
  }

  resume(m: Machine, value: unknown): unknown {
    return checkBool(m.rt, value as Value, this.cond) !== this.negated
  }

  fail(_m: Machine, error: unknown): unknown {
    return this.cond.framed(error)
  }
}
