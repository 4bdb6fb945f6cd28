// What was fetched before: by a key, attributes and the time. It makes nothing valid: whoever finds something here looks whether the
// store still has it. C++ Nix: libfetchers/cache.cc

/** What is kept of one answer. */
export interface CachedFetch {
  /** Seconds since 1970. */
  readonly time: number
  readonly attrs: Readonly<Record<string, string | number>>
}

/** A cache. On Node it is a file, in a tab a store of the browser's database. */
export interface FetchCache {
  get(key: string): Promise<CachedFetch | null>
  put(key: string, entry: CachedFetch): Promise<void>
}

/** A key: a kind and what was asked for. */
export function cacheKey(kind: "file" | "text" | "tarball" | "revision", ...asked: readonly string[]): string {
  return JSON.stringify([kind, ...asked])
}

/** A cache that ends with its session. */
export class MemoryFetchCache implements FetchCache {
  readonly #entries = new Map<string, CachedFetch>()

  async get(key: string): Promise<CachedFetch | null> {
    return this.#entries.get(key) ?? null
  }

  async put(key: string, entry: CachedFetch): Promise<void> {
    this.#entries.set(key, entry)
  }
}

/** A text of an entry, or undefined. */
export function cachedText(entry: CachedFetch, name: string): string | undefined {
  const value = entry.attrs[name]
  return typeof value === "string" ? value : undefined
}

/** A number of an entry, or undefined. */
export function cachedNumber(entry: CachedFetch, name: string): number | undefined {
  const value = entry.attrs[name]
  return typeof value === "number" ? value : undefined
}
