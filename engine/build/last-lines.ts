// The last lines of a log, for messages. C++ Nix: derivation-building-goal.cc logTail

import { LogLines } from "./log-lines.ts"

/** Lines kept, as Nix's `log-lines`. */
const count = 25
/** Characters of a line that are kept. */
const longest = 2000

export class LastLines {
  #log = new LogLines()
  #lines: readonly string[] = []

  /** Takes what was written. */
  push(bytes: Uint8Array): void {
    this.#add(this.#log.push(bytes))
  }

  #add(lines: readonly string[]): void {
    this.#lines = [...this.#lines, ...lines.map((line) => line.slice(0, longest))].slice(-count)
  }

  clear(): void {
    this.#log = new LogLines()
    this.#lines = []
  }

  /** The lines; the log has ended. */
  end(): readonly string[] {
    this.#add(this.#log.end())
    return this.#lines
  }
}
