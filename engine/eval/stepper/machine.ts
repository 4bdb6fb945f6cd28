// The stepper's machine: goes to any depth, can wait or be sliced anywhere, and yet runs most of the time as
// fast as the closures. An *op* runs an expression natively as long as little native stack is in use; when
// that runs out (or a slice ends, or the host has to wait) the innermost op names the machine's next goal and
// returns `undefined`, and everything on the native stack saves what it still has to do as a *frame* on the
// heap and returns too. The machine then goes on with the goal on an empty native stack and hands its result
// to the frames, innermost first. So a level of recursion costs a native call and at most one saving of its
// frames; programs that do not nest deeply make no frames at all.
// (After Pettyjohn et al., "Continuations from Generalized Stack Inspection", 2005. Before, each evaluation
// was a generator on a trampoline: 3–7 times slower, measured with tests/bench.)

import { NixError, type Pending } from "../error.ts"
import type { Runtime } from "../runtime.ts"
import type { Env, Value } from "../value.ts"

/**
 * Runs an expression in an environment to a value, or suspends: then it has set the machine's goal, has
 * saved its frames, innermost first, and returns undefined. Throws what evaluation throws.
 */
export type Op = (m: Machine, env: Env) => Value | undefined

/**
 * What is left to do when a value is there that was waited for. Every class declares its fields for itself:
 * with a common base class the constructors are slower.
 */
export interface Frame {
  /** The next outer frame. */
  up: Frame | null
  /** Goes on with the value; like an op it returns a value or suspends. */
  resume(m: Machine, value: unknown): unknown
  /** What was waited for has thrown: returns what is to be thrown on, or RECOVERED with `m.recovered` set. */
  fail(m: Machine, error: unknown): unknown
}

/** Returned by frames that have handled an error. */
export const RECOVERED: unique symbol = Symbol("recovered")

/** Stands for the `undefined` that a generator returns, because `undefined` means suspended. */
export const NOTHING: unique symbol = Symbol("nothing")

/** Frames kept at most: each takes 100 to 200 bytes with what it holds on to. */
const MAX_FRAMES = 12_000_000

/** An evaluation on the heap. */
export class Machine {
  readonly rt: Runtime
  /** Native stack, in bytes by our own count, that ops take before they save themselves. */
  readonly span: number
  /** The frames, innermost first. */
  private top: Frame | null = null
  private size = 0
  /** The frames saved since the last goal was begun: the innermost, and the outermost. */
  private first: Frame | null = null
  private last: Frame | null = null
  /** What to run next. */
  private op: Op
  private env: Env
  /** Native stack in use since the last goal was begun, by our own count. */
  used = 0
  /** Calls and forces left in this slice. */
  turns = 0
  /** Whether Pending is to be handed to the caller of `run` while the frames stay. */
  canWait = false
  /** What the host is waiting for. */
  private waiting: Pending | null = null
  /** With RECOVERED: a value, or undefined after suspending again. */
  recovered: unknown = undefined

  constructor(rt: Runtime) {
    this.rt = rt
    this.span = rt.settings.stepperBytes
    this.op = noGoal
    this.env = rt.globals
  }

  /** Sets what to run next; the caller returns undefined then. */
  goal(op: Op, env: Env): undefined {
    this.op = op
    this.env = env
    return undefined
  }

  /** Suspends until the host has its answer, then runs `again`. Only if `canWait`. */
  waitFor(pending: Pending, again: Op): undefined {
    this.waiting = pending
    this.op = again
    return undefined
  }

  /** Saves a frame outside of those that were saved already. */
  save(frame: Frame): void {
    if (this.last === null) this.first = frame
    else this.last.up = frame
    this.last = frame
    this.size++
  }

  /**
   * Goes on with the goal. Returns the value of the outermost frame, or undefined when `turns` calls and
   * forces were begun; throws what the outermost frame throws. If `canWait`, Pending is thrown while
   * everything stays: call `run` again when it is settled.
   */
  run(turns: number, canWait: boolean): unknown {
    this.turns = turns
    this.canWait = canWait
    let value: unknown
    for (;;) {
      if (value === undefined) {
        this.link()
        if (this.size > MAX_FRAMES) {
          value = this.unwind(new NixError("stack-overflow", "stack overflow (the evaluation nests too deeply)", 0))
          continue
        }
        const pending = this.waiting
        if (pending !== null) {
          this.waiting = null
          throw pending
        }
        if (this.turns < 0) return undefined
      }
      try {
        if (value === undefined) {
          this.used = 0
          value = this.op(this, this.env)
        }
        while (value !== undefined) {
          const frame = this.top
          if (frame === null) return value
          this.top = frame.up
          this.size--
          this.used = 0
          value = frame.resume(this, value)
        }
      } catch (e) {
        value = this.unwind(e)
      }
    }
  }

  /** Puts the saved frames on top of the others. */
  private link(): void {
    if (this.last === null) return
    this.last.up = this.top
    this.top = this.first
    this.first = null
    this.last = null
  }

  /** Hands an error to the frames until one recovers. Returns what `m.recovered` is then. */
  private unwind(thrown: unknown): unknown {
    let error = thrown
    for (;;) {
      this.first = null
      this.last = null
      this.waiting = null
      const frame = this.top
      if (frame === null) throw error
      this.top = frame.up
      this.size--
      this.used = 0
      try {
        error = frame.fail(this, error)
      } catch (e) {
        error = e
        continue
      }
      if (error === RECOVERED) return this.recovered
    }
  }
}

const noGoal: Op = () => {
  throw new RangeError("the machine has nothing to run")
}
