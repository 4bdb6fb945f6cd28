// Whether evaluation is ahead of its turn (look-ahead.ts). Nothing of that may be seen: no line is printed, no error remembered, no
// question counted. What is left are values of thunks, and what the host has begun.

import { Pending } from "./error.ts"

/** Pieces looked at in one attempt: a value that is met on many ways would be looked at on each of them. */
const most = 4096

export class Ahead {
  #depth = 0
  #left = most

  /** Whether what is evaluated now is not needed yet. */
  get isLooking(): boolean {
    return this.#depth > 0
  }

  /** Evaluation begins, or begins again. */
  begin(): void {
    this.#left = most
  }

  /** Whether another piece may be looked at; it counts then. */
  take(): boolean {
    return this.#left > 0 && this.#left-- > 0
  }

  enter(): void {
    this.#depth++
  }

  leave(): void {
    this.#depth--
  }

  /** What to throw where a piece has to end: it waits for its turn. */
  end(): Pending {
    return new Pending(new Promise(() => {}))
  }
}
