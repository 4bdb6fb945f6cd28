// From a bound tree to JavaScript closures: each function here turns one node into a function
// (rt, env) → value. Bodies, thunks and branches are compiled when they first run. No code is generated, so
// this works under any content-security policy. C++ Nix: the eval methods of eval.cc; the stepper's ops have
// the same meaning (stepper/compile.ts), and both use the same frames and errors.

import { BORDER, GLOBAL } from "../../lang/bind.ts"
import { type Expr, type IfExpr, type InheritFromExpr, type LambdaExpr, unreachable, type VarExpr } from "../../lang/expr.ts"
import { show } from "../../lang/show.ts"
import { stepAssertEqual } from "../assert-equal.ts"
import { Attrs } from "../attrs.ts"
import { drive } from "../drive.ts"
import { NixError } from "../error.ts"
import { force, forceThunk } from "../force.ts"
import { Lookup } from "../lookup.ts"
import { COST, type Runtime } from "../runtime.ts"
import { runEval } from "../stepper/trampoline.ts"
import { type Cell, EMPTY_LIST, type Env, Lambda, LambdaCode, NixFloat, NixPath, NixString, type Run, Thunk, type Value } from "../value.ts"
import { lookupWith, positionValue } from "../variable.ts"
import { compileAttrs, compileLet } from "./attrs.ts"
import { compileCall } from "./call.ts"
import { codeOf, type Maker, makeCell, makerOf } from "./child.ts"
import { compileConcat } from "./concat.ts"
import { boolOf, compileBinary } from "./operator.ts"
import { compileHasAttr, compileSelect } from "./select.ts"

/** The closure of a bound expression. */
export function compile(expr: Expr): Run {
  const run = compileNode(expr)
  return expr.height % BORDER === 0 && expr.height > 0 ? border(expr, run) : run
}

/** A part of an expression; below a border it is compiled only when it runs, so that compiling stays shallow. */
export function compilePart(expr: Expr): Run {
  if (expr.height % BORDER !== 0 || expr.height === 0) return compileNode(expr)
  const code = codeOf(expr)
  return (rt, env) => code.run(rt, env)
}

/** In very tall expressions the native stack is looked at between calls too. */
function border(expr: Expr, run: Run): Run {
  return (rt, env) => {
    const stack = rt.stack
    if (stack > rt.stackLimit) return runEval(rt, expr, env)
    rt.stack = stack + BORDER * 230
    const value = run(rt, env)
    rt.stack = stack
    return value
  }
}

function compileNode(expr: Expr): Run {
  switch (expr.kind) {
    case "int": {
      const value = expr.value
      return () => value
    }
    case "float": {
      const value = new NixFloat(expr.value)
      return () => value
    }
    case "string": {
      const value = expr.text
      return () => value
    }
    case "path": {
      const value = new NixPath(expr.path)
      return () => value
    }
    case "var":
      return compileVar(expr)
    case "inherit-from":
      return compileInheritFrom(expr)
    case "select":
      return compileSelect(expr)
    case "has-attr":
      return compileHasAttr(expr)
    case "attrs":
      return compileAttrs(expr)
    case "list": {
      const makers = expr.items.map(makerOf)
      const n = makers.length
      if (n === 0) return () => EMPTY_LIST
      const cost = COST.list + n * COST.slot
      return (rt, env) => {
        const list: Cell[] = new Array(n)
        for (let i = 0; i < n; i++) list[i] = makeCell(rt, makers[i] as Maker, env)
        if ((rt.credit -= cost) < 0) rt.spend(list)
        return list
      }
    }
    case "lambda": {
      const code = lambdaCode(expr)
      return (rt, env) => {
        const lambda = new Lambda(code, env)
        if ((rt.credit -= COST.lambda) < 0) rt.spend(lambda)
        return lambda
      }
    }
    case "call":
      return compileCall(expr)
    case "let":
      return compileLet(expr)
    case "with": {
      const maker = makerOf(expr.attrs)
      const body = compilePart(expr.body)
      return (rt, env) => body(rt, [env, makeCell(rt, maker, env)])
    }
    case "if":
      return compileIf(expr)
    case "assert": {
      const cond = boolOf(expr.cond, "in the condition of the assert statement")
      const body = compilePart(expr.body)
      return (rt, env) => {
        if (!cond(rt, env)) failAssertion(rt, expr, env)
        return body(rt, env)
      }
    }
    case "not": {
      const operand = boolOf(expr.operand, "in the argument of '!'")
      return (rt, env) => !operand(rt, env)
    }
    case "binary":
      return compileBinary(expr)
    case "concat":
      return compileConcat(expr)
    case "cur-pos": {
      const pos = expr.pos
      return (rt) => positionValue(rt, pos)
    }
    case "broken":
      throw new RangeError("a broken expression cannot be evaluated")
    default:
      return unreachable(expr)
  }
}

/** The code of a lambda; `x: y: …` knows its inner lambda. */
export function lambdaCode(expr: LambdaExpr): LambdaCode {
  // Only this function writes `plan`.
  const known = expr.plan as LambdaCode | null
  if (known !== null) return known
  const inner = expr.body.kind === "lambda" ? lambdaCode(expr.body) : null
  const strict = expr.formals === null && expr.arg !== null && forcesFirst(expr.body, 0)
  const code = new LambdaCode(expr, codeOf(expr.body), inner, strict)
  expr.plan = code
  return code
}

/** True if the variable in slot 1, `level` environments up, is certainly the first thing that is forced. */
function forcesFirst(expr: Expr, level: number): boolean {
  switch (expr.kind) {
    case "var":
      return expr.level === level && expr.slot === 1 && expr.fromWith === null
    case "if":
    case "assert":
      return forcesFirst(expr.cond, level)
    case "not":
      return forcesFirst(expr.operand, level)
    case "binary":
      return expr.op !== "//" && forcesFirst(expr.left, level)
    case "concat":
      return expr.parts[0] !== undefined && forcesFirst(expr.parts[0].expr, level)
    case "select":
    case "has-attr":
      return forcesFirst(expr.target, level)
    case "call":
      return isArithmetic(expr.fun) && expr.args[0] !== undefined && forcesFirst(expr.args[0], level)
    case "let":
      return forcesFirst(expr.body, level + 1)
    case "with":
      return forcesFirst(expr.body, level + 1)
    default:
      return false
  }
}

/** The builtins that operators stand for, not shadowed. */
export function isArithmetic(fun: Expr): fun is VarExpr {
  return (
    fun.kind === "var" &&
    fun.level === GLOBAL &&
    (fun.name === "__sub" || fun.name === "__lessThan" || fun.name === "__mul" || fun.name === "__div")
  )
}

function compileVar(expr: VarExpr): Run {
  const { slot, level, pos } = expr
  if (expr.fromWith !== null) {
    const lookup = new Lookup(expr.name)
    return (rt, env) => force(rt, lookupWith(rt, env, expr, lookup), pos)
  }
  if (level === GLOBAL) return (rt) => force(rt, rt.globals[slot] as Cell, pos)
  switch (level) {
    case 0:
      return (rt, env) => {
        const c = env[slot] as Cell
        return c instanceof Thunk ? readThunk(rt, c, env, slot, pos) : c
      }
    case 1:
      return (rt, env) => {
        const at = env[0] as Env
        const c = at[slot] as Cell
        return c instanceof Thunk ? readThunk(rt, c, at, slot, pos) : c
      }
    case 2:
      return (rt, env) => {
        const at = (env[0] as Env)[0] as Env
        const c = at[slot] as Cell
        return c instanceof Thunk ? readThunk(rt, c, at, slot, pos) : c
      }
    case 3:
      return (rt, env) => {
        const at = ((env[0] as Env)[0] as Env)[0] as Env
        const c = at[slot] as Cell
        return c instanceof Thunk ? readThunk(rt, c, at, slot, pos) : c
      }
    default:
      return (rt, env) => {
        let up = env
        for (let i = level; i > 0; i--) up = up[0] as Env
        const c = up[slot] as Cell
        return c instanceof Thunk ? readThunk(rt, c, up, slot, pos) : c
      }
  }
}

/**
 * Forces the thunk in a slot and puts its value there, so that the thunk can be forgotten: with 952 packages one of six. Not where
 * the cell's identity is visible: that of lists («repeated»), functions and floats (`[f] == [f]`).
 */
function readThunk(rt: Runtime, thunk: Thunk, env: Env, slot: number, pos: number): Value {
  const value = thunk.code === null ? (thunk.content as Value) : forceThunk(rt, thunk, pos)
  if (value instanceof Attrs || typeof value !== "object" || value === null || value instanceof NixString) env[slot] = value
  return value
}

function compileInheritFrom(expr: InheritFromExpr): Run {
  const slot = expr.index + 1
  const pos = expr.pos
  return (rt, env) => {
    const c = env[slot] as Cell
    return c instanceof Thunk ? readThunk(rt, c, env, slot, pos) : c
  }
}

function compileIf(expr: IfExpr): Run {
  const cond = boolOf(expr.cond, "while evaluating a branch condition")
  // Branches are compiled when they are first taken.
  let yes: Run | null = null
  let no: Run | null = null
  return (rt, env) => {
    if (cond(rt, env)) {
      if (yes === null) yes = compilePart(expr.yes)
      return yes(rt, env)
    }
    if (no === null) no = compilePart(expr.no)
    return no(rt, env)
  }
}

/** A failed `assert`: for `==` the difference is explained (C++ Nix: ExprAssert::eval). Always throws. */
function failAssertion(rt: Runtime, expr: Expr & { kind: "assert" }, env: Env): never {
  const text = show(expr.cond)
  const cond = expr.cond
  if (cond.kind === "binary" && cond.op === "==") {
    try {
      const left = codeOf(cond.left).run(rt, env)
      const right = codeOf(cond.right).run(rt, env)
      drive(rt, stepAssertEqual(rt, left, right, cond.pos))
    } catch (e) {
      throw frameAssertion(e, expr.pos, text)
    }
  }
  throw new NixError("assertion", `assertion '${text}' failed`, expr.pos)
}

/** The frame of an explained assertion, on assertion errors only. */
export function frameAssertion(e: unknown, pos: number, text: string): unknown {
  if (e instanceof NixError && (e.kind === "assertion" || e.kind === "throw"))
    e.frame(pos, `while evaluating the condition of the assertion '${text}'`)
  return e
}
