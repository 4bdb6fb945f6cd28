// Looks at the machine's processes while builds go on: which builders run, and whether one runs twice at the same time. A builder is
// known by what its script writes to its log, and one run from another by its process namespace.
import * as fs from "node:fs"

/** Milliseconds between two looks. */
const between = 100

export class RunningBuilders {
  readonly #known: RegExp
  readonly #own: string
  readonly #timer: NodeJS.Timeout
  readonly #seen = new Set<string>()
  /** What ran twice at the same time. */
  readonly overlaps = new Set<string>()
  /** Looks so far. */
  looks = 0

  /** `known` finds the name of a builder (its first group) in its command line. */
  constructor(known: RegExp) {
    this.#known = known
    this.#own = fs.readlinkSync("/proc/self/ns/pid")
    this.#timer = setInterval(() => this.#look(), between)
  }

  /** Names of builders that were seen. */
  get seen(): ReadonlySet<string> {
    return this.#seen
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** The runs of each builder that is there now. */
  now(): Map<string, Set<string>> {
    const running = new Map<string, Set<string>>()
    for (const pid of fs.readdirSync("/proc")) {
      if (!/^\d+$/.test(pid)) continue
      try {
        const name = this.#known.exec(fs.readFileSync(`/proc/${pid}/cmdline`, "latin1"))?.[1]
        if (name === undefined) continue
        const namespace = fs.readlinkSync(`/proc/${pid}/ns/pid`)
        // The sandbox's own process outside has the same command line.
        if (namespace === this.#own) continue
        running.set(name, (running.get(name) ?? new Set()).add(namespace))
      } catch {
        // It has just ended, or is not ours to look at.
      }
    }
    return running
  }

  #look(): void {
    this.looks++
    for (const [name, runs] of this.now()) {
      this.#seen.add(name)
      if (runs.size > 1) this.overlaps.add(name)
    }
  }
}
