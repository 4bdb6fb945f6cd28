// Who may add to the storage and who may remove from it: imports go on beside each other, a garbage collection alone.
// The browser's locks hold across tabs and are freed when a tab or worker dies; without them the lock holds in this one only.

export class StorageLock {
  readonly #name: string
  readonly #locks: LockManager | undefined
  /** Without the browser's locks: what a newcomer has to wait for. */
  #sharers: Promise<unknown>[] = []
  #last: Promise<unknown> = Promise.resolve()

  /** `locks` is the browser's, where it has them (`navigator.locks`). */
  constructor(name: string, locks: LockManager | undefined) {
    this.#name = name
    this.#locks = locks
  }

  /** Runs `body` beside others that add, but never beside a removal. `body` must not take the lock again. */
  shared<T>(body: () => Promise<T>): Promise<T> {
    if (this.#locks !== undefined) return hold(this.#locks.request(this.#name, { mode: "shared" }, body))
    const turn = this.#last.then(body)
    this.#sharers.push(turn.catch(() => {}))
    return turn
  }

  /** Runs `body` when nobody else has the lock, in any tab. `body` must not take the lock again. */
  exclusive<T>(body: () => Promise<T>): Promise<T> {
    if (this.#locks !== undefined) return hold(this.#locks.request(this.#name, { mode: "exclusive" }, body))
    const turn = Promise.all([this.#last, ...this.#sharers]).then(body)
    this.#last = turn.catch(() => {})
    this.#sharers = []
    return turn
  }

  /** As exclusive(), but only if nobody has the lock now; tells whether `body` ran. Never without the browser's locks. */
  async exclusiveIfFree(body: () => Promise<void>): Promise<boolean> {
    if (this.#locks === undefined) return false
    return hold(
      this.#locks.request(this.#name, { mode: "exclusive", ifAvailable: true }, async (lock) => {
        if (lock === null) return false
        await body()
        return true
      }),
    )
  }
}

/** The library of types gives what `body` promises as if it were the value: `Promise<Promise<T>>` is a `Promise<T>`. */
async function hold<T>(request: Promise<T | Promise<T>>): Promise<T> {
  return request
}
