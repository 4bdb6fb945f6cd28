// An executor that does what a test tells it, for what goes on around builds.
import type { BuildJob } from "../../engine/gateway/build/build-job.ts"
import { BuildFailure, type BuildWatch, type BuiltOutput, type Executor } from "../../engine/gateway/build/executor.ts"
import type { Stores } from "../../engine/store/stores.ts"
import { storeTree } from "../store/memory-store.ts"

/** A build that was begun and waits for its end. */
export interface Begun {
  readonly job: BuildJob
  readonly watch: BuildWatch
  finish(content: string): void
  fail(failure: BuildFailure): void
}

export class ScriptedExecutor implements Executor {
  readonly name = "scripted"
  readonly systems: readonly string[]
  readonly features: readonly string[] = []
  readonly jobs: number
  readonly #stores: Stores
  readonly begun: Begun[] = []
  #waiting: (() => void)[] = []
  /** How many run now, and at most. */
  running = 0
  most = 0

  constructor(stores: Stores, jobs = 1, systems: readonly string[] = ["x86_64-linux"]) {
    this.#stores = stores
    this.jobs = jobs
    this.systems = systems
  }

  async check(): Promise<string | undefined> {
    return undefined
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    this.running++
    this.most = Math.max(this.most, this.running)
    try {
      const content = await new Promise<string>((resolve, reject) => {
        this.begun.push({ job, watch, finish: resolve, fail: reject })
        watch.signal.addEventListener("abort", () => reject(new BuildFailure("cancelled", "the build was stopped")))
        for (const wake of this.#waiting.splice(0)) wake()
      })
      const outputs: BuiltOutput[] = []
      for (const path of job.outputs) outputs.push({ path, node: await storeTree(this.#stores, content) })
      return outputs
    } finally {
      this.running--
    }
  }

  /** The build that was begun as number `n`, from 0. */
  async nth(n: number): Promise<Begun> {
    while (this.begun.length <= n) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    return this.begun[n]!
  }
}
