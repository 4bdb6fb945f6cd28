// Builds that wait for a free place at their executor. A place goes to the account that has the fewest there, so that a thousand
// builds of one do not keep another waiting; of one account, the first come is the first served. Nobody has more places at once than
// the quota gives, and nobody waits for ever.

import type { Account } from "../account.ts"
import type { Build } from "./build.ts"
import type { BuildJob } from "./build-job.ts"
import { BuildFailure, type Executor, longestTimer } from "./executor.ts"

export interface QueuedBuild {
  readonly build: Build
  readonly job: BuildJob
  readonly executor: Executor
}

/** How many builds somebody has. */
export interface BuildCount {
  readonly running: number
  readonly waiting: number
}

export interface BuildQueueOptions {
  /** Milliseconds that a build waits, at most. */
  readonly longestWait: number
  /** Runs a build to its end; never rejects. */
  readonly run: (queued: QueuedBuild) => Promise<void>
  /** Told of a build that will never start, and why. */
  readonly onLeft: (build: Build, why: BuildFailure) => void
}

export class BuildQueue {
  readonly #options: BuildQueueOptions
  readonly #waiting: QueuedBuild[] = []
  readonly #running = new Set<QueuedBuild>()
  readonly #ends = new Set<Promise<void>>()
  /** When each account had its last turn: the number of the start. */
  readonly #turns = new Map<Account | undefined, number>()
  #starts = 0
  #closed = false

  constructor(options: BuildQueueOptions) {
    this.#options = options
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length
  }

  /** All that run and wait. */
  *all(): Generator<QueuedBuild> {
    yield* this.#running
    yield* this.#waiting
  }

  /** How many builds of an account run and wait. */
  countOf(account: Account | undefined): BuildCount {
    const ours = ({ build }: QueuedBuild): boolean => build.account === account
    return { running: [...this.#running].filter(ours).length, waiting: this.#waiting.filter(ours).length }
  }

  /** How many builds each account may have waiting, where all may have so many: what one does not use, others may. */
  hasRoom(account: Account | undefined, all: number): boolean {
    if (this.#waiting.length < all) return true
    const accounts = new Set(this.#waiting.map(({ build }) => build.account)).add(account)
    return this.countOf(account).waiting < Math.floor(all / accounts.size)
  }

  /** Starts a build, now or later; gives how many wait until it is its turn, itself included: 0 if it has begun. */
  add(queued: QueuedBuild): number {
    const { build } = queued
    this.#waiting.push(queued)
    build.signal.addEventListener("abort", () => this.#leave(queued, new BuildFailure("cancelled", "the build was stopped")), {
      once: true,
    })
    this.#startNext()
    if (!this.#waiting.includes(queued)) return 0
    this.#boundWait(queued)
    return this.#positionOf(queued)
  }

  /** How many go first if nobody comes any more, and itself: its account's own, and as many of each other that wants a place there. */
  #positionOf({ build: { account }, executor }: QueuedBuild): number {
    const waiting = new Map<Account | undefined, number>()
    for (const { build, executor: theirs } of this.#waiting) {
      if (theirs === executor) waiting.set(build.account, (waiting.get(build.account) ?? 0) + 1)
    }
    // It was the last to come.
    const own = waiting.get(account) ?? 0
    let position = 0
    for (const [, count] of waiting) position += Math.min(count, own)
    return position
  }

  #boundWait(queued: QueuedBuild): void {
    const { longestWait } = this.#options
    const why = `the build waited for its turn for ${Math.round(longestWait / 1000)} seconds, longer than it may`
    setTimeout(() => this.#leave(queued, new BuildFailure("queue-timeout", why)), Math.min(longestWait, longestTimer)).unref()
  }

  /** A build that waits and is no longer to start. */
  #leave(queued: QueuedBuild, why: BuildFailure): void {
    const at = this.#waiting.indexOf(queued)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    this.#options.onLeft(queued.build, why)
  }

  #startNext(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#waiting.splice(this.#waiting.indexOf(next), 1)
      this.#start(next)
    }
  }

  /** Who is next, if there is a place for anybody. */
  #next(): QueuedBuild | undefined {
    const there = new Map<Executor, number>()
    const theirs = new Map<Account | undefined, number>()
    for (const { executor, build } of this.#running) {
      there.set(executor, (there.get(executor) ?? 0) + 1)
      theirs.set(build.account, (theirs.get(build.account) ?? 0) + 1)
    }
    let next: QueuedBuild | undefined
    const seen = new Map<Executor, Set<Account | undefined>>()
    for (const queued of this.#waiting) {
      const { executor, build } = queued
      const { account } = build
      if ((there.get(executor) ?? 0) >= executor.jobs) continue
      if ((theirs.get(account) ?? 0) >= (account?.quota.builds ?? Number.POSITIVE_INFINITY)) continue
      const accounts = seen.get(executor) ?? new Set()
      if (accounts.has(account)) continue
      seen.set(executor, accounts.add(account))
      if (next === undefined || this.#isBefore(account, next.build.account, theirs)) next = queued
    }
    return next
  }

  /** Whether an account's turn is before another's: it has fewer builds that run, or as many and waits for longer. */
  #isBefore(one: Account | undefined, other: Account | undefined, running: ReadonlyMap<Account | undefined, number>): boolean {
    const difference = (running.get(one) ?? 0) - (running.get(other) ?? 0)
    if (difference !== 0) return difference < 0
    return (this.#turns.get(one) ?? 0) < (this.#turns.get(other) ?? 0)
  }

  #start(queued: QueuedBuild): void {
    this.#running.add(queued)
    this.#turns.set(queued.build.account, ++this.#starts)
    const end = this.#options.run(queued).finally(() => {
      this.#ends.delete(end)
      this.#running.delete(queued)
      if (!this.#closed) this.#startNext()
    })
    this.#ends.add(end)
  }

  /** Starts nothing any more; those that wait are forgotten, without a word. */
  close(): void {
    this.#closed = true
    this.#waiting.length = 0
  }

  /** Fulfilled when none runs that runs now. */
  async ended(): Promise<void> {
    await Promise.all(this.#ends)
  }
}
