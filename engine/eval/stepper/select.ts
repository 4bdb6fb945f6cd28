// Ops of `a.b.c`, `a.b or c` and `a ? b`: the twin of ../closure/select.ts.

import type { AttrName, Expr, HasAttrExpr, SelectExpr } from "../../lang/expr.ts"
import { Attrs } from "../attrs.ts"
import { frameSelect, missingAttr, selectFrame } from "../closure/select.ts"
import { forceAttrs, forcePlainString } from "../force.ts"
import type { Runtime } from "../runtime.ts"
import type { Shape } from "../shape.ts"
import { type Cell, type Env, Thunk, type Value } from "../value.ts"
import { compilePart } from "./compile.ts"
import { forceCell, forceThunk } from "./force.ts"
import type { Frame, Machine, Op } from "./machine.ts"
import { Operand } from "./operand.ts"

/** One step of a path: a fixed name, or the op that computes it. */
interface Step {
  readonly name: string | null
  readonly op: Op | null
  readonly pos: number
}

function stepOf(name: AttrName): Step {
  return typeof name === "string" ? { name, op: null, pos: 0 } : { name: null, op: compilePart(name), pos: name.pos }
}

/** The name that a computed step has given. */
function nameOf(rt: Runtime, step: Step, v: Value): string {
  return forcePlainString(rt, v, step.pos, "while evaluating an attribute name")
}

/** What is known of a selection before it runs. */
class Plan {
  readonly expr: SelectExpr
  readonly target: Operand
  readonly path: readonly Step[]
  readonly fallback: Op | null

  constructor(expr: SelectExpr) {
    this.expr = expr
    this.target = new Operand(expr.target, selectFrame)
    this.path = expr.path.map(stepOf)
    this.fallback = expr.fallback === null ? null : compilePart(expr.fallback)
  }
}

export function compileSelect(expr: SelectExpr): Op {
  const first = expr.path[0]
  if (expr.path.length === 1 && typeof first === "string" && expr.fallback === null) return selectOne(expr, first)
  const plan = new Plan(expr)
  const after = (m: Machine, v: Value, env: Env) => select(m, plan, env, v, 0, 0, null)
  return (m, env) => {
    const v = plan.target.run(m, env)
    if (v !== undefined) return after(m, v, env)
    m.save(new TargetFrame(plan.target, after, env))
    return undefined
  }
}

/**
 * Selects from step `i` of the path on, in the cell `cell`, whose position is `attrPos`. `known` is the name of
 * that step if it is computed already.
 */
function select(m: Machine, plan: Plan, env: Env, cell: Cell, from: number, at: number, known: string | null): Value | undefined {
  const rt = m.rt
  const depth = rt.depth
  const { expr, path } = plan
  const pos = expr.pos
  let cur = cell
  let attrPos = at
  let name = known
  let i = from
  try {
    for (; i < path.length; i++) {
      const step = path[i] as Step
      if (name === null) {
        if (step.op === null) name = step.name as string
        else {
          const v = step.op(m, env)
          if (v === undefined) {
            m.save(new SelectFrame(plan, env, cur, i, attrPos, null, depth))
            return undefined
          }
          name = nameOf(rt, step, v)
        }
      }
      if (cur instanceof Thunk && cur.code !== null && forceThunk(m, cur, pos) === undefined) {
        m.save(new SelectFrame(plan, env, cur, i, attrPos, name, depth))
        return undefined
      }
      const v: Value = cur instanceof Thunk ? (cur.content as Value) : cur
      if (plan.fallback === null) {
        const set = forceAttrs(rt, v, pos, selectFrame)
        const next = set.get(name)
        if (next === undefined) throw missingAttr(set, name)
        cur = next
        attrPos = set.posOf(name)
      } else {
        const next: Cell | undefined = v instanceof Attrs ? v.get(name) : undefined
        if (next === undefined) {
          // The fallback runs inside: its errors get this selection's frame too, as in C++ Nix.
          const other = plan.fallback(m, env)
          if (other === undefined) m.save(new SelectFrame(plan, env, null, i, attrPos, DONE, depth))
          return other
        }
        cur = next
        attrPos = (v as Attrs).posOf(name)
      }
      name = null
    }
    const value = forceCell(m, cur, attrPos || pos)
    if (value === undefined) m.save(new SelectFrame(plan, env, null, i, attrPos, DONE, depth))
    return value
  } catch (e) {
    rt.depth = depth
    throw frameSelect(rt, e, expr, env, attrPos, i)
  }
}

/** In place of a name: what is waited for is the result. No name has a space before a line break. */
const DONE = " \n"

/** Inside of a selection: a computed name (`name` null), a set, or the result is being evaluated. */
class SelectFrame implements Frame {
  up: Frame | null = null
  private readonly plan: Plan
  private readonly env: Env
  private readonly cur: Cell
  private readonly i: number
  private readonly attrPos: number
  private readonly name: string | null
  private readonly depth: number

  constructor(plan: Plan, env: Env, cur: Cell, i: number, attrPos: number, name: string | null, depth: number) {
    this.plan = plan
    this.env = env
    this.cur = cur
    this.i = i
    this.attrPos = attrPos
    this.name = name
    this.depth = depth
  }

  resume(m: Machine, value: unknown): unknown {
    const { plan, i, name } = this
    if (name === DONE) return value
    if (name !== null) return select(m, plan, this.env, this.cur, i, this.attrPos, name)
    let computed: string
    try {
      computed = nameOf(m.rt, plan.path[i] as Step, value as Value)
    } catch (e) {
      throw this.fail(m, e)
    }
    return select(m, plan, this.env, this.cur, i, this.attrPos, computed)
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    return frameSelect(m.rt, error, this.plan.expr, this.env, this.attrPos, this.i)
  }
}

/** The target of a selection or of `?` is being evaluated. */
class TargetFrame implements Frame {
  up: Frame | null = null
  private readonly target: Operand
  private readonly after: (m: Machine, v: Value, env: Env) => Value | undefined
  private readonly env: Env

  constructor(target: Operand, after: (m: Machine, v: Value, env: Env) => Value | undefined, env: Env) {
    this.target = target
    this.after = after
    this.env = env
  }

  resume(m: Machine, value: unknown): unknown {
    return this.after(m, value as Value, this.env)
  }

  fail(_m: Machine, error: unknown): unknown {
    return this.target.framed(error)
  }
}

/** `e.name`: the shape of the last set and the index in it are remembered. */
function selectOne(expr: SelectExpr, name: string): Op {
  const target = new Operand(expr.target, selectFrame)
  const pos = expr.pos
  let shape: Shape | null = null
  let index = 0
  const after = (m: Machine, v: Value, env: Env): Value | undefined => {
    const rt = m.rt
    let cell: Cell | undefined
    if (v instanceof Attrs) {
      const s = v.shape
      if (s === null) cell = v.get(name)
      else if (s === shape) cell = v.at(index)
      else {
        const i = s.find(name)
        if (i >= 0) {
          shape = s
          index = i
          cell = v.at(i)
        }
      }
      if (cell !== undefined) {
        if (!(cell instanceof Thunk)) return cell
        if (cell.code === null) return cell.content as Value
        const depth = rt.depth
        let value: Value | undefined
        try {
          value = forceThunk(m, cell, v.posOf(name) || pos)
        } catch (e) {
          rt.depth = depth
          throw frameSelect(rt, e, expr, env, v.posOf(name), 1)
        }
        if (value === undefined) m.save(new AttrFrame(expr, v, name, depth))
        return value
      }
    }
    try {
      throw missingAttr(forceAttrs(rt, v, pos, selectFrame), name)
    } catch (e) {
      throw frameSelect(rt, e, expr, env, 0, 0)
    }
  }
  return (m, env) => {
    const v = target.run(m, env)
    if (v !== undefined) return after(m, v, env)
    m.save(new TargetFrame(target, after, env))
    return undefined
  }
}

/** The only attribute of a path is being forced. */
class AttrFrame implements Frame {
  up: Frame | null = null
  private readonly expr: SelectExpr
  private readonly set: Attrs
  private readonly name: string
  private readonly depth: number

  constructor(expr: SelectExpr, set: Attrs, name: string, depth: number) {
    this.expr = expr
    this.set = set
    this.name = name
    this.depth = depth
  }

  resume(_m: Machine, value: unknown): unknown {
    return value
  }

  fail(m: Machine, error: unknown): unknown {
    const { rt } = m
    rt.depth = this.depth
    // A fixed path needs no environment to be shown.
    return frameSelect(rt, error, this.expr, rt.globals, this.set.posOf(this.name), 1)
  }
}

/** `e ? path`. */
export function compileHasAttr(expr: HasAttrExpr): Op {
  const target = new Operand(expr.target, "in the argument of '?'")
  const path = expr.path.map(stepOf)
  const after = (m: Machine, v: Value, env: Env) => hasAttr(m, expr, path, env, v, 0)
  return (m, env) => {
    const v = target.run(m, env)
    if (v !== undefined) return after(m, v, env)
    m.save(new TargetFrame(target, after, env))
    return undefined
  }
}

/** Looks from step `from` of the path on: first the set is forced, then the name computed. */
function hasAttr(m: Machine, expr: Expr, path: readonly Step[], env: Env, cell: Cell, from: number): boolean | undefined {
  let cur = cell
  for (let i = from; i < path.length; i++) {
    const set = forceCell(m, cur, expr.pos)
    if (set === undefined) {
      m.save(new HasAttrFrame(expr, path, env, cur, i, false))
      return undefined
    }
    const step = path[i] as Step
    let name = step.name
    if (name === null) {
      const v = (step.op as Op)(m, env)
      if (v === undefined) {
        m.save(new HasAttrFrame(expr, path, env, cur, i, true))
        return undefined
      }
      name = nameOf(m.rt, step, v)
    }
    const next: Cell | undefined = set instanceof Attrs ? set.get(name) : undefined
    if (next === undefined) return false
    cur = next
  }
  return true
}

/** Inside of `?`: a set is being forced, or (`naming`) the name of step `i` computed. */
class HasAttrFrame implements Frame {
  up: Frame | null = null
  private readonly expr: Expr
  private readonly path: readonly Step[]
  private readonly env: Env
  private readonly cur: Cell
  private readonly i: number
  private readonly naming: boolean

  constructor(expr: Expr, path: readonly Step[], env: Env, cur: Cell, i: number, naming: boolean) {
    this.expr = expr
    this.path = path
    this.env = env
    this.cur = cur
    this.i = i
    this.naming = naming
  }

  resume(m: Machine, value: unknown): unknown {
    const { cur, i } = this
    if (!this.naming) return hasAttr(m, this.expr, this.path, this.env, cur, i)
    const set = cur instanceof Thunk ? cur.content : cur
    const name = nameOf(m.rt, this.path[i] as Step, value as Value)
    const next: Cell | undefined = set instanceof Attrs ? set.get(name) : undefined
    return next === undefined ? false : hasAttr(m, this.expr, this.path, this.env, next, i + 1)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}
