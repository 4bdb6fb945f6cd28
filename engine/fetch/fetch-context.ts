// What all of fetching shares, given once: the network, the store, the cache, settings, a clock.

import { NixError } from "../eval/error.ts"
import type { FetchCache } from "./fetch-cache.ts"
import type { FetchSettings } from "./fetch-settings.ts"
import type { FetchStore } from "./fetch-store.ts"
import type { Fetcher } from "./fetcher.ts"
import type { LocalFiles } from "./local-files.ts"

/** How far a transfer is. */
export interface FetchProgress {
  readonly url: string
  /** Bytes so far. */
  readonly done: number
  /** Bytes in all, or null if the server does not say. */
  readonly total: number | null
}

export interface FetchContext {
  readonly fetcher: Fetcher
  readonly store: FetchStore
  readonly cache: FetchCache
  readonly settings: FetchSettings
  /** Files by their own paths: `file:` addresses and `path` inputs. Without, there are none. */
  readonly files?: LocalFiles
  /** Seconds since 1970. */
  now(): number
  /** Fulfilled after so many milliseconds. */
  wait(milliseconds: number): Promise<void>
  /** A line for the user, without `warning: `. */
  warn(message: string): void
  progress?(progress: FetchProgress): void
  readonly signal?: AbortSignal
}

/** A plain Nix error. */
export function nixError(message: string): NixError {
  return new NixError("error", message, 0)
}

/** Throws what the signal was aborted with, as an error of the evaluation. */
export function checkCancelled(ctx: Pick<FetchContext, "signal">): void {
  if (ctx.signal?.aborted === true) throw nixError("interrupted by the user")
}
