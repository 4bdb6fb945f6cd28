// `builtins.trace` must print exactly once, although waiting (`Pending`) undoes thunks and evaluation begins again from its root.
//
// Evaluation is deterministic: begun again, it does what it did before, but for what finished thunks have kept, until it asks the
// host for what it had to wait for. Up to there every line has been printed already; behind it every line is new. So the host's
// answers are watched: the one that was waited for ends the repetition.

import type { Ahead } from "./ahead.ts"
import { Pending } from "./error.ts"
import type { Host } from "./host.ts"
import type { Runtime } from "./runtime.ts"

/** Prints a line for the user, unless it was printed before evaluation had to wait. */
export function logOnce(rt: Runtime, line: string): void {
  // It is printed in its turn.
  if (rt.ahead.isLooking) throw rt.ahead.end()
  if (rt.repetition.isNew(line)) rt.host.log(line)
}

/** A question to the host, told from others by its method and arguments. */
interface Question {
  readonly method: string
  readonly key: string
}

/** Where evaluation is in what it repeats. */
export class Repetition {
  readonly #ahead: Ahead
  /** All lines that were printed, in order. */
  #printed: string[] = []
  /** How many of them the present attempt has come past. */
  #passed = 0
  /** The question whose answer ends the repetition; null while everything is new. */
  #until: Question | null = null
  /** The question that was answered by Pending last. */
  #waiting: Question | null = null

  constructor(ahead: Ahead) {
    this.#ahead = ahead
  }

  /** A new evaluation begins. */
  begin(): void {
    this.#ahead.begin()
    this.#printed = []
    this.#passed = 0
    this.#until = null
    this.#waiting = null
  }

  /** Evaluation has to begin again, because an answer was not there. */
  again(): void {
    this.#ahead.begin()
    this.#passed = 0
    // If it had not come as far as the last time, the place is still that of the last time.
    this.#until ??= this.#waiting
  }

  /** Whether a line has not been printed yet; then it counts as printed. */
  isNew(line: string): boolean {
    if (this.#until !== null) {
      const at = this.#printed.indexOf(line, this.#passed)
      if (at >= 0) {
        this.#passed = at + 1
        return false
      }
      // Never printed: the place must have been passed without the question being asked again.
      this.#until = null
    }
    this.#printed.push(line)
    return true
  }

  /** A question was answered, or has to wait. What is asked before its turn does not count. */
  asked(method: string, args: readonly unknown[], waits: boolean): void {
    if (this.#ahead.isLooking || (!waits && this.#until?.method !== method)) return
    const key = keyOf(args)
    if (waits) this.#waiting = { method, key }
    else if (this.#until?.key === key) this.#until = null
  }

  /** Whether answers matter at the moment. */
  get repeats(): boolean {
    return this.#until !== null
  }
}

function keyOf(args: readonly unknown[]): string {
  return JSON.stringify(args, (_key, value: unknown) =>
    value instanceof Map ? [...value] : typeof value === "bigint" ? `${value}` : value,
  )
}

/** A host whose answers a repetition sees. */
export function watchHost(host: Host, repetition: Repetition): Host {
  const watched = new Map<string | symbol, { readonly method: unknown; readonly by: unknown }>()
  return new Proxy(host, {
    get(target, name) {
      const method: unknown = Reflect.get(target, name)
      if (typeof method !== "function") return method
      // A method may be replaced while the host lives.
      const known = watched.get(name)
      if (known?.method === method) return known.by
      const by = (...args: unknown[]): unknown => {
        let answer: unknown
        try {
          answer = method.apply(target, args)
        } catch (e) {
          if (e instanceof Pending) repetition.asked(String(name), args, true)
          else if (repetition.repeats) repetition.asked(String(name), args, false)
          throw e
        }
        if (repetition.repeats) repetition.asked(String(name), args, false)
        return answer
      }
      watched.set(name, { method, by })
      return by
    },
  })
}
