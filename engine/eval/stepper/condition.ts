// Conditions: expressions that must give a Boolean (C++ Nix: evalBool). The twin of boolOf of
// ../closure/operator.ts.

import type { Expr } from "../../lang/expr.ts"
import { framed, typeError } from "../force.ts"
import type { Runtime } from "../runtime.ts"
import type { Env, Value } from "../value.ts"
import { compilePart } from "./compile.ts"
import type { Machine, Op } from "./machine.ts"

/** An expression with the frame of its errors. */
export class Condition {
  private readonly op: Op
  readonly pos: number
  private readonly frame: string

  constructor(op: Op, pos: number, frame: string) {
    this.op = op
    this.pos = pos
    this.frame = frame
  }

  /** Runs it; undefined after suspending: then the frame that comes calls checkBool and `framed`. */
  run(m: Machine, env: Env): boolean | undefined {
    let v: Value | undefined
    try {
      v = this.op(m, env)
    } catch (e) {
      throw this.framed(e)
    }
    return v === true || v === false || v === undefined ? v : checkBool(m.rt, v, this)
  }

  framed(e: unknown): unknown {
    return framed(e, this.pos, this.frame)
  }
}

export function compileCondition(expr: Expr, frame: string): Condition {
  return new Condition(compilePart(expr), expr.pos, frame)
}

/** The value of a condition if it is a Boolean; else throws the type error, framed. */
export function checkBool(rt: Runtime, v: Value, cond: Condition): boolean {
  if (v === true || v === false) return v
  throw cond.framed(typeError(rt, "a Boolean", v, cond.pos))
}
