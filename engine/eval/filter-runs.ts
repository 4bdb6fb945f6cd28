// What the filters of builtins.path and filterSource have decided. A tree can be large and its filter slow, and waiting (`Pending`)
// runs the builtin again: then the filter is asked only for what it has not decided yet. A run belongs
// to the innermost thunk in progress; evaluation is deterministic, so the nth run of a thunk stays its nth when it is run again.

import type { Thunk } from "./value.ts"

/** An answer of a filter, and the owner's counter after it, which is set again when the answer is not asked for. */
interface Answer {
  readonly keep: boolean
  /** Runs that the owner had begun (filters may use filters). */
  readonly begun: number
}

/** One use of a filter. */
export interface FilterRun {
  /** By path. */
  readonly answers: Map<string, Answer>
}

interface Owned {
  begun: number
  readonly runs: FilterRun[]
}

export class FilterRuns {
  #owned = new WeakMap<object, Owned>()
  /** Stands for the root of an evaluation, which is no thunk. */
  readonly #root = {}

  #of(owner: Thunk | null): Owned {
    const key = owner ?? this.#root
    let owned = this.#owned.get(key)
    if (owned === undefined) {
      owned = { begun: 0, runs: [] }
      this.#owned.set(key, owned)
    }
    return owned
  }

  /** The owner's next run. */
  begin(owner: Thunk | null): FilterRun {
    const owned = this.#of(owner)
    const run = owned.runs[owned.begun] ?? { answers: new Map() }
    owned.runs[owned.begun++] = run
    return run
  }

  /** How many runs the owner has begun. */
  begun(owner: Thunk | null): number {
    return this.#of(owner).begun
  }

  /** Goes back or ahead to another run. */
  goTo(owner: Thunk | null, begun: number): void {
    this.#of(owner).begun = begun
  }

  /** The owner is undone. */
  undo(owner: Thunk | null): void {
    const owned = this.#owned.get(owner ?? this.#root)
    if (owned !== undefined) owned.begun = 0
  }

  /** A new evaluation begins: the files may have changed. */
  clear(): void {
    this.#owned = new WeakMap()
  }
}
