// Builders that the gateway is itself: builtin:fetchurl, which fetches by the rules of the fetch proxy.
// C++ Nix: libstore/builtins/fetchurl.cc

import { ingestNar } from "../../castore/archive-nar.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import { TreeIngest } from "../../castore/tree-ingest.ts"
import { decompress } from "../../store/decompress.ts"
import type { Stores } from "../../store/stores.ts"
import { answerBytes, type FetchRules, guardedFetch } from "../guarded-fetch.ts"
import { HttpFault } from "../http-answer.ts"
import type { BuildJob } from "./build-job.ts"
import { BuildFailure, type BuildLimits, type BuildWatch, type BuiltOutput, type Executor } from "./executor.ts"

/** Statuses after which another try may succeed. */
const transient = new Set([408, 425, 429, 500, 502, 503, 504])

export class BuiltinExecutor implements Executor {
  readonly name = "builtin"
  readonly systems: readonly string[] = ["builtin"]
  readonly features: readonly string[] = []
  readonly jobs = 16
  readonly #stores: Stores
  readonly #rules: FetchRules
  readonly #limits: BuildLimits

  constructor(stores: Stores, rules: FetchRules, limits: BuildLimits) {
    this.#stores = stores
    this.#rules = rules
    this.#limits = limits
  }

  async check(): Promise<string | undefined> {
    return undefined
  }

  async build(job: BuildJob, watch: BuildWatch): Promise<BuiltOutput[]> {
    const [program] = job.command
    if (program !== "builtin:fetchurl") throw new BuildFailure("input-rejected", `the builder '${program}' is not supported`)
    const [path, more] = job.outputs
    if (path === undefined || more !== undefined) throw new BuildFailure("input-rejected", "'builtin:fetchurl' has one output")
    if (!job.network) throw new BuildFailure("input-rejected", "'builtin:fetchurl' must be a fixed-output derivation")
    const url = variable(job, "url")
    if (url === "") throw new BuildFailure("input-rejected", "'builtin:fetchurl' needs a 'url'")
    try {
      return [{ path, node: await this.#fetch(job, url, watch) }]
    } catch (error) {
      throw failureOf(error, url, watch.signal)
    }
  }

  async #fetch(job: BuildJob, url: string, watch: BuildWatch): Promise<Node> {
    watch.log(Buffer.from(`downloading '${url}'...\n`))
    const signal = AbortSignal.any([watch.signal, AbortSignal.timeout(this.#limits.time)])
    const answer = await guardedFetch(this.#rules, url, { method: "GET", headers: {}, signal })
    const status = answer.response.statusCode ?? 502
    if (status !== 200) {
      answer.response.destroy()
      const reason = transient.has(status) ? "infrastructure" : "builder"
      throw new BuildFailure(reason, `unable to download '${url}': HTTP error ${status}`)
    }
    const bytes = answerBytes(this.#rules, answer)
    const limits = { bytes: this.#limits.outputBytes, entries: this.#limits.outputEntries }
    if (variable(job, "unpack") === "1") {
      const nar = decompress(url.endsWith(".xz") ? "xz" : "none", bytes)
      return (await ingestNar(nar, this.#stores, { limits, signal })).node
    }
    const ingest = new TreeIngest(this.#stores.blobs, this.#stores.directories, { limits, signal })
    await ingest.file("", variable(job, "executable") === "1", bytes)
    return ingest.finish()
  }
}

/** A variable of the build; "" if it is not set. */
function variable(job: BuildJob, name: string): string {
  return Buffer.from(job.environment.get(name) ?? []).toString("utf8")
}

function failureOf(error: unknown, url: string, signal: AbortSignal): BuildFailure {
  if (error instanceof BuildFailure) return error
  if (signal.aborted) return new BuildFailure("cancelled", "the build was stopped", { cause: error })
  const message = `unable to download '${url}': ${error instanceof Error ? error.message : String(error)}`
  // What is not allowed now is not allowed at the next attempt either.
  if (error instanceof HttpFault && (error.status === 403 || error.status === 400))
    return new BuildFailure("input-rejected", message, { cause: error })
  if (error instanceof StoreError && (error.code === "damaged" || error.code === "invalid"))
    return new BuildFailure("builder", message, { cause: error })
  return new BuildFailure("infrastructure", message, { cause: error })
}
