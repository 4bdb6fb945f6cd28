// Generators of builtins and of the library (see ../step.ts), driven by the machine: the twin of ../drive.ts.

import type { Expr } from "../../lang/expr.ts"
import { codeOf } from "../closure/child.ts"
import { CallRequest, ForceRequest, type Request, type Step } from "../step.ts"
import { type Env, Thunk, type Value } from "../value.ts"
import { callCell } from "./call.ts"
import { opOf } from "./compile.ts"
import { forceThunk } from "./force.ts"
import { type Frame, type Machine, NOTHING, RECOVERED } from "./machine.ts"

/** Native stack of a generator and its driver, by our own count. */
const WEIGHT = 500

/** Runs a generator; the result is what it returns (NOTHING for undefined), or undefined after suspending. */
export function drive(m: Machine, step: Step<unknown>): unknown {
  const depth = m.rt.depth
  if (m.used > m.span || --m.turns < 0) {
    m.goal(nothing, m.rt.globals)
    m.save(new GeneratorFrame(step, depth))
    return undefined
  }
  return advance(m, step, depth, step.next())
}

function nothing(): never {
  // The first answer of a generator is not looked at.
  return NOTHING as never
}

/** Answers the requests of a generator until it returns. `depth` is the call depth at its start. */
function advance(m: Machine, step: Step<unknown>, depth: number, first: IteratorResult<unknown, unknown>): unknown {
  const used = m.used
  m.used = used + WEIGHT
  let r = first
  while (r.done !== true) {
    const request = r.value
    let answer: unknown
    try {
      if (request instanceof ForceRequest) {
        const cell = request.cell
        answer = cell instanceof Thunk ? (cell.code === null ? cell.content : forceThunk(m, cell, request.pos)) : cell
      } else if (request instanceof CallRequest) answer = callCell(m, request.fun, request.args, request.pos)
      else if (request instanceof Evaluation) answer = opOf(codeOf(request.expr))(m, request.env)
      else answer = drive(m, request as Step<unknown>)
    } catch (e) {
      m.used = used + WEIGHT
      m.rt.depth = depth
      r = step.throw(e)
      continue
    }
    if (answer === undefined) {
      m.save(new GeneratorFrame(step, depth))
      return undefined
    }
    r = step.next(answer === NOTHING ? undefined : answer)
  }
  m.used = used
  return r.value === undefined ? NOTHING : r.value
}

/** A request of the stepper's own: the value of an expression. */
class Evaluation {
  readonly expr: Expr
  readonly env: Env
  constructor(expr: Expr, env: Env) {
    this.expr = expr
    this.env = env
  }
}

/** Asks for the value of an expression; only the machine can answer. */
export function evaluate(expr: Expr, env: Env): Request {
  // No request of step.ts: the native driver must not meet it.
  return new Evaluation(expr, env) as unknown as Request
}

/** Evaluates an expression to a value, as a step of its own that only the machine can drive. */
export function* evaluation(expr: Expr, env: Env): Step<Value> {
  return (yield evaluate(expr, env)) as Value
}

/** A generator waits for an answer. */
class GeneratorFrame implements Frame {
  up: Frame | null = null
  private readonly step: Step<unknown>
  private readonly depth: number

  constructor(step: Step<unknown>, depth: number) {
    this.step = step
    this.depth = depth
  }

  resume(m: Machine, value: unknown): unknown {
    return advance(m, this.step, this.depth, this.step.next(value === NOTHING ? undefined : value))
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    // Throws on if the generator does not catch.
    m.recovered = advance(m, this.step, this.depth, this.step.throw(error))
    return RECOVERED
  }
}
