// Variables from `with` in the stepper: the twin of lookupWith of ../variable.ts.

import type { VarExpr, WithExpr } from "../../lang/expr.ts"
import { forceAttrs } from "../force.ts"
import { type Cell, type Env, Thunk, type Value } from "../value.ts"
import { undefinedVariable, withFrame } from "../variable.ts"
import { forceCell, forceThunk } from "./force.ts"
import type { Frame, Machine, Op } from "./machine.ts"

export function compileWithVariable(expr: VarExpr): Op {
  const level = expr.level
  return (m, env) => {
    let at = env
    for (let i = level; i > 0; i--) at = at[0] as Env
    return lookup(m, expr, at, expr.fromWith as WithExpr)
  }
}

/** Looks the name up from `scope` outwards, whose environment is `at`, and forces what is found. */
function lookup(m: Machine, expr: VarExpr, env: Env, from: WithExpr): Value | undefined {
  let at = env
  let scope = from
  for (;;) {
    const source = at[1] as Cell
    if (source instanceof Thunk && source.code !== null && forceThunk(m, source, scope.pos) === undefined) {
      m.save(new LookupFrame(expr, at, scope))
      return undefined
    }
    const cell = forceAttrs(m.rt, source, scope.pos, withFrame).get(expr.name)
    if (cell !== undefined) return forceCell(m, cell, expr.pos)
    if (scope.parentWith === null) throw undefinedVariable(expr)
    for (let i = scope.prevWith; i > 0; i--) at = at[0] as Env
    scope = scope.parentWith
  }
}

/** The set of a `with` is being forced. */
class LookupFrame implements Frame {
  up: Frame | null = null
  private readonly expr: VarExpr
  private readonly at: Env
  private readonly scope: WithExpr

  constructor(expr: VarExpr, at: Env, scope: WithExpr) {
    this.expr = expr
    this.at = at
    this.scope = scope
  }

  resume(m: Machine, _value: unknown): unknown {
    return lookup(m, this.expr, this.at, this.scope)
  }

  fail(_m: Machine, error: unknown): unknown {
    return error
  }
}
