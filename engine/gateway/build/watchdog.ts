// Watches a build that runs: its time, its silence, its log, what it writes to the disk, and whether anybody still wants it.

import { BuildFailure, type BuildLimits, longestTimer } from "./executor.ts"

/** Milliseconds between two looks at the disk, at least. */
const shortestLook = 1000

export class Watchdog {
  readonly #limits: BuildLimits
  readonly #signal: AbortSignal
  readonly #usage: () => Promise<number>
  readonly #timers: NodeJS.Timeout[] = []
  #silence: NodeJS.Timeout | undefined
  #logged = 0
  #stopped = false
  #bite: (fault: BuildFailure) => void = () => {}
  #fault: BuildFailure | undefined

  /** `usage` gives the bytes that the build has written. */
  constructor(limits: BuildLimits, signal: AbortSignal, usage: () => Promise<number>) {
    this.#limits = limits
    this.#signal = signal
    this.#usage = usage
  }

  /** Why the build had to be stopped; undefined if it did not. */
  get fault(): BuildFailure | undefined {
    return this.#fault
  }

  /** Begins to watch. `bite` is called at most once: it has to stop the build. */
  start(bite: (fault: BuildFailure) => void): void {
    this.#bite = bite
    const [time, silence] = [Math.min(this.#limits.time, longestTimer), Math.min(this.#limits.silence, longestTimer)]
    this.#timers.push(setTimeout(() => this.#stop("timeout", `timed out after ${Math.round(time / 1000)} seconds`), time))
    this.#silence = setTimeout(() => this.#stop("silence", `timed out after ${Math.round(silence / 1000)} seconds of silence`), silence)
    if (this.#signal.aborted) this.#cancel()
    else this.#signal.addEventListener("abort", this.#cancel, { once: true })
    this.#look(shortestLook)
  }

  /** Takes note of bytes of the log; false if they are too many. */
  wrote(bytes: number): boolean {
    if (this.#fault !== undefined) return false
    this.#silence?.refresh()
    this.#logged += bytes
    if (this.#logged <= this.#limits.logBytes) return true
    this.#stop("log-limit", `the builder wrote more than ${this.#limits.logBytes} bytes to its log`)
    return false
  }

  /** Ends watching. */
  stop(): void {
    this.#stopped = true
    for (const timer of this.#timers) clearTimeout(timer)
    clearTimeout(this.#silence)
    this.#signal.removeEventListener("abort", this.#cancel)
  }

  readonly #cancel = (): void => this.#stop("cancelled", "the build was stopped")

  #stop(reason: BuildFailure["reason"], message: string): void {
    if (this.#fault !== undefined || this.#stopped) return
    this.#fault = new BuildFailure(reason, message)
    this.#bite(this.#fault)
  }

  /** Looks at the disk now and then: the more files, the less often. */
  #look(after: number): void {
    const timer = setTimeout(async () => {
      const begun = performance.now()
      const used = await this.#usage()
      if (used > this.#limits.outputBytes) this.#stop("output-limit", `the builder wrote more than ${this.#limits.outputBytes} bytes`)
      if (!this.#stopped && this.#fault === undefined) this.#look(Math.max(shortestLook, 20 * (performance.now() - begun)))
    }, after)
    timer.unref()
    this.#timers.push(timer)
  }
}
