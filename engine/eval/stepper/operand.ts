// Operands: expressions whose errors get a frame (the twin of operandOf of ../closure/operator.ts), and
// operators with two of them.

import type { Expr } from "../../lang/expr.ts"
import { Attrs } from "../attrs.ts"
import { notASet } from "../closure/operator.ts"
import { framed } from "../force.ts"
import { type Later, lookBeside } from "../look-ahead.ts"
import type { Runtime } from "../runtime.ts"
import type { Env, Value } from "../value.ts"
import { compilePart } from "./compile.ts"
import type { Frame, Machine, Op } from "./machine.ts"

/** An operand with the frame of its errors; "" for none. */
export class Operand {
  readonly op: Op
  private readonly pos: number
  private readonly frame: string
  /** It must be a set. */
  private readonly set: boolean

  /** What is evaluated after it in any case. */
  private readonly later: Later | undefined

  constructor(expr: Expr, frame: string, { set = false, later }: { readonly set?: boolean; readonly later?: Later } = {}) {
    this.op = compilePart(expr)
    this.pos = expr.pos
    this.frame = frame
    this.set = set
    this.later = later
  }

  /** Runs it; undefined after suspending: then the frame that comes calls `accept` and `framed`. */
  run(m: Machine, env: Env): Value | undefined {
    let v: Value | undefined
    try {
      v = this.op(m, env)
    } catch (e) {
      throw this.failed(m.rt, env, e)
    }
    return this.set && v !== undefined ? this.accept(m.rt, v) : v
  }

  /** Looks at the value; throws with the frame. */
  accept(rt: Runtime, v: Value): Value {
    if (this.set && !(v instanceof Attrs)) throw this.framed(notASet(rt, v))
    return v
  }

  /** What to throw for what was thrown while it was evaluated. */
  failed(rt: Runtime, env: Env, e: unknown): unknown {
    return this.framed(this.later === undefined ? e : lookBeside(rt, e, this.later, env))
  }

  framed(e: unknown): unknown {
    return this.frame === "" ? e : framed(e, this.pos, this.frame)
  }
}

/** An operator with two operands that are always both evaluated, in this order. */
export interface Pair {
  readonly first: Operand
  readonly second: Operand
  finish(m: Machine, first: Value, second: Value): Value | undefined
}

/** The op of a pair. */
export function compilePair(pair: Pair): Op {
  const { first, second } = pair
  return (m, env) => {
    const a = first.run(m, env)
    if (a === undefined) {
      m.save(new PairFrame(pair, env, undefined))
      return undefined
    }
    const b = second.run(m, env)
    if (b === undefined) {
      m.save(new PairFrame(pair, env, a))
      return undefined
    }
    return pair.finish(m, a, b)
  }
}

/** The first operand of a pair is being evaluated, or the second when the first is there. */
class PairFrame implements Frame {
  up: Frame | null = null
  private readonly pair: Pair
  private readonly env: Env
  private first: Value | undefined

  constructor(pair: Pair, env: Env, first: Value | undefined) {
    this.pair = pair
    this.env = env
    this.first = first
  }

  resume(m: Machine, value: unknown): unknown {
    const pair = this.pair
    // What comes is the value of an op.
    const v = value as Value
    const a = this.first
    if (a !== undefined) return pair.finish(m, a, pair.second.accept(m.rt, v))
    const first = pair.first.accept(m.rt, v)
    const b = pair.second.run(m, this.env)
    if (b !== undefined) return pair.finish(m, first, b)
    this.first = first
    m.save(this)
    return undefined
  }

  fail(m: Machine, error: unknown): unknown {
    return (this.first === undefined ? this.pair.first : this.pair.second).failed(m.rt, this.env, error)
  }
}
