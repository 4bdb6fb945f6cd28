// The log of one build: bytes as they come, cut anywhere, as lines. It changes in place, because logs are long; `turn` tells that it has.

/** Lines that are kept; earlier ones are dropped, and counted. */
const MOST = 50_000
/** Characters of a line that are kept. */
const LONGEST = 5_000

export class LogText {
  #decoder = new TextDecoder()
  #lines: string[] = []
  #rest = ""
  #dropped = 0
  #turn = 0

  /** How many lines were dropped at the beginning. */
  get dropped(): number {
    return this.#dropped
  }

  /** Another number after every change. */
  get turn(): number {
    return this.#turn
  }

  /** The lines, the last one as far as it has come. */
  lines(): readonly string[] {
    return this.#rest === "" ? this.#lines : [...this.#lines, this.#rest]
  }

  add(bytes: Uint8Array): void {
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n")
    this.#rest = (parts.pop() ?? "").slice(0, LONGEST)
    // A carriage return begins the line anew, as terminals have it: what was written last is what was meant to be seen.
    for (const part of parts) this.#lines.push(part.replace(/\r$/, "").replace(/^.*\r/, "").slice(0, LONGEST))
    const over = this.#lines.length - MOST
    // Dropped by many at once: each time costs a copy.
    if (over > MOST / 10) {
      this.#lines = this.#lines.slice(over)
      this.#dropped += over
    }
    this.#turn++
  }

  /** The log begins anew. */
  clear(): void {
    this.#decoder = new TextDecoder()
    this.#lines = []
    this.#rest = ""
    this.#dropped = 0
    this.#turn++
  }
}
