// GET /fetch?url=…: fetches a source for a page that may not do so itself, because the other server knows nothing of CORS.
// Only from hosts that are allowed, only from public addresses: names are resolved here and the connection goes to the very
// address that was looked at, at every redirect anew. No cookies, no credentials, neither there nor back.

import { lookup as resolve } from "node:dns"
import * as http from "node:http"
import * as https from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { isPublic } from "./address.ts"
import { end, HttpFault, type Request, type Response, write, writeHead } from "./http-answer.ts"

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

/** What is passed on of a request, and what of an answer. */
const requestHeaders = ["accept", "range", "if-none-match", "if-modified-since", "if-range"]
const answerHeaders = [
  "accept-ranges",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "etag",
  "last-modified",
  "link",
  "retry-after",
]

/** The header that tells the URL after all redirects. */
export const finalUrlHeader = "x-thunkpad-final-url"

/** What pages may read of an answer. */
export const exposedFetchHeaders = [...answerHeaders, finalUrlHeader]

export class FetchProxy {
  readonly #rules: FetchRules
  #running = 0

  constructor(rules: FetchRules) {
    this.#rules = rules
  }

  /** Answers GET and HEAD. Throws HttpFault before anything was answered. */
  async answer(target: string | null, request: Request, response: Response): Promise<void> {
    if (this.#running >= this.#rules.concurrent) throw new HttpFault(429, "too many fetches at once")
    this.#running++
    const stop = new AbortController()
    const gone = (): void => stop.abort()
    response.on("close", gone)
    try {
      await this.#follow(parseTarget(target), request, response, stop.signal)
    } finally {
      response.off("close", gone)
      this.#running--
      stop.abort()
    }
  }

  async #follow(first: URL, request: Request, response: Response, signal: AbortSignal): Promise<void> {
    let url = first
    for (let left = this.#rules.redirects; ; left--) {
      const answer = await this.#ask(url, request, signal)
      const status = answer.statusCode ?? 502
      const { location } = answer.headers
      if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return this.#pass(url, answer, request, response)
      answer.destroy()
      if (left === 0) throw new HttpFault(502, `more than ${this.#rules.redirects} redirects`)
      url = parseTarget(location, url)
    }
  }

  #ask(url: URL, request: Request, signal: AbortSignal): Promise<http.IncomingMessage> {
    const { hostname } = url
    const host = hostname.replace(/^\[(.*)\]$/, "$1")
    const port = url.port || (url.protocol === "https:" ? "443" : "80")
    const mayBePrivate = this.#rules.privateServers.includes(`${hostname}:${port}`)
    if (!mayBePrivate && !this.#allows(host)) {
      throw new HttpFault(403, `this gateway does not fetch from ${hostname}: its owner has to allow it`)
    }
    if (!mayBePrivate && isIP(host) !== 0 && !isPublic(host)) throw new HttpFault(403, `${host} is not a public address`)
    const headers: Record<string, string> = { "accept-encoding": "identity", "user-agent": "thunkpad-gateway" }
    for (const name of requestHeaders) {
      const value = request.headers[name]
      if (typeof value === "string") headers[name] = value
    }
    return new Promise((fulfil, reject) => {
      const outgoing = (url.protocol === "https:" ? https : http).request(
        url,
        {
          method: request.method === "HEAD" ? "HEAD" : "GET",
          headers,
          signal,
          lookup: mayBePrivate ? resolve : lookupPublic,
          agent: false,
        },
        fulfil,
      )
      outgoing.setTimeout(this.#rules.silence, () => outgoing.destroy(new HttpFault(504, `${hostname} was silent for too long`)))
      outgoing.on("error", (error) => reject(error instanceof HttpFault ? error : new HttpFault(502, `${hostname}: ${error.message}`)))
      outgoing.end()
    })
  }

  #allows(host: string): boolean {
    const name = host.toLowerCase().replace(/\.$/, "")
    return this.#rules.hosts.some((rule) => rule === "*" || rule === name || (rule.startsWith("*.") && name.endsWith(rule.slice(1))))
  }

  async #pass(url: URL, answer: http.IncomingMessage, request: Request, response: Response): Promise<void> {
    const limit = this.#rules.bytes
    if (Number(answer.headers["content-length"] ?? 0) > limit && request.method !== "HEAD") {
      answer.destroy()
      throw new HttpFault(502, `${url.hostname} answers with more than ${limit} bytes`)
    }
    const headers: Record<string, string> = {
      "content-type": "application/octet-stream",
      // It comes from elsewhere: should a browser ever show it as a page, then as one that can do nothing.
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "content-disposition": "attachment",
      [finalUrlHeader]: url.href,
    }
    for (const name of answerHeaders) {
      const value = answer.headers[name]
      if (typeof value === "string") headers[name] = value
    }
    writeHead(response, answer.statusCode ?? 502, headers)
    let size = 0
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      size += chunk.length
      // The answer is under way: all that is left is to break it off.
      if (size > limit) throw new HttpFault(502, `${url.hostname} answers with more than ${limit} bytes`)
      await write(response, chunk)
    }
    end(response)
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
