// Builders that the gateway is itself, as Nix is. C++ Nix: libstore/builtins/

import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import type { Stores } from "../../store/stores.ts"
import type { FetchRules } from "../guarded-fetch.ts"
import type { BuildJob } from "./build-job.ts"
import { onlyOutput } from "./builtin-attribute.ts"
import { buildEnvironment } from "./builtin-buildenv.ts"
import { fetchUrl } from "./builtin-fetchurl.ts"
import { unpackChannel } from "./builtin-unpack-channel.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor, longestTimer } from "./executor.ts"

export class BuiltinExecutor implements Executor {
  readonly name = "builtin"
  readonly systems: readonly string[] = ["builtin"]
  readonly features: readonly string[] = []
  readonly jobs = 16
  readonly #stores: Stores
  readonly #rules: FetchRules | undefined
  readonly #limits: BuildLimits

  /** Without rules nothing is fetched. */
  constructor(stores: Stores, rules: FetchRules | undefined, limits: BuildLimits) {
    this.#stores = stores
    this.#rules = rules
    this.#limits = limits
  }

  async check(): Promise<string | undefined> {
    return undefined
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    const late = AbortSignal.timeout(Math.min(this.#limits.time, longestTimer))
    try {
      const node = await this.#build(job, { log: (bytes) => watch.log(bytes), signal: AbortSignal.any([watch.signal, late]) })
      return [{ node, path: onlyOutput(job) }]
    } catch (error) {
      if (watch.signal.aborted) throw new BuildFailure("cancelled", "the build was stopped", { cause: error })
      if (late.aborted) throw new BuildFailure("timeout", `timed out after ${Math.round(this.#limits.time / 1000)} seconds`)
      if (error instanceof BuildFailure) throw error
      if (error instanceof StoreError && error.code === "absent")
        throw new BuildFailure("input-rejected", `an input is not complete: ${error.message}`, { cause: error })
      throw new BuildFailure("infrastructure", error instanceof Error ? error.message : String(error), { cause: error })
    }
  }

  #build(job: BuildJob, watch: BuildWatch): Promise<Node> {
    const [program] = job.command
    switch (program) {
      case "builtin:fetchurl":
        return fetchUrl(this.#stores, this.#rules, job, this.#limits, watch)
      case "builtin:buildenv":
        return buildEnvironment(this.#stores, job, this.#limits, watch)
      case "builtin:unpack-channel":
        return unpackChannel(this.#stores, job, this.#limits, watch)
      default:
        throw new BuildFailure("input-rejected", `the builder '${program}' is not supported`)
    }
  }
}
