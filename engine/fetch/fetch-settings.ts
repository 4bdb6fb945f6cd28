// Settings of fetching; the first names follow nix.conf.

/** What fetching depends on. */
export interface FetchSettings {
  /** Seconds in which what was fetched counts as current. */
  readonly tarballTtl: number
  /** How many times a transfer is tried that fails for now. */
  readonly downloadAttempts: number
  /** Tokens by host, or by host and path: `github.com=…`, `gitlab.com/owner=…`. */
  readonly accessTokens: ReadonlyMap<string, string>
  /** The longest file that is downloaded, in bytes. */
  readonly maxDownload: number
  /** What an archive may unpack to: bytes of all files, and entries. */
  readonly maxUnpacked: number
  readonly maxEntries: number
}

export const defaultFetchSettings: FetchSettings = {
  tarballTtl: 3600,
  downloadAttempts: 5,
  accessTokens: new Map(),
  maxDownload: 8 * 2 ** 30,
  maxUnpacked: 16 * 2 ** 30,
  maxEntries: 4_000_000,
}

/** Reads `access-tokens`: `HOST=TOKEN …`. C++ Nix: configuration.cc, StringMap settings. */
export function parseAccessTokens(text: string): Map<string, string> {
  const tokens = new Map<string, string>()
  for (const word of text.split(/\s+/)) {
    const at = word.indexOf("=")
    if (at >= 0) tokens.set(word.slice(0, at), word.slice(at + 1))
  }
  return tokens
}
