// The stepper: evaluates the same bound tree as the closures, as generators whose frames are on the heap.
// It goes to any depth, and can wait or be sliced anywhere. What a closure does natively is a `yield` here;
// frames, errors and the order of effects are the closures' (closure/*.ts), one to one.
// What certainly needs no nesting (literals, known variables) is done at once: see `quick`.

import { GLOBAL } from "../../lang/bind.ts"
import { type AttrName, type AttrsExpr, type Expr, type SelectExpr, unreachable, type VarExpr, type WithExpr } from "../../lang/expr.ts"
import { show } from "../../lang/show.ts"
import { arith } from "../arithmetic.ts"
import { stepAssertEqual } from "../assert-equal.ts"
import { Attrs } from "../attrs.ts"
import type { Text } from "../builtin.ts"
import { tooDeep } from "../call.ts"
import { DynamicAttrs, dynamicNameFrame, fillPlain, fillRecursive, newEnv, override, overridesFrame, planOf } from "../closure/attrs.ts"
import { arithmeticOf } from "../closure/call.ts"
import { EMPTY_LIST, makerOf } from "../closure/child.ts"
import { frameAssertion, isArithmetic, lambdaCode } from "../closure/compile.ts"
import { Concat, operandFrame, segmentFrame } from "../closure/concat.ts"
import { notASet, updateAttrs } from "../closure/operator.ts"
import { frameSelect, missingAttr, selectFrame } from "../closure/select.ts"
import { stepCoerce } from "../coerce.ts"
import { stepLessThan } from "../compare.ts"
import { stepEqual } from "../equal.ts"
import { NixError, Pending } from "../error.ts"
import { failApply, failThunk, forceAttrs, forcePlainString, forceSpecial, framed, typeError } from "../force.ts"
import { concatLists } from "../list.ts"
import type { Runtime } from "../runtime.ts"
import type { Request, Step } from "../step.ts"
import { APPLY, BLACKHOLE, type Cell, type Code, EAGER, type Env, FAILED, Lambda, NixFloat, NixPath, Thunk, type Value } from "../value.ts"
import { positionValue, undefinedVariable, withFrame } from "../variable.ts"
import { stepCall, stepCallCell } from "./call.ts"

export { stepCallCell }

/** Forces a cell (C++ Nix: forceValue). */
export function* stepForce(rt: Runtime, cell: Cell, pos: number): Step<Value> {
  if (!(cell instanceof Thunk)) return cell
  const code: Code | null = cell.code
  if (code === null) return cell.value as Value
  if (code === EAGER || code === FAILED || code === BLACKHOLE) return forceSpecial(cell, pos)
  const env = cell.env
  const owner = rt.current
  const { depth, stack } = rt
  rt.current = cell
  let value: Value
  if (code === APPLY) {
    try {
      const app = env as readonly Cell[]
      value = (yield stepCallCell(rt, app[0] as Cell, app.slice(1), pos)) as Value
    } catch (e) {
      rt.depth = depth
      rt.stack = stack
      rt.current = owner
      throw failApply(rt, cell, env, e)
    }
  } else {
    cell.code = BLACKHOLE
    cell.env = null
    try {
      const known = quick(rt, code.expr, env as Env)
      value = known !== undefined ? known : ((yield stepEval(rt, code.expr, env as Env)) as Value)
    } catch (e) {
      rt.depth = depth
      rt.stack = stack
      rt.current = owner
      throw failThunk(rt, cell, code, env, e)
    }
  }
  rt.current = owner
  cell.code = null
  cell.env = null
  cell.value = value
  return value
}

/** The value of an expression that needs no further evaluation, or undefined. */
function quick(rt: Runtime, expr: Expr, env: Env): Value | undefined {
  switch (expr.kind) {
    case "int":
      return expr.value
    case "string":
      return expr.text
    case "float":
      return new NixFloat(expr.value)
    case "path":
      return new NixPath(expr.path)
    case "lambda":
      return new Lambda(lambdaCode(expr), env)
    case "var": {
      if (expr.fromWith !== null) return undefined
      const cell = variableCell(rt, expr, env)
      if (!(cell instanceof Thunk)) return cell
      if (cell.code === null) return cell.value as Value
      return cell.code === EAGER ? forceSpecial(cell, 0) : undefined
    }
    case "call": {
      // Small comparisons and differences: the conditions and arguments of most loops.
      if (!isArithmetic(expr.fun) || expr.args.length !== 2 || rt.depth > rt.maxDepth) return undefined
      const a = quickInt(rt, expr.args[0] as Expr, env)
      if (a === undefined) return undefined
      const b = quickInt(rt, expr.args[1] as Expr, env)
      if (b === undefined) return undefined
      const op = arithmeticOf(expr.fun)
      if (op === "lessThan") return a < b
      if (op !== "sub") return undefined
      return Number.isSafeInteger(a - b) ? a - b : undefined
    }
    case "binary": {
      if (expr.op !== "==" || rt.depth > rt.maxDepth) return undefined
      const a = quickInt(rt, expr.left, env)
      const b = a === undefined ? undefined : quickInt(rt, expr.right, env)
      return b === undefined ? undefined : a === b
    }
    default:
      return undefined
  }
}

function quickInt(rt: Runtime, expr: Expr, env: Env): number | undefined {
  if (expr.kind !== "int" && expr.kind !== "var") return undefined
  const v = quick(rt, expr, env)
  return typeof v === "number" ? v : undefined
}

function variableCell(rt: Runtime, expr: VarExpr, env: Env): Cell {
  if (expr.level === GLOBAL) return rt.globals[expr.slot] as Cell
  let up = env
  for (let i = expr.level; i > 0; i--) up = up[0] as Env
  return up[expr.slot] as Cell
}

/** Evaluates an expression to a value. */
export function* stepEval(rt: Runtime, start: Expr, startEnv: Env): Step<Value> {
  let expr = start
  let env = startEnv
  // Tail positions (branches, bodies of let, with and assert) go round this loop: they need no new frame.
  for (;;) {
    const known = quick(rt, expr, env)
    if (known !== undefined) return known
    switch (expr.kind) {
      case "int":
      case "float":
      case "string":
      case "path":
      case "lambda":
        throw new RangeError("literals are quick")
      case "var":
        if (expr.fromWith !== null) {
          const cell = (yield stepLookupWith(rt, env, expr)) as Cell
          return cell instanceof Thunk ? ((yield stepForce(rt, cell, expr.pos)) as Value) : cell
        }
        return (yield stepForce(rt, variableCell(rt, expr, env), expr.pos)) as Value
      case "inherit-from":
        return (yield stepForce(rt, env[expr.index + 1] as Cell, expr.pos)) as Value
      case "select":
        return (yield stepSelect(rt, expr, env)) as Value
      case "has-attr": {
        let cur = (yield operand(rt, expr.target, env, "in the argument of '?'")) as Cell
        for (const step of expr.path) {
          const set = (yield stepForce(rt, cur, expr.pos)) as Value
          const name = (yield stepName(rt, step, env)) as string
          const next = set instanceof Attrs ? set.get(name) : undefined
          if (next === undefined) return false
          cur = next
        }
        return true
      }
      case "attrs":
        return (yield stepAttrs(rt, expr, env)) as Value
      case "list": {
        if (expr.items.length === 0) return EMPTY_LIST
        const cells: Cell[] = []
        for (const item of expr.items) cells.push(makerOf(item)(rt, env))
        return cells
      }
      case "call": {
        if (isArithmetic(expr.fun) && expr.args.length === 2) return (yield stepArithmetic(rt, expr, env)) as Value
        const f = quick(rt, expr.fun, env) ?? ((yield stepEval(rt, expr.fun, env)) as Value)
        const args: Cell[] = []
        for (const arg of expr.args) args.push(argumentCell(rt, arg, env))
        return (yield stepCall(rt, f, args, expr.pos)) as Value
      }
      case "let": {
        const plan = planOf(expr.attrs)
        const inner = newEnv(plan, env)
        fillRecursive(rt, plan, env, inner)
        env = inner
        expr = expr.body
        continue
      }
      case "with":
        env = [env, makerOf(expr.attrs)(rt, env)]
        expr = expr.body
        continue
      case "if": {
        const c = quick(rt, expr.cond, env)
        const cond = typeof c === "boolean" ? c : ((yield stepBool(rt, expr.cond, env, "while evaluating a branch condition")) as boolean)
        expr = cond ? expr.yes : expr.no
        continue
      }
      case "assert":
        if (!((yield stepBool(rt, expr.cond, env, "in the condition of the assert statement")) as boolean))
          yield failAssertion(rt, expr, env)
        expr = expr.body
        continue
      case "not":
        return !((yield stepBool(rt, expr.operand, env, "in the argument of '!'")) as boolean)
      case "binary":
        return (yield stepBinary(rt, expr, env)) as Value
      case "concat":
        return (yield stepConcat(rt, expr, env)) as Value
      case "cur-pos":
        return positionValue(rt, expr.pos)
      case "broken":
        throw new RangeError("a broken expression cannot be evaluated")
      default:
        return unreachable(expr)
    }
  }
}

/** An argument's cell; a small difference or sum of known integers is computed at once (closure/call.ts). */
function argumentCell(rt: Runtime, arg: Expr, env: Env): Cell {
  if (arg.kind === "call") {
    const n = quick(rt, arg, env)
    if (typeof n === "number") return new Thunk(EAGER, null, n)
  }
  return makerOf(arg)(rt, env)
}

/** Evaluates an operand; errors get the frame at its position. */
function* operand(rt: Runtime, expr: Expr, env: Env, frame: string): Step<Value> {
  try {
    return (yield stepEval(rt, expr, env)) as Value
  } catch (e) {
    throw framed(e, expr.pos, frame)
  }
}

function* stepBool(rt: Runtime, expr: Expr, env: Env, frame: string): Step<boolean> {
  try {
    const v = (yield stepEval(rt, expr, env)) as Value
    if (typeof v === "boolean") return v
    throw typeError(rt, "a Boolean", v, expr.pos)
  } catch (e) {
    throw framed(e, expr.pos, frame)
  }
}

function* stepLookupWith(rt: Runtime, env: Env, expr: VarExpr): Step<Cell> {
  let at = env
  for (let i = expr.level; i > 0; i--) at = at[0] as Env
  let scope = expr.fromWith as WithExpr
  for (;;) {
    const source = at[1] as Cell
    if (source instanceof Thunk && source.code !== null) yield stepForce(rt, source, scope.pos)
    const cell = forceAttrs(rt, source, scope.pos, withFrame).get(expr.name)
    if (cell !== undefined) return cell
    if (scope.parentWith === null) throw undefinedVariable(expr)
    for (let i = scope.prevWith; i > 0; i--) at = at[0] as Env
    scope = scope.parentWith
  }
}

function* stepName(rt: Runtime, name: AttrName, env: Env): Step<string> {
  if (typeof name === "string") return name
  const v = (yield stepEval(rt, name, env)) as Value
  return forcePlainString(rt, v, name.pos, "while evaluating an attribute name")
}

function* stepSelect(rt: Runtime, expr: SelectExpr, env: Env): Step<Value> {
  let cur = (yield operand(rt, expr.target, env, selectFrame)) as Cell
  let attrPos = 0
  let found = 0
  try {
    for (const step of expr.path) {
      const name = (yield stepName(rt, step, env)) as string
      const v = cur instanceof Thunk ? ((yield stepForce(rt, cur, expr.pos)) as Value) : cur
      if (expr.fallback !== null) {
        if (!(v instanceof Attrs) || !v.has(name)) return (yield stepEval(rt, expr.fallback, env)) as Value
        cur = v.get(name) as Cell
        attrPos = v.posOf(name)
      } else {
        const set = forceAttrs(rt, v, expr.pos, selectFrame)
        const next = set.get(name)
        if (next === undefined) throw missingAttr(set, name)
        cur = next
        attrPos = set.posOf(name)
      }
      found++
    }
    return cur instanceof Thunk ? ((yield stepForce(rt, cur, attrPos || expr.pos)) as Value) : cur
  } catch (e) {
    throw frameSelect(rt, e, expr, env, attrPos, found)
  }
}

function* stepAttrs(rt: Runtime, expr: AttrsExpr, env: Env): Step<Value> {
  const plan = planOf(expr)
  let inner = env
  let set: Attrs
  if (expr.recursive) {
    inner = newEnv(plan, env)
    fillRecursive(rt, plan, env, inner)
    set = Attrs.ofShape(plan.shape, inner.slice(1) as Cell[], plan.positions, expr.pos)
    const overrides = set.get("__overrides")
    if (overrides !== undefined) {
      yield stepForce(rt, overrides, 0)
      set = override(set, inner, forceAttrs(rt, overrides, 0, overridesFrame), plan)
    }
  } else set = Attrs.ofShape(plan.shape, fillPlain(rt, plan, env), plan.positions, expr.pos)
  if (expr.dynamic.length === 0) return set
  const dynamic = new DynamicAttrs(rt, expr, set)
  for (let i = 0; i < expr.dynamic.length; i++) {
    const d = expr.dynamic[i] as AttrsExpr["dynamic"][number]
    const name = (yield stepEval(rt, d.name, inner)) as Value
    if (name !== null) dynamic.add(i, forcePlainString(rt, name, d.pos, dynamicNameFrame), inner)
  }
  return dynamic.finish()
}

function* stepArithmetic(rt: Runtime, expr: Expr & { kind: "call" }, env: Env): Step<Value> {
  const op = arithmeticOf(expr.fun as VarExpr)
  const depth = rt.depth
  if (depth > rt.maxDepth) throw tooDeep(expr.pos)
  rt.depth = depth + 1
  try {
    const a = (yield stepEval(rt, expr.args[0] as Expr, env)) as Value
    const b = (yield stepEval(rt, expr.args[1] as Expr, env)) as Value
    return op === "lessThan" ? ((yield stepLessThan(rt, a, b, "")) as boolean) : arith(rt, op, a, b)
  } catch (e) {
    if (e instanceof NixError) e.frame(expr.pos, `while calling the '${op}' builtin`)
    throw e
  } finally {
    rt.depth = depth
  }
}

function* stepBinary(rt: Runtime, expr: Expr & { kind: "binary" }, env: Env): Step<Value> {
  const { left, right, pos } = expr
  switch (expr.op) {
    case "==":
    case "!=": {
      const a = (yield operand(rt, left, env, `in the left operand of '${expr.op}'`)) as Value
      const b = (yield operand(rt, right, env, `in the right operand of '${expr.op}'`)) as Value
      const same = (yield stepEqual(rt, a, b, pos)) as boolean
      return expr.op === "==" ? same : !same
    }
    case "&&":
      return (
        ((yield stepBool(rt, left, env, "in the left operand of '&&'")) as boolean) &&
        ((yield stepBool(rt, right, env, "in the right operand of '&&'")) as boolean)
      )
    case "||":
      return (
        ((yield stepBool(rt, left, env, "in the left operand of '||'")) as boolean) ||
        ((yield stepBool(rt, right, env, "in the right operand of '||'")) as boolean)
      )
    case "->":
      return (
        !((yield stepBool(rt, left, env, "in the left operand of '->'")) as boolean) ||
        ((yield stepBool(rt, right, env, "in the right operand of '->'")) as boolean)
      )
    case "//": {
      const b = (yield stepUpdateOperand(rt, right, env, "in the right operand of '//'")) as Attrs
      const a = (yield stepUpdateOperand(rt, left, env, "in the left operand of '//'")) as Attrs
      return updateAttrs(a, b)
    }
    case "++": {
      const a = (yield operand(rt, left, env, "in the left operand of '++'")) as Value
      const b = (yield operand(rt, right, env, "in the right operand of '++'")) as Value
      return concatLists(rt, [a, b], pos, "while evaluating one of the elements to concatenate")
    }
  }
}

function* stepUpdateOperand(rt: Runtime, expr: Expr, env: Env, frame: string): Step<Attrs> {
  if (expr.kind === "binary" && expr.op === "//") return (yield stepEval(rt, expr, env)) as Attrs
  try {
    const v = (yield stepEval(rt, expr, env)) as Value
    if (v instanceof Attrs) return v
    throw notASet(rt, v)
  } catch (e) {
    throw framed(e, expr.pos, frame)
  }
}

function* stepConcat(rt: Runtime, expr: Expr & { kind: "concat" }, env: Env): Step<Value> {
  const concat = new Concat(rt, expr)
  for (const part of expr.parts) {
    const v = (yield operand(rt, part.expr, env, operandFrame)) as Value
    const how = concat.number(v, part.pos)
    if (how === true) continue
    if (typeof v === "string" && rt.depth <= rt.maxDepth) {
      concat.string({ text: v, context: null })
      continue
    }
    const options = { more: false, copy: how.copy, canonical: how.canonical }
    for (;;) {
      try {
        concat.string((yield stepCoerce(rt, v, part.pos, segmentFrame, options)) as Text)
        break
      } catch (e) {
        if (!(e instanceof Pending)) throw e
        yield e as unknown as Request
      }
    }
  }
  return concat.finish()
}

function* failAssertion(rt: Runtime, expr: Expr & { kind: "assert" }, env: Env): Step<never> {
  const text = show(expr.cond)
  const cond = expr.cond
  if (cond.kind === "binary" && cond.op === "==") {
    try {
      const a = (yield stepEval(rt, cond.left, env)) as Value
      const b = (yield stepEval(rt, cond.right, env)) as Value
      yield stepAssertEqual(rt, a, b, cond.pos)
    } catch (e) {
      throw frameAssertion(e, expr.pos, text)
    }
  }
  throw new NixError("assertion", `assertion '${text}' failed`, expr.pos)
}
