// Calling builtins in the stepper. Arguments are forced here; builtins that call back run as generators; a
// builtin whose host has to wait is asked again.

import type { PrimOp } from "../builtin.ts"
import { type AnyRun, type AnyStep, forceKind, spendOn } from "../call.ts"
import { NixError, Pending } from "../error.ts"
import { type Cell, Thunk, type Value } from "../value.ts"
import { forceThunk } from "./force.ts"
import { drive } from "./generator.ts"
import { type Frame, type Machine, RECOVERED } from "./machine.ts"

/** Native stack of a builtin's run, by our own count. */
const WEIGHT = 900

/** Calls a builtin of one argument; see callPrimOp. */
export function callPrimOp1(m: Machine, op: PrimOp, arg: Cell, depth: number, pos: number): Value | undefined {
  const kind = (op.args[0] as PrimOp["args"][number])[1]
  if (op.run === null || op.step !== null || (kind !== "lazy" && arg instanceof Thunk && arg.code !== null))
    return forceArgs(m, op, [arg, pos], 0, depth, pos)
  const rt = m.rt
  let forced: unknown = arg
  let value: Value
  try {
    if (kind !== "lazy") forced = forceKind(rt, arg, kind, 0, op.frames[0] as string)
    value = (op.run as AnyRun)(rt, forced, pos)
  } catch (e) {
    if (e instanceof Pending && m.canWait) return waitFor(m, e, op, [forced, pos], depth, pos)
    rt.depth = depth
    throw frameCall(e, op, pos)
  }
  rt.depth = depth
  if (rt.credit < 0) spendOn(rt, value)
  return value
}

/**
 * Calls a builtin with exactly its arguments: `have`, and those of `args` from `from` on. The call is counted
 * already; `depth` is restored behind it. Returns undefined after suspending.
 */
export function callPrimOp(
  m: Machine,
  op: PrimOp,
  have: readonly Cell[],
  args: readonly Cell[],
  from: number,
  depth: number,
  pos: number,
): Value | undefined {
  const n = op.arity
  // Exactly as long as it gets: frames may keep it for long.
  const forced: unknown[] = new Array(n + 1)
  for (let i = 0; i < have.length; i++) forced[i] = have[i]
  for (let i = have.length; i < n; i++) forced[i] = args[from + i - have.length]
  forced[n] = pos
  return forceArgs(m, op, forced, 0, depth, pos)
}

/**
 * Forces the arguments in place, from the `from`th in order on, then runs the builtin. `forced` has the cells
 * of the arguments, then the position.
 */
function forceArgs(m: Machine, op: PrimOp, forced: unknown[], from: number, depth: number, pos: number): Value | undefined {
  const rt = m.rt
  const used = m.used
  m.used = used + WEIGHT
  const order = op.order
  let i = from
  try {
    for (; i < order.length; i++) {
      const n = order[i] as number
      const kind = (op.args[n] as PrimOp["args"][number])[1]
      if (kind === "lazy") continue
      const cell = forced[n] as Cell
      if (cell instanceof Thunk && cell.code !== null) {
        let v: Value | undefined
        try {
          v = forceThunk(m, cell, 0)
        } catch (e) {
          throw frameArg(e, op, n)
        }
        if (v === undefined) {
          m.save(new ArgFrame(op, forced, i, depth, pos))
          return undefined
        }
      }
      forced[n] = forceKind(rt, cell, kind, 0, op.frames[n] as string)
    }
    const value = runPrimOp(m, op, forced)
    if (value === undefined) {
      m.save(new PrimOpFrame(op, m.canWait ? forced : nothing, depth, pos))
      return undefined
    }
    m.used = used
    rt.depth = depth
    if (rt.credit < 0) spendOn(rt, value)
    return value
  } catch (e) {
    if (e instanceof Pending && m.canWait && i === order.length) return waitFor(m, e, op, forced, depth, pos)
    rt.depth = depth
    throw frameCall(e, op, pos)
  }
}

/** What a frame keeps that is never asked again. */
const nothing: readonly unknown[] = []

/** Runs a builtin with its forced arguments and position. */
function runPrimOp(m: Machine, op: PrimOp, forced: readonly unknown[]): Value | undefined {
  // The casts restore what builtin() forgot: the arguments are of the declared kinds.
  if (op.step !== null) return drive(m, (op.step as AnyStep)(m.rt, ...forced)) as Value | undefined
  const run = op.run as AnyRun
  switch (forced.length) {
    case 2:
      return run(m.rt, forced[0], forced[1])
    case 3:
      return run(m.rt, forced[0], forced[1], forced[2])
    default:
      return run(m.rt, ...forced)
  }
}

/** The host has no answer yet. Nothing was changed by the builtin: waits, then asks again. */
function waitFor(m: Machine, e: Pending, op: PrimOp, forced: readonly unknown[], depth: number, pos: number): undefined {
  m.rt.depth = depth + 1
  m.waitFor(e, (m) => runPrimOp(m, op, forced))
  m.save(new PrimOpFrame(op, forced, depth, pos))
  return undefined
}

/** The frame of an argument, for the kinds whose forcing adds it to inner errors too (../force.ts). */
function frameArg(e: unknown, op: PrimOp, n: number): unknown {
  const kind = (op.args[n] as PrimOp["args"][number])[1]
  if (e instanceof NixError && kind !== "any" && kind !== "attrs" && kind !== "list") e.frame(0, op.frames[n] as string)
  return e
}

function frameCall(e: unknown, op: PrimOp, pos: number): unknown {
  if (op.frame && e instanceof NixError) e.frame(pos, `while calling the '${op.name}' builtin`)
  return e
}

/** An argument is being forced. */
class ArgFrame implements Frame {
  up: Frame | null = null
  private readonly op: PrimOp
  private readonly forced: unknown[]
  private readonly at: number
  private readonly depth: number
  private readonly pos: number

  constructor(op: PrimOp, forced: unknown[], at: number, depth: number, pos: number) {
    this.op = op
    this.forced = forced
    this.at = at
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, _value: unknown): unknown {
    return forceArgs(m, this.op, this.forced, this.at, this.depth, this.pos)
  }

  fail(m: Machine, error: unknown): unknown {
    m.rt.depth = this.depth
    return frameCall(frameArg(error, this.op, this.op.order[this.at] as number), this.op, this.pos)
  }
}

/** A builtin is running as a generator, or waits for the host. */
class PrimOpFrame implements Frame {
  up: Frame | null = null
  private readonly op: PrimOp
  private readonly forced: readonly unknown[]
  private readonly depth: number
  private readonly pos: number

  constructor(op: PrimOp, forced: readonly unknown[], depth: number, pos: number) {
    this.op = op
    this.forced = forced
    this.depth = depth
    this.pos = pos
  }

  resume(m: Machine, value: unknown): unknown {
    const { rt } = m
    rt.depth = this.depth
    if (rt.credit < 0) spendOn(rt, value as Value)
    return value
  }

  fail(m: Machine, error: unknown): unknown {
    if (error instanceof Pending && m.canWait) {
      m.recovered = waitFor(m, error, this.op, this.forced, this.depth, this.pos)
      return RECOVERED
    }
    m.rt.depth = this.depth
    return frameCall(error, this.op, this.pos)
  }
}
