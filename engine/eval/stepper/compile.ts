// From a bound tree to ops: the twin of ../closure/compile.ts, with the same meaning, frames and errors.
// Bodies, thunks and branches are compiled when they first run.

import { BORDER, GLOBAL } from "../../lang/bind.ts"
import { type AssertExpr, type Expr, type IfExpr, type LetExpr, unreachable, type VarExpr, type WithExpr } from "../../lang/expr.ts"
import { show } from "../../lang/show.ts"
import { stepAssertEqual } from "../assert-equal.ts"
import { fillRecursive, newEnv, planOf } from "../closure/attrs.ts"
import { codeOf, type Maker, makeCell, makerOf } from "../closure/child.ts"
import { frameAssertion, lambdaCode } from "../closure/compile.ts"
import { NixError } from "../error.ts"
import { COST, type Runtime } from "../runtime.ts"
import type { Step } from "../step.ts"
import { type Cell, type Code, EMPTY_LIST, type Env, Lambda, NixFloat, NixPath, Thunk, type Value } from "../value.ts"
import { positionValue } from "../variable.ts"
import { compileAttrs } from "./attrs.ts"
import { compileCall } from "./call-expr.ts"
import { compileConcat } from "./concat.ts"
import { type Condition, checkBool, compileCondition } from "./condition.ts"
import { forceCell, forceThunk } from "./force.ts"
import { drive, evaluate } from "./generator.ts"
import type { Frame, Machine, Op } from "./machine.ts"
import { compileBinary, compileNot } from "./operator.ts"
import { compileHasAttr, compileSelect } from "./select.ts"
import { compileWithVariable } from "./with.ts"

/** The op of code; compiled when it first runs. */
export function opOf(code: Code): Op {
  const op = code.op
  return op !== null ? op : prepare(code)
}

function prepare(code: Code): Op {
  const expr = code.expr
  const op = compileNode(expr)
  const whole = expr.height % BORDER === 0 && expr.height > 0 ? border(op) : op
  code.op = whole
  return whole
}

/** A part of an expression; below a border it is compiled only when it runs, so that compiling stays shallow. */
export function compilePart(expr: Expr): Op {
  if (expr.height % BORDER !== 0 || expr.height === 0) return compileNode(expr)
  const code = codeOf(expr)
  return (m, env) => opOf(code)(m, env)
}

/** In very tall expressions the native stack is looked at between calls too. */
function border(op: Op): Op {
  return (m, env) => {
    const used = m.used
    if (used > m.span) return m.goal(op, env)
    m.used = used + BORDER * 230
    const value = op(m, env)
    m.used = used
    return value
  }
}

function compileNode(expr: Expr): Op {
  switch (expr.kind) {
    case "int":
      return constant(expr.value)
    case "float":
      return constant(new NixFloat(expr.value))
    case "string":
      return constant(expr.text)
    case "path":
      return constant(new NixPath(expr.path))
    case "var":
      return compileVar(expr)
    case "inherit-from": {
      const slot = expr.index + 1
      const pos = expr.pos
      return (m, env) => forceCell(m, env[slot] as Cell, pos)
    }
    case "select":
      return compileSelect(expr)
    case "has-attr":
      return compileHasAttr(expr)
    case "attrs":
      return compileAttrs(expr)
    case "list":
      return compileList(expr.items.map(makerOf))
    case "lambda": {
      const code = lambdaCode(expr)
      return (m, env) => {
        const lambda = new Lambda(code, env)
        if ((m.rt.credit -= COST.lambda) < 0) m.rt.spend(lambda)
        return lambda
      }
    }
    case "call":
      return compileCall(expr)
    case "let":
      return compileLet(expr)
    case "with":
      return compileWith(expr)
    case "if":
      return compileIf(expr)
    case "assert":
      return compileAssert(expr)
    case "not":
      return compileNot(expr)
    case "binary":
      return compileBinary(expr)
    case "concat":
      return compileConcat(expr)
    case "cur-pos": {
      const pos = expr.pos
      return (m) => positionValue(m.rt, pos)
    }
    case "broken":
      throw new RangeError("a broken expression cannot be evaluated")
    default:
      return unreachable(expr)
  }
}

function constant(value: Value): Op {
  return () => value
}

function compileVar(expr: VarExpr): Op {
  const { slot, level, pos } = expr
  if (expr.fromWith !== null) return compileWithVariable(expr)
  if (level === GLOBAL) return (m) => forceCell(m, m.rt.globals[slot] as Cell, pos)
  switch (level) {
    case 0:
      return (m, env) => {
        const c = env[slot] as Cell
        return c instanceof Thunk ? (c.code === null ? (c.content as Value) : forceThunk(m, c, pos)) : c
      }
    case 1:
      return (m, env) => {
        const c = (env[0] as Env)[slot] as Cell
        return c instanceof Thunk ? (c.code === null ? (c.content as Value) : forceThunk(m, c, pos)) : c
      }
    default:
      return (m, env) => {
        let up = env
        for (let i = level; i > 0; i--) up = up[0] as Env
        const c = up[slot] as Cell
        return c instanceof Thunk ? (c.code === null ? (c.content as Value) : forceThunk(m, c, pos)) : c
      }
  }
}

function compileList(makers: readonly Maker[]): Op {
  const n = makers.length
  if (n === 0) return () => EMPTY_LIST
  const cost = COST.list + n * COST.slot
  return (m, env) => {
    const list: Cell[] = new Array(n)
    for (let i = 0; i < n; i++) list[i] = makeCell(m.rt, makers[i] as Maker, env)
    if ((m.rt.credit -= cost) < 0) m.rt.spend(list)
    return list
  }
}

function compileLet(expr: LetExpr): Op {
  const plan = planOf(expr.attrs)
  const body = compilePart(expr.body)
  const cost = COST.env + plan.members.length * COST.slot
  return (m, env) => {
    const inner = newEnv(plan, env)
    fillRecursive(m.rt, plan, env, inner)
    m.rt.credit -= cost
    return body(m, inner)
  }
}

function compileWith(expr: WithExpr): Op {
  const maker = makerOf(expr.attrs)
  const body = compilePart(expr.body)
  return (m, env) => body(m, [env, makeCell(m.rt, maker, env)])
}

function compileIf(expr: IfExpr): Op {
  const cond = compileCondition(expr.cond, "while evaluating a branch condition")
  // Branches are compiled when they are first taken.
  let yes: Op | null = null
  let no: Op | null = null
  const branch = (m: Machine, env: Env, c: boolean): Value | undefined => {
    if (c) {
      if (yes === null) yes = compilePart(expr.yes)
      return yes(m, env)
    }
    if (no === null) no = compilePart(expr.no)
    return no(m, env)
  }
  return (m, env) => {
    const c = cond.run(m, env)
    if (c === undefined) {
      m.save(new BranchFrame(cond, branch, env))
      return undefined
    }
    if (c) {
      if (yes === null) yes = compilePart(expr.yes)
      return yes(m, env)
    }
    if (no === null) no = compilePart(expr.no)
    return no(m, env)
  }
}

function compileAssert(expr: AssertExpr): Op {
  const cond = compileCondition(expr.cond, "in the condition of the assert statement")
  const body = compilePart(expr.body)
  const branch = (m: Machine, env: Env, c: boolean): Value | undefined =>
    // The generator of a failed assertion never returns.
    c ? body(m, env) : (drive(m, failAssertion(m.rt, expr, env)) as undefined)
  return (m, env) => {
    const c = cond.run(m, env)
    if (c === undefined) {
      m.save(new BranchFrame(cond, branch, env))
      return undefined
    }
    return branch(m, env, c)
  }
}

/** A failed `assert`: for `==` the difference is explained (C++ Nix: ExprAssert::eval). Always throws. */
function* failAssertion(rt: Runtime, expr: AssertExpr, env: Env): Step<never> {
  const text = show(expr.cond)
  const cond = expr.cond
  if (cond.kind === "binary" && cond.op === "==") {
    try {
      const a = (yield evaluate(cond.left, env)) as Value
      const b = (yield evaluate(cond.right, env)) as Value
      yield stepAssertEqual(rt, a, b, cond.pos)
    } catch (e) {
      throw frameAssertion(e, expr.pos, text)
    }
  }
  throw new NixError("assertion", `assertion '${text}' failed`, expr.pos)
}

/** A condition decides how to go on. */
class BranchFrame implements Frame {
  up: Frame | null = null
  private readonly cond: Condition
  private readonly branch: (m: Machine, env: Env, c: boolean) => Value | undefined
  private readonly env: Env

  constructor(cond: Condition, branch: (m: Machine, env: Env, c: boolean) => Value | undefined, env: Env) {
    this.cond = cond
    this.branch = branch
    this.env = env
  }

  resume(m: Machine, value: unknown): unknown {
    return this.branch(m, this.env, checkBool(m.rt, value as Value, this.cond))
  }

  fail(_m: Machine, error: unknown): unknown {
    return this.cond.framed(error)
  }
}
