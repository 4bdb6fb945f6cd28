// What fetches on Node: its own fetch, a store in a folder, a cache in a file.

import { type FetchCache, MemoryFetchCache } from "../fetch/fetch-cache.ts"
import { SourceFetcher } from "../fetch/source-fetcher.ts"
import { webFetcher } from "../fetch/web-fetcher.ts"
import type { FetchingOptions } from "./fetching.ts"
import { FileFetchCache } from "./file-fetch-cache.ts"
import { FolderFetchStore } from "./folder-fetch-store.ts"
import { NodeFiles } from "./node-files.ts"
import type { StoreFolder } from "./store-folder.ts"

export interface NodeFetcherOptions extends Omit<FetchingOptions, "env"> {
  /** Where fetched objects go. */
  readonly store: StoreFolder
  /** The file of what was fetched before, as Node takes it; null for none. */
  readonly cache: string | null
}

/** Makes the fetcher. */
export function openFetcher({ store, cache, files, at, settings, warn }: NodeFetcherOptions): SourceFetcher {
  const local = new NodeFiles(files, at)
  const remembered: FetchCache = cache === null ? new MemoryFetchCache() : new FileFetchCache(cache)
  return new SourceFetcher({
    fetcher: webFetcher((url, init) => fetch(url, init), "seen"),
    store: new FolderFetchStore(store, local),
    cache: remembered,
    settings,
    files: local,
    now: () => files.now(),
    wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
    warn,
  })
}
