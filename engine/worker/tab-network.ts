// What a run may ask of the network, if it may at all: binary caches, and what fetchurl and its like fetch, into the tab's store.
// It is loaded only then.

import { get, set } from "idb-keyval"
import { StoreError } from "../castore/error.ts"
import type { Database } from "../castore/indexed-db-database.ts"
import type { SourceHost } from "../eval/source-import.ts"
import { CastoreFetchStore } from "../fetch/castore-fetch-store.ts"
import { type CachedFetch, type FetchCache, MemoryFetchCache } from "../fetch/fetch-cache.ts"
import { defaultFetchSettings, parseAccessTokens } from "../fetch/fetch-settings.ts"
import { HostFiles } from "../fetch/host-files.ts"
import { proxied } from "../fetch/proxy.ts"
import { SourceFetcher } from "../fetch/source-fetcher.ts"
import { webFetcher } from "../fetch/web-fetcher.ts"
import { FormatError } from "../formats/error.ts"
import { parsePublicKey } from "../formats/narinfo/signature.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { BinaryCache } from "../store/binary-cache.ts"
import type { EvalIOOptions } from "../store/eval-io.ts"
import type { StoredPath } from "../store/path-info-store.ts"
import { Substituter } from "../store/substitute.ts"
import type { CacheReport, CacheSettings, NetworkOptions, StoreNotice } from "./protocol.ts"
import type { TabStore } from "./tab-store.ts"
import { fromBytes, toBytes } from "./text.ts"

/** What was fetched before, in the browser's database. */
class DatabaseFetchCache implements FetchCache {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async get(key: string): Promise<CachedFetch | null> {
    return (await get<CachedFetch>(`fetched ${key}`, this.#database.use("sources"))) ?? null
  }

  async put(key: string, entry: CachedFetch): Promise<void> {
    await set(`fetched ${key}`, entry, this.#database.use("sources"))
  }
}

/** What belongs to one run. */
export interface RunSide {
  /** Gets warnings (bytes). */
  warn(message: string): void
  /** The run's host: `file:` addresses mean its files. */
  host(): SourceHost
}

export class TabNetwork {
  readonly #tab: TabStore
  readonly #notify: (notice: StoreNotice) => void
  readonly #cache: FetchCache
  /** By their settings: a substituter remembers what caches have said. */
  readonly #substituters = new Map<string, Substituter>()

  constructor(tab: TabStore, notify: (notice: StoreNotice) => void) {
    this.#tab = tab
    this.#notify = notify
    const { database } = tab.storage
    this.#cache = database === null ? new MemoryFetchCache() : new DatabaseFetchCache(database)
  }

  /** What a run's host needs to ask the network. Throws RangeError for settings that cannot be read. */
  sources(options: NetworkOptions, run: RunSide): Pick<EvalIOOptions, "network" | "substitute"> {
    const { store, hot } = this.#tab
    const substitute = this.#substitute(options)
    const network = new SourceFetcher({
      fetcher: proxied(
        webFetcher((url, init) => fetch(url, init), "unseen"),
        options.proxies ?? [],
      ),
      store: new CastoreFetchStore(store),
      cache: this.#cache,
      settings: { ...defaultFetchSettings, accessTokens: parseAccessTokens(toBytes(options.accessTokens ?? "")) },
      files: new HostFiles(() => run.host()),
      now: hot.now,
      wait: (milliseconds) => new Promise((done) => setTimeout(done, milliseconds)),
      warn: (message) => run.warn(`warning: ${message}`),
      progress: ({ url, done, total }) => this.#notify({ kind: "fetching", url: fromBytes(url), done, total }),
    })
    return substitute === undefined ? { network } : { network, substitute }
  }

  /** Asks a binary cache what it is. Throws StoreError. */
  async testCache({ url, publicKeys }: CacheSettings): Promise<CacheReport> {
    if (!/^https?:\/\/[^/]/.test(url)) throw new StoreError("invalid", `'${url}' is not an http or https URL`)
    const began = performance.now()
    try {
      const { priority, wantMassQuery } = await new BinaryCache({ url, publicKeys: publicKeys.map(keyOf) }).info()
      return { milliseconds: performance.now() - began, priority, wantMassQuery }
    } catch (e) {
      throw e instanceof RangeError ? new StoreError("invalid", e.message) : e
    }
  }

  /** What brings objects in from the binary caches. Throws RangeError for keys that cannot be read. */
  substituter({ caches = [] }: NetworkOptions): Substituter {
    const key = JSON.stringify(caches)
    let substituter = this.#substituters.get(key)
    if (substituter === undefined) {
      const opened = caches.map(({ url, publicKeys }) => new BinaryCache({ url, publicKeys: publicKeys.map(keyOf) }))
      substituter = new Substituter(this.#tab.store, opened)
      this.#substituters.set(key, substituter)
    }
    return substituter
  }

  #substitute(options: NetworkOptions): ((path: StorePath) => Promise<StoredPath | null>) | undefined {
    if ((options.caches ?? []).length === 0) return undefined
    const substituter = this.substituter(options)
    return async (path) => {
      if ((await substituter.query(path)) === null) return null
      const [info] = await substituter.substitute([path])
      if (info === undefined) throw new StoreError("absent", `path '${path}' is in no binary cache that can be read`)
      return info
    }
  }
}

function keyOf(text: string): ReturnType<typeof parsePublicKey> {
  try {
    return parsePublicKey(toBytes(text))
  } catch (e) {
    throw e instanceof FormatError ? new RangeError(`'${text}': ${fromBytes(e.message)}`) : e
  }
}
