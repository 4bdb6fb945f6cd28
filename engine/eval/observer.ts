// What forced what, and how long it took: for people who look at values. An observer sees what is compiled while it is there
// (closure/child.ts asks for it once per expression), up to a number of events; then its wrappers take themselves off, so that a
// long evaluation is observed at its beginning and runs on at full speed. What the stepper runs (deep recursion) is not seen.

import type { Expr } from "../lang/expr.ts"
import type { Runtime } from "./runtime.ts"
import type { Code, Env, Run, Thunk, Value } from "./value.ts"

/** A thunk that was forced, or a function's body that ran. Times are in milliseconds since the observer began. */
export interface Observed {
  readonly kind: "force" | "call"
  readonly expr: Expr
  /** The event in which this one happened; null for what was asked for from outside. */
  readonly by: Observed | null
  readonly depth: number
  readonly started: number
  /** Null while it runs. */
  ended: number | null
  failed: boolean
}

/** Native stack that a wrapper takes, in bytes: measured at most 200. */
const WRAPPER = 250

export class ForceObserver {
  /** In the order in which they began. */
  readonly events: Observed[] = []
  readonly most: number
  readonly #now: () => number
  readonly #began: number
  readonly #of = new WeakMap<Thunk, Observed>()
  #current: Observed | null = null
  #thunk: Thunk | null = null

  /** Keeps at most `most` events; `now` is a clock in milliseconds. */
  constructor(most: number, now: () => number) {
    this.most = most
    this.#now = now
    this.#began = now()
  }

  /** True once events were left out. */
  get full(): boolean {
    return this.events.length >= this.most
  }

  /** How a thunk was forced, if that was seen. */
  of(thunk: Thunk): Observed | undefined {
    return this.#of.get(thunk)
  }

  /** `run` of `code`, observed. */
  wrap(code: Code, run: Run): Run {
    return (rt: Runtime, env: Env): Value => {
      if (this.full) {
        code.run = run
        return run(rt, env)
      }
      const thunk = rt.current
      const outer = this.#current
      const outerThunk = this.#thunk
      const event: Observed = {
        kind: thunk === outerThunk ? "call" : "force",
        expr: code.expr,
        by: outer,
        depth: outer === null ? 0 : outer.depth + 1,
        started: this.#now() - this.#began,
        ended: null,
        failed: true,
      }
      this.events.push(event)
      if (thunk !== null && thunk !== outerThunk) this.#of.set(thunk, event)
      this.#current = event
      this.#thunk = thunk
      const stack = rt.stack
      rt.stack = stack + WRAPPER
      try {
        const value = run(rt, env)
        event.failed = false
        return value
      } finally {
        rt.stack = stack
        event.ended = this.#now() - this.#began
        this.#current = outer
        this.#thunk = outerThunk
      }
    }
  }
}
