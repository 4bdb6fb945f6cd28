// A list of stores by priority: the first is asked, several times if it cannot be reached; then the next.

import { StoreError, type StoreErrorCode } from "./error.ts"

/** How often and how fast a store is asked again. */
export interface Patience {
  /** How many times after the first. */
  readonly retries: number
  /** Milliseconds before the second try; twice as many before each one after. */
  readonly backoff: number
  /** Waits; the host's clock. */
  sleep(milliseconds: number): Promise<void>
}

/** Faults after which the same store may do better. */
const passing: ReadonlySet<StoreErrorCode> = new Set(["unreachable", "damaged"])
/** Faults after which another store may do better. */
const local: ReadonlySet<StoreErrorCode> = new Set(["unreachable", "damaged", "absent", "denied", "unsupported"])
/** The same, of writes. */
const refusing: ReadonlySet<StoreErrorCode> = new Set(["unreachable", "denied", "quota", "read-only"])

function isOneOf(codes: ReadonlySet<StoreErrorCode>, error: unknown): boolean {
  return error instanceof StoreError && codes.has(error.code)
}

export class Failover<Store> {
  readonly stores: readonly Store[]
  readonly #patience: Patience

  constructor(stores: readonly Store[], patience: Patience) {
    if (stores.length === 0) throw new RangeError("a list of stores has at least one")
    this.stores = stores
    this.#patience = patience
  }

  /** Asks one store until it answers or fails for good. */
  async ask<T>(store: Store, question: (store: Store) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await question(store)
      } catch (error) {
        if (!isOneOf(passing, error) || tries >= this.#patience.retries) throw error
        await this.#patience.sleep(this.#patience.backoff * 2 ** tries)
      }
    }
  }

  /**
   * Asks for things one store after the other, each only for what those before did not have. Gives what was found, in the order
   * of the keys, null where no store has it. Throws the first fault if something was not found and a store could not be asked.
   */
  async find<Key, T>(
    keys: readonly Key[],
    question: (store: Store, keys: readonly Key[]) => Promise<readonly (T | null)[]>,
  ): Promise<(T | null)[]> {
    const found: (T | null)[] = keys.map(() => null)
    let open = keys.map((_, i) => i)
    const faults: unknown[] = []
    for (const store of this.stores) {
      if (open.length === 0) return found
      const wanted = open.map((i) => keys[i]!)
      const answers = await this.#answers(store, wanted, question, faults)
      const left: number[] = []
      open.forEach((i, at) => {
        const answer = answers[at] ?? null
        if (answer === null) left.push(i)
        else found[i] = answer
      })
      open = left
    }
    if (open.length > 0 && faults.length > 0) throw faults[0]
    return found
  }

  async #answers<Key, T>(
    store: Store,
    keys: readonly Key[],
    question: (store: Store, keys: readonly Key[]) => Promise<readonly (T | null)[]>,
    faults: unknown[],
  ): Promise<readonly (T | null)[]> {
    try {
      return await this.ask(store, (asked) => question(asked, keys))
    } catch (error) {
      if (!isOneOf(local, error)) throw error
      // One of many may be at fault: the others are asked for one by one.
      if (keys.length === 1 || (error as StoreError).code === "unreachable") {
        faults.push(error)
        return []
      }
      const answers: (T | null)[] = []
      for (const key of keys) answers.push((await this.#answers(store, [key], question, faults))[0] ?? null)
      return answers
    }
  }

  /** Gives the place of the first store after `from` that may stand in after this fault; throws the fault if there is none. */
  nextAfter(error: unknown, from: number): number {
    if (!isOneOf(local, error) || from + 1 >= this.stores.length) throw error
    return from + 1
  }

  /** Writes to the first store that takes it. */
  async put<T>(write: (store: Store) => Promise<T>): Promise<T> {
    let fault: unknown
    for (const store of this.stores) {
      try {
        return await this.ask(store, write)
      } catch (error) {
        if (!isOneOf(refusing, error)) throw error
        fault ??= error
      }
    }
    throw fault
  }

  /** Begins something with the first store that does not refuse at once. */
  begin<T>(start: (store: Store) => T): T {
    let fault: unknown
    for (const store of this.stores) {
      try {
        return start(store)
      } catch (error) {
        if (!isOneOf(refusing, error)) throw error
        fault ??= error
      }
    }
    throw fault
  }
}
