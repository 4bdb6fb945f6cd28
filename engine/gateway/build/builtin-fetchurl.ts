// builtin:fetchurl, by the rules of the fetch proxy. C++ Nix: libstore/builtins/fetchurl.cc

import { ingestNar } from "../../castore/archive-nar.ts"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { TreeIngest } from "../../castore/tree-ingest.ts"
import { decompress } from "../../store/decompress.ts"
import { answerBytes, type FetchRules, guardedFetch } from "../guarded-fetch.ts"
import { HttpFault } from "../http-answer.ts"
import type { BuildJob } from "./build-job.ts"
import { onlyOutput } from "./builtin-attribute.ts"
import { BuildFailure, type BuildLimits, type BuildWatch } from "./executor.ts"

/** Statuses after which another try may succeed. */
const transient = new Set([408, 425, 429, 500, 502, 503, 504])

/** Fetches. Throws BuildFailure. */
export async function fetchUrl(
  stores: TreeStores,
  rules: FetchRules | undefined,
  job: BuildJob,
  limits: BuildLimits,
  watch: BuildWatch,
): Promise<Node> {
  onlyOutput(job)
  if (!job.network) throw new BuildFailure("input-rejected", "'builtin:fetchurl' must be a fixed-output derivation")
  if (rules === undefined) throw new BuildFailure("input-rejected", "nothing is fetched here: this gateway was started without its proxy")
  const url = variable(job, "url")
  if (url === "") throw new BuildFailure("input-rejected", "'builtin:fetchurl' needs a 'url'")
  try {
    return await fetched(stores, rules, job, url, limits, watch)
  } catch (error) {
    throw failureOf(error, url)
  }
}

async function fetched(
  stores: TreeStores,
  rules: FetchRules,
  job: BuildJob,
  url: string,
  limits: BuildLimits,
  watch: BuildWatch,
): Promise<Node> {
  watch.log(Buffer.from(`downloading '${url}'...\n`))
  const { signal } = watch
  const answer = await guardedFetch(rules, url, { method: "GET", headers: {}, signal })
  const status = answer.response.statusCode ?? 502
  if (status !== 200) {
    answer.response.destroy()
    const reason = transient.has(status) ? "infrastructure" : "builder"
    throw new BuildFailure(reason, `unable to download '${url}': HTTP error ${status}`)
  }
  const bytes = answerBytes(rules, answer)
  const bounds = { bytes: limits.outputBytes, entries: limits.outputEntries }
  if (variable(job, "unpack") === "1") {
    const nar = decompress(url.endsWith(".xz") ? "xz" : "none", bytes)
    return (await ingestNar(nar, stores, { limits: bounds, signal })).node
  }
  const ingest = new TreeIngest(stores.blobs, stores.directories, { limits: bounds, signal })
  await ingest.file("", variable(job, "executable") === "1", bytes)
  return ingest.finish()
}

/** A variable of the build; "" if it is not set. */
function variable(job: BuildJob, name: string): string {
  return Buffer.from(job.environment.get(name) ?? []).toString("utf8")
}

function failureOf(error: unknown, url: string): BuildFailure {
  if (error instanceof BuildFailure) return error
  const message = `unable to download '${url}': ${error instanceof Error ? error.message : String(error)}`
  // What is not allowed now is not allowed at the next attempt either.
  if (error instanceof HttpFault && (error.status === 403 || error.status === 400))
    return new BuildFailure("input-rejected", message, { cause: error })
  if (error instanceof StoreError && (error.code === "damaged" || error.code === "invalid"))
    return new BuildFailure("builder", message, { cause: error })
  return new BuildFailure("infrastructure", message, { cause: error })
}
