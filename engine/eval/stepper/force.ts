// Forcing in the stepper: the twin of ../force.ts.

import { failApply, failThunk, forceSpecial } from "../force.ts"
import { APPLY, BLACKHOLE, type Cell, type Code, EAGER, type Env, FAILED, Thunk, type Value } from "../value.ts"
import { call1, callCell } from "./call.ts"
import { opOf } from "./compile.ts"
import type { Frame, Machine } from "./machine.ts"

/** The value of a cell, or undefined after suspending; `pos` is where it is needed. */
export function forceCell(m: Machine, cell: Cell, pos: number): Value | undefined {
  return cell instanceof Thunk ? (cell.code === null ? (cell.content as Value) : forceThunk(m, cell, pos)) : cell
}

/** Forces a thunk that is not done yet. */
export function forceThunk(m: Machine, thunk: Thunk, pos: number): Value | undefined {
  const code = thunk.code
  if (code === null) return thunk.content as Value
  if (code === APPLY) return forceApply(m, thunk, pos)
  if (code === EAGER || code === FAILED || code === BLACKHOLE) return forceSpecial(thunk, pos)
  const rt = m.rt
  const env = thunk.content as Env
  const owner = rt.current
  const depth = rt.depth
  thunk.code = BLACKHOLE
  rt.current = thunk
  const used = m.used
  let value: Value | undefined
  if (used > m.span || --m.turns < 0) value = m.goal(opOf(code), env)
  else {
    m.used = used + code.weight
    try {
      value = opOf(code)(m, env)
    } catch (e) {
      rt.depth = depth
      rt.current = owner
      throw failThunk(rt, thunk, code, env, e)
    }
  }
  if (value === undefined) {
    m.save(new UpdateFrame(thunk, code, env, owner, depth))
    return undefined
  }
  m.used = used
  rt.current = owner
  thunk.code = null
  thunk.content = value
  if (rt.longText !== 0) rt.ownText(thunk, value)
  return value
}

/** Forces an application. C++ Nix leaves it in place while it runs: no black hole. */
function forceApply(m: Machine, thunk: Thunk, pos: number): Value | undefined {
  const rt = m.rt
  const app = thunk.content as readonly Cell[]
  const owner = rt.current
  const depth = rt.depth
  rt.current = thunk
  const used = m.used
  m.used = used + APPLY.weight
  let value: Value | undefined
  try {
    // Most are `f x`, of map and its like, and `f` is known.
    const f = app[0] as Cell
    value = app.length === 2 && !(f instanceof Thunk) ? call1(m, f, app[1] as Cell, pos) : callCell(m, f, app.slice(1), pos)
  } catch (e) {
    rt.depth = depth
    rt.current = owner
    throw failApply(rt, thunk, app, e)
  }
  if (value === undefined) {
    m.save(new UpdateFrame(thunk, APPLY, app, owner, depth))
    return undefined
  }
  m.used = used
  rt.current = owner
  thunk.code = null
  thunk.content = value
  if (rt.longText !== 0) rt.ownText(thunk, value)
  return value
}

/** A thunk waits for its value. */
class UpdateFrame implements Frame {
  up: Frame | null = null
  private readonly thunk: Thunk
  private readonly code: Code
  private readonly env: Env | readonly Cell[]
  private readonly owner: Thunk | null
  private readonly depth: number

  constructor(thunk: Thunk, code: Code, env: Env | readonly Cell[], owner: Thunk | null, depth: number) {
    this.thunk = thunk
    this.code = code
    this.env = env
    this.owner = owner
    this.depth = depth
  }

  resume(m: Machine, value: unknown): unknown {
    const { thunk } = this
    const { rt } = m
    rt.current = this.owner
    thunk.code = null
    thunk.content = value as Value
    if (rt.longText !== 0) rt.ownText(thunk, value as Value)
    return value
  }

  fail(m: Machine, error: unknown): unknown {
    const { rt } = m
    rt.depth = this.depth
    rt.current = this.owner
    return this.code === APPLY ? failApply(rt, this.thunk, this.env, error) : failThunk(rt, this.thunk, this.code, this.env, error)
  }
}
