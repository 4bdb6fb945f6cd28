// Builds that wait for a free place at their executor: the first come, the first served, but that nobody has more places at once
// than the quota gives, and that nobody waits for ever.

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
  #closed = false

  constructor(options: BuildQueueOptions) {
    this.#options = options
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length
  }

  /** How many builds of an account run and wait. */
  countOf(account: Account | undefined): BuildCount {
    const ours = ({ build }: QueuedBuild): boolean => build.account === account
    return { running: [...this.#running].filter(ours).length, waiting: this.#waiting.filter(ours).length }
  }

  /** Starts a build, now or later; gives how many wait until it is its turn, itself included: 0 if it has begun. */
  add(queued: QueuedBuild): number {
    const { build } = queued
    this.#waiting.push(queued)
    build.signal.addEventListener("abort", () => this.#leave(queued, new BuildFailure("cancelled", "the build was stopped")), {
      once: true,
    })
    this.#startNext()
    const position = this.#waiting.indexOf(queued) + 1
    if (position > 0) this.#boundWait(queued)
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
    const there = new Map<Executor, number>()
    const theirs = new Map<Account | undefined, number>()
    const count = ({ executor, build: { account } }: QueuedBuild): void => {
      there.set(executor, (there.get(executor) ?? 0) + 1)
      theirs.set(account, (theirs.get(account) ?? 0) + 1)
    }
    for (const queued of this.#running) count(queued)
    for (let i = 0; i < this.#waiting.length; ) {
      const queued = this.#waiting[i]!
      const { account } = queued.build
      const most = account?.quota.builds ?? Number.POSITIVE_INFINITY
      if ((there.get(queued.executor) ?? 0) >= queued.executor.jobs || (theirs.get(account) ?? 0) >= most) {
        i++
        continue
      }
      this.#waiting.splice(i, 1)
      count(queued)
      this.#start(queued)
    }
  }

  #start(queued: QueuedBuild): void {
    this.#running.add(queued)
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
