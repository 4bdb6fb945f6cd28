// The last lines of a log, for messages. C++ Nix: derivation-building-goal.cc logTail

/** Lines kept, as Nix's `log-lines`. */
const count = 25
/** Characters of a line that are kept. */
const longest = 2000

export class LastLines {
  #lines: string[] = []
  #open = ""
  readonly #decoder = new TextDecoder()

  /** Takes what was written. */
  push(bytes: Uint8Array): void {
    const parts = (this.#open + this.#decoder.decode(bytes, { stream: true })).split("\n")
    this.#open = (parts.pop() ?? "").slice(-longest)
    this.#lines = [...this.#lines, ...parts.map((line) => line.slice(0, longest))].slice(-count)
  }

  clear(): void {
    this.#lines = []
    this.#open = ""
  }

  /** The lines, the last one even if it has no end. */
  get lines(): readonly string[] {
    return (this.#open === "" ? this.#lines : [...this.#lines, this.#open]).slice(-count)
  }
}
