// A bound on how much goes on at once.

/** Lets at most `size` users in at a time; whoever came first goes first. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  /** Waits for a slot; gives what frees it (a second call does nothing). */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    let isIn = true
    return () => {
      if (!isIn) return
      isIn = false
      const next = this.#waiting.shift()
      // The slot goes from one to the next.
      if (next === undefined) this.#free++
      else next()
    }
  }

  /** Runs `work` in a slot. */
  async use<T>(work: () => Promise<T>): Promise<T> {
    const leave = await this.enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
