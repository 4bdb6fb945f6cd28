// Builds that an endpoint knows of, whoever asked for them: followed from their first event, with the whole log.

import { StoreError } from "../castore/error.ts"
import { parseBaseName, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { BuildNews } from "./build-news.ts"
import { newsOf } from "./derivation-build.ts"
import type { Endpoint, ListedBuild } from "./endpoint.ts"

/** The last build of a derivation that an endpoint knows of, or null. Throws `unreachable`, `denied`. */
export async function lastBuild(endpoint: Endpoint, drvPath: StorePath): Promise<ListedBuild | null> {
  let last: ListedBuild | null = null
  for (const one of await endpoint.list()) if (one.derivationPath === drvPath && (last === null || one.accepted > last.accepted)) last = one
  return last
}

/**
 * Follows a build to its end, and tells of it; nothing of what it makes comes into the store. Gives what it wrote, `most` bytes of the
 * end. Throws StoreError `absent` if the endpoint has forgotten it.
 */
export async function follow(
  endpoint: Endpoint,
  { build, derivationPath }: ListedBuild,
  { tell, signal, most = 16 << 20 }: { tell?: (news: BuildNews) => void; signal?: AbortSignal; most?: number } = {},
): Promise<Uint8Array> {
  const drvPath = printStorePath(parseBaseName(derivationPath))
  let log: Uint8Array[] = []
  let size = 0
  tell?.({ kind: "anew", drvPath })
  for await (const event of endpoint.watch(build, signal)) {
    if (event.kind === "log") {
      log.push(event.bytes)
      size += event.bytes.length
      while (size - (log[0]?.length ?? 0) > most) size -= log.shift()!.length
    }
    if (event.kind === "anew") {
      log = []
      size = 0
    }
    const news = newsOf(event, drvPath)
    if (news !== undefined) tell?.(news)
  }
  const all = new Uint8Array(size)
  let at = 0
  for (const piece of log) {
    all.set(piece, at)
    at += piece.length
  }
  return all
}

/** What the last build of a derivation wrote; null if the endpoint knows of none. */
export async function lastLog(endpoint: Endpoint, drvPath: StorePath, signal?: AbortSignal): Promise<Uint8Array | null> {
  try {
    const found = await lastBuild(endpoint, drvPath)
    return found === null ? null : await follow(endpoint, found, signal === undefined ? {} : { signal })
  } catch (error) {
    // Servers that have Snix's services only keep no logs.
    if (error instanceof StoreError && (error.code === "unsupported" || error.code === "absent")) return null
    throw error
  }
}
