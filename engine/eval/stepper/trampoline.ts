// Where evaluation enters the stepper: generators, thunks, calls and expressions are run to their end, or
// piece by piece, on the heap, wherever the native stack is now.

import type { Expr } from "../../lang/expr.ts"
import { codeOf } from "../closure/child.ts"
import type { Runtime } from "../runtime.ts"
import type { Step } from "../step.ts"
import type { Cell, Env, Thunk, Value } from "../value.ts"
import { call } from "./call.ts"
import { opOf } from "./compile.ts"
import { forceThunk } from "./force.ts"
import { drive } from "./generator.ts"
import { Machine, NOTHING } from "./machine.ts"

/** Calls and forces between two returns to the outermost loop; a small integer, because it is counted down. */
const MANY = 1_000_000_000

/** A computation that is run piece by piece. */
export class Stack {
  private readonly machine: Machine
  done = false
  /** What the computation returned, once `done`. */
  value: unknown = undefined

  constructor(rt: Runtime, root: Step<unknown>) {
    this.machine = new Machine(rt)
    this.machine.goal((m) => drive(m, root) as Value | undefined, rt.globals)
  }

  /**
   * Goes on for about `turns` calls and forces. Returns true when done; throws what the root throws. With
   * `canWait`, Pending is thrown to the caller while everything stays: call `run` again when it is settled.
   */
  run(turns: number, canWait: boolean): boolean {
    const v = this.machine.run(turns, canWait)
    if (v === undefined) return false
    this.done = true
    this.value = v === NOTHING ? undefined : v
    return true
  }
}

/** A machine that is not interrupted. */
function begin(rt: Runtime): Machine {
  const m = new Machine(rt)
  m.turns = MANY
  return m
}

/** Goes on until there is a value. */
function finish(m: Machine, v: unknown): unknown {
  let value = v
  while (value === undefined) value = m.run(MANY, false)
  return value
}

/** Runs a step to its end. */
export function runStepper<T>(rt: Runtime, step: Step<T>): T {
  const m = begin(rt)
  const v = finish(m, drive(m, step))
  // The value is what `step` returned.
  return (v === NOTHING ? undefined : v) as T
}

/** Forces a thunk. */
export function runForce(rt: Runtime, thunk: Thunk, pos: number): Value {
  const m = begin(rt)
  return finish(m, forceThunk(m, thunk, pos)) as Value
}

/** Calls a function. */
export function runCall(rt: Runtime, fun: Value, args: readonly Cell[], pos: number): Value {
  const m = begin(rt)
  return finish(m, call(m, fun, args, pos)) as Value
}

/** Evaluates an expression. */
export function runEval(rt: Runtime, expr: Expr, env: Env): Value {
  const m = begin(rt)
  return finish(m, opOf(codeOf(expr))(m, env)) as Value
}
