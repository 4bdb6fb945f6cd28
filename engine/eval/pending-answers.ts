// Answers that evaluation waits for, by what was asked: the same question has the same answer as long as these are kept, and is worked
// on once.

import { NixError, Pending } from "./error.ts"

type Outcome = { readonly value: unknown } | { readonly error: NixError }

export class PendingAnswers {
  readonly #faultOf: (error: unknown) => NixError | undefined
  readonly #outcomes = new Map<string, Outcome>()
  readonly #waiting = new Map<string, Promise<void>>()

  /** `faultOf` gives what is thrown for an error of work that is none of Nix's; without it, such an error is a bug. */
  constructor(faultOf: (error: unknown) => NixError | undefined = () => undefined) {
    this.#faultOf = faultOf
  }

  /** The answer, or Pending until it is there. `work` of one key always has the same type. Throws what `work` rejects with. */
  answer<T>(key: string, work: () => Promise<T>): T {
    return this.#get(key, work, false)
  }

  /** The same for what takes long: evaluation looks for other work meanwhile. */
  answerLong<T>(key: string, work: () => Promise<T>): T {
    return this.#get(key, work, true)
  }

  #get<T>(key: string, work: () => Promise<T>, isLong: boolean): T {
    const outcome = this.#outcomes.get(key)
    if (outcome !== undefined) {
      if ("error" in outcome) throw outcome.error.clone()
      return outcome.value as T // by this key only `work` of this type is remembered
    }
    let ready = this.#waiting.get(key)
    if (ready === undefined) {
      ready = this.#settle(key, work)
      // Whoever asked may not care any more.
      ready.catch(() => {})
      this.#waiting.set(key, ready)
    }
    throw new Pending(ready, isLong)
  }

  async #settle(key: string, work: () => Promise<unknown>): Promise<void> {
    try {
      this.#outcomes.set(key, { value: await work() })
    } catch (e) {
      const error = e instanceof NixError ? e : this.#faultOf(e)
      if (error === undefined) throw e
      this.#outcomes.set(key, { error })
    } finally {
      this.#waiting.delete(key)
    }
  }
}
