// Servers that pages of other origins may not read (CORS) are asked through a proxy: `PREFIX` + the encoded address. Rules say for which
// hosts. Whoever asks without rules asks directly.

import { FormatError } from "../formats/error.ts"
import { parseUrl } from "../formats/url/url.ts"
import { type FetchAnswer, type Fetcher, type FetchRequest, TransferError } from "./fetcher.ts"

/** How the hosts of a rule are asked. */
export type Route =
  /** Never through the proxy. */
  | "direct"
  /** Always through the proxy. */
  | "proxy"
  /** Through the proxy where a direct question fails. */
  | "direct-then-proxy"

/** One rule; the first that fits counts. */
export interface ProxyRule {
  /** A host, `*.example.org` for all below one (and it), or `*` for all. */
  readonly host: string
  readonly route: Route
  /** What the address, percent-encoded, is put behind: `https://gateway.example/fetch?url=`. Not needed for "direct". */
  readonly proxy?: string
  /** Whether the proxy may see access tokens. Without, requests with a token go directly, whatever the route says. */
  readonly trusted?: boolean
}

/** Where the gateway (engine/gateway/fetch-proxy.ts) says the address that answered, after redirections it followed. */
const finalUrlHeader = "x-thunkpad-final-url"

const personal = ["authorization", "private-token", "cookie"]

function hostOf(url: string): string | null {
  try {
    return parseUrl(url).authority?.host ?? null
  } catch (e) {
    if (e instanceof FormatError) return null
    throw e
  }
}

function fits(pattern: string, host: string): boolean {
  if (pattern === "*") return true
  if (!pattern.startsWith("*.")) return pattern.toLowerCase() === host.toLowerCase()
  const base = pattern.slice(2).toLowerCase()
  return host.toLowerCase() === base || host.toLowerCase().endsWith(`.${base}`)
}

/** A Fetcher that follows the rules. Addresses that have no host (`file:`) are asked directly. */
export function proxied(fetcher: Fetcher, rules: readonly ProxyRule[]): Fetcher {
  const through = async (rule: ProxyRule, url: string, request: FetchRequest): Promise<FetchAnswer> => {
    if (rule.proxy === undefined) throw new TransferError(`no proxy is set for '${rule.host}'`)
    const answer = await fetcher(rule.proxy + encodeURIComponent(url), request)
    const final = answer.header(finalUrlHeader)
    return { ...answer, header: (name) => answer.header(name), urls: final === null || final === url ? [url] : [url, final] }
  }
  return async (url, request) => {
    const host = hostOf(url)
    const rule = host === null ? undefined : rules.find((r) => fits(r.host, host))
    const isPersonal = personal.some((name) => request.headers.has(name))
    if (rule === undefined || rule.route === "direct" || (isPersonal && rule.trusted !== true)) return fetcher(url, request)
    if (rule.route === "proxy") return through(rule, url, request)
    try {
      return await fetcher(url, request)
    } catch (e) {
      if (!(e instanceof TransferError)) throw e
      return through(rule, url, request)
    }
  }
}
