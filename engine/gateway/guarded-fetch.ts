// Fetching from other servers on behalf of others: only from hosts that are allowed, only from public addresses. Names are resolved
// here and the connection goes to the very address that was looked at, at every redirect anew. No cookies, no credentials.

import { lookup as resolve } from "node:dns"
import * as http from "node:http"
import * as https from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { isPublic } from "./address.ts"
import { HttpFault } from "./http-answer.ts"

export interface FetchRules {
  /** Hosts that may be fetched from: names, "*.example.org" for all below a name, "*" for all. */
  readonly hosts: readonly string[]
  /** "host:port" of servers that may have private addresses (a mirror of one's own). */
  readonly privateServers: readonly string[]
  /** Bytes of one answer. */
  readonly bytes: number
  /** Milliseconds without a byte. */
  readonly silence: number
  /** Redirects followed. */
  readonly redirects: number
  /** Fetches at once. */
  readonly concurrent: number
}

/** Where sources usually are. */
export const defaultFetchHosts: readonly string[] = [
  "github.com",
  "api.github.com",
  "codeload.github.com",
  "raw.githubusercontent.com",
  "objects.githubusercontent.com",
  "release-assets.githubusercontent.com",
  "gitlab.com",
  "git.sr.ht",
  "codeberg.org",
  "cache.nixos.org",
  "channels.nixos.org",
  "releases.nixos.org",
  "tarballs.nixos.org",
  "nix-releases.s3.amazonaws.com",
]

export const defaultFetchRules: FetchRules = {
  hosts: defaultFetchHosts,
  privateServers: [],
  bytes: 4 * 2 ** 30,
  silence: 30_000,
  redirects: 10,
  concurrent: 64,
}

export interface FetchRequest {
  readonly method: "GET" | "HEAD"
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** An answer that is no redirect. */
export interface FetchAnswer {
  /** After all redirects. */
  readonly url: URL
  readonly response: http.IncomingMessage
}

/** Asks for a URL, following redirects. Throws HttpFault. */
export async function guardedFetch(rules: FetchRules, target: string | null, request: FetchRequest): Promise<FetchAnswer> {
  let url = parseTarget(target)
  for (let left = rules.redirects; ; left--) {
    const response = await ask(rules, url, request)
    const { location } = response.headers
    if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 502) || location === undefined) return { url, response }
    response.destroy()
    if (left === 0) throw new HttpFault(502, `more than ${rules.redirects} redirects`)
    url = parseTarget(location, url)
  }
}

function ask(rules: FetchRules, url: URL, { method, headers, signal }: FetchRequest): Promise<http.IncomingMessage> {
  const { hostname } = url
  const host = hostname.replace(/^\[(.*)\]$/, "$1")
  const port = url.port || (url.protocol === "https:" ? "443" : "80")
  const mayBePrivate = rules.privateServers.includes(`${hostname}:${port}`)
  if (!mayBePrivate && !allows(rules, host)) {
    throw new HttpFault(403, `this gateway does not fetch from ${hostname}: its owner has to allow it`)
  }
  if (!mayBePrivate && isIP(host) !== 0 && !isPublic(host)) throw new HttpFault(403, `${host} is not a public address`)
  return new Promise((fulfil, reject) => {
    const outgoing = (url.protocol === "https:" ? https : http).request(
      url,
      {
        method,
        headers: { "accept-encoding": "identity", "user-agent": "thunkpad-gateway", ...headers },
        signal,
        lookup: mayBePrivate ? resolve : lookupPublic,
        agent: false,
      },
      fulfil,
    )
    outgoing.setTimeout(rules.silence, () => outgoing.destroy(new HttpFault(504, `${hostname} was silent for too long`)))
    outgoing.on("error", (error) => reject(error instanceof HttpFault ? error : new HttpFault(502, `${hostname}: ${error.message}`)))
    outgoing.end()
  })
}

function allows({ hosts }: FetchRules, host: string): boolean {
  const name = host.toLowerCase().replace(/\.$/, "")
  return hosts.some((rule) => rule === "*" || rule === name || (rule.startsWith("*.") && name.endsWith(rule.slice(1))))
}

/** The bytes of an answer, not more than the rules allow. Throws HttpFault. */
export async function* answerBytes(rules: FetchRules, { url, response }: FetchAnswer): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const chunk of response as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > rules.bytes) throw new HttpFault(502, `${url.hostname} answers with more than ${rules.bytes} bytes`)
    yield chunk
  }
}

/** The URL to fetch, without credentials and fragment. Throws HttpFault 400. */
function parseTarget(text: string | null, base?: URL): URL {
  if (text === null) throw new HttpFault(400, "the parameter 'url' is missing")
  let url: URL
  try {
    url = new URL(text, base)
  } catch (error) {
    throw new HttpFault(400, `not a URL: ${text.slice(0, 200)}`, { cause: error })
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new HttpFault(400, `cannot fetch ${url.protocol} URLs`)
  url.username = ""
  url.password = ""
  url.hash = ""
  return url
}

/** Resolves a name and refuses it if any of its addresses is not public. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0)
    const hidden = addresses.find(({ address }) => !isPublic(address))
    if (hidden !== undefined)
      return callback(new HttpFault(403, `${hostname} has the address ${hidden.address}, which is not public`), "", 0)
    const [first] = addresses
    if (first === undefined) return callback(new HttpFault(502, `${hostname} has no address`), "", 0)
    if (options.all === true) return callback(null, addresses)
    return callback(null, first.address, first.family)
  })
}
