// Builds that an endpoint knows of, whoever asked for them: followed from their first event, with the whole log.

import { StoreError } from "../castore/error.ts"
import { parseBaseName, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { BuildFaultReason } from "./build-fault.ts"
import type { BuildNews } from "./build-news.ts"
import { newsOf } from "./derivation-build.ts"
import type { Endpoint, ListedBuild } from "./endpoint.ts"

/** The last build of a derivation that an endpoint knows of, or null. Throws `unreachable`, `denied`. */
export async function lastBuild(endpoint: Endpoint, drvPath: StorePath): Promise<ListedBuild | null> {
  let last: ListedBuild | null = null
  for (const one of await endpoint.list()) if (one.derivationPath === drvPath && (last === null || one.accepted > last.accepted)) last = one
  return last
}

/** How a build ended that was followed, and what it wrote: at most `most` bytes, of the end. */
export interface FollowedBuild {
  readonly log: Uint8Array
  /** Null if it was built. */
  readonly fault: { readonly reason: BuildFaultReason; readonly message: string; readonly exitCode: number | undefined } | null
}

export interface FollowOptions {
  /** Gets the news, the end excepted: what came of the build is not in the store. */
  readonly tell?: (news: BuildNews) => void
  readonly signal?: AbortSignal | undefined
  readonly most?: number
}

/** Follows a build from its first event to its end. Throws StoreError `absent` if the endpoint has forgotten it. */
export async function followBuild(
  endpoint: Endpoint,
  { build, derivationPath }: ListedBuild,
  { tell = () => {}, signal, most = 16 << 20 }: FollowOptions = {},
): Promise<FollowedBuild> {
  const drvPath = printStorePath(parseBaseName(derivationPath))
  const pieces: Uint8Array[] = []
  let size = 0
  let fault: FollowedBuild["fault"] = null
  tell({ kind: "anew", drvPath })
  for await (const event of endpoint.watch(build, signal)) {
    if (event.kind === "failed") fault = { reason: event.reason, message: event.message, exitCode: event.exitCode }
    if (event.kind === "log") {
      pieces.push(event.bytes)
      size += event.bytes.length
      while (size > most && pieces.length > 1) size -= pieces.shift()!.length
    }
    const news = newsOf(event, drvPath)
    if (news !== undefined) tell(news)
  }
  const log = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    log.set(piece, at)
    at += piece.length
  }
  return { log, fault }
}

/** What the last build of a derivation wrote; null if the endpoint knows of none. */
export async function lastLog(endpoint: Endpoint, drvPath: StorePath, signal?: AbortSignal): Promise<Uint8Array | null> {
  try {
    const found = await lastBuild(endpoint, drvPath)
    return found === null ? null : (await followBuild(endpoint, found, { signal })).log
  } catch (error) {
    // Servers that have Snix's services only keep no logs.
    if (error instanceof StoreError && (error.code === "unsupported" || error.code === "absent")) return null
    throw error
  }
}
