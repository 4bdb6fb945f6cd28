// Fetching on the command line: into the store that is given, else into a store of our own in the user's cache folder, which is made
// when something is fetched. What it takes is loaded only then.

import { NixError } from "../eval/error.ts"
import type { DownloadRequest, FetchAttrs, FetchedTree } from "../eval/host.ts"
import type { FetchSettings } from "../fetch/fetch-settings.ts"
import { PendingFetches } from "../fetch/pending-fetches.ts"
import type { SourceFetcher } from "../fetch/source-fetcher.ts"
import type { NodeHost } from "./host.ts"
import { StoreFolder } from "./store-folder.ts"

/** What fetching asks of the session. */
export interface FetchingOptions {
  readonly env: NodeJS.ProcessEnv
  readonly settings: FetchSettings
  /** The files of this machine by their own names. */
  readonly files: NodeHost
  /** Where on the disk a path is read. */
  readonly at: (path: string) => string
  readonly warn: (message: string) => void
}

/** Our folder in the user's cache, or null if there is no home. */
function cacheFolder(env: NodeJS.ProcessEnv): string | null {
  if (env["XDG_CACHE_HOME"]) return `${env["XDG_CACHE_HOME"]}/thunkpad`
  return env["HOME"] ? `${env["HOME"]}/.cache/thunkpad` : null
}

export class Fetching {
  readonly #options: FetchingOptions
  readonly #fetches: PendingFetches
  #store: StoreFolder | null

  /** `store` is the one that is given. */
  constructor(store: StoreFolder | null, options: FetchingOptions) {
    this.#store = store
    this.#options = options
    this.#fetches = new PendingFetches(() => this.#open())
  }

  /** Where fetched objects are; null if nothing was fetched yet. */
  get store(): StoreFolder | null {
    return this.#store
  }

  /** As Host.download. */
  download(request: DownloadRequest): string {
    return this.#fetches.download(request)
  }

  /** As Host.fetchTree. */
  fetchTree(input: FetchAttrs): FetchedTree {
    return this.#fetches.fetchTree(input)
  }

  async #open(): Promise<SourceFetcher> {
    const { openFetcher } = await import("./node-fetcher.ts")
    const { files, env } = this.#options
    const cache = cacheFolder(env)
    this.#store ??= openCacheStore(cache, files)
    return openFetcher({ ...this.#options, store: this.#store, cache: cache === null ? null : `${cache}/fetched.json` })
  }
}

function openCacheStore(cache: string | null, files: NodeHost): StoreFolder {
  if (cache === null)
    throw new NixError("error", "nothing can be fetched: neither XDG_CACHE_HOME nor HOME is set, and no store is given", 0)
  return new StoreFolder(`${Buffer.from(cache, "utf8").toString("latin1")}/store`, files.storeDir, files)
}
