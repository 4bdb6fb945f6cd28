// Who may ask: the Host header (against DNS rebinding), the origin of pages (exactly those allowed, no "*", no cookies) and the
// token. Without tokens a gateway listens on the loopback interface only, so that it serves this machine's user alone.

import { createHash, timingSafeEqual } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import { isIP } from "node:net"
import { type Account, Accounts, accountName, anonymous, type TokenRule } from "./account.ts"
import { isLoopback } from "./address.ts"

export interface AccessRules {
  /** Origins of pages that may ask: "https://pad.example" (scheme, host and port as browsers send them). */
  readonly origins: readonly string[]
  /** Names of this gateway, beside addresses and localhost. */
  readonly hosts: readonly string[]
  /** Secrets, one of which every request must show; none: nobody needs one. */
  readonly tokens: readonly (string | TokenRule)[]
}

/** Why a request is refused, as an HTTP status and a text for people. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 421
  readonly reason: string
}

/** The least length of a token, in characters: what is shorter can be guessed. */
export const shortestToken = 16

export class Access {
  readonly #origins: ReadonlySet<string>
  readonly #hosts: ReadonlySet<string>
  readonly #tokens: readonly { readonly hash: Buffer; readonly account: Account }[]
  readonly #anonymous: Account | undefined

  /** `accounts` are those of the same tokens. Throws RangeError for tokens that are too short and for origins that no browser sends. */
  constructor({ origins, hosts, tokens }: AccessRules, accounts = new Accounts({ tokens })) {
    for (const origin of origins) if (!isOrigin(origin)) throw new RangeError(`'${origin}' is not the origin of a page`)
    const secrets = tokens.map((token) => (typeof token === "string" ? token : token.secret))
    if (secrets.some((secret) => secret.length < shortestToken)) throw new RangeError(`a token has less than ${shortestToken} characters`)
    if (secrets.some((secret) => /[^\x21-\x7e]/.test(secret))) throw new RangeError("a token has blanks or signs outside ASCII")
    this.#origins = new Set(origins)
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()))
    this.#tokens = tokens.map((token, i) => ({ hash: hashOf(secrets[i]!), account: accountOf(accounts, accountName(token)) }))
    this.#anonymous = tokens.length === 0 ? accountOf(accounts, anonymous) : undefined
  }

  /** Whether requests need a token. */
  get guarded(): boolean {
    return this.#tokens.length > 0
  }

  /** Why a request is refused before its method and token are looked at; undefined if it is not. `authority` is HTTP/2's Host. */
  refuseSource(headers: IncomingHttpHeaders, authority: string | undefined): Refusal | undefined {
    const host = authority ?? headers.host
    if (host === undefined) return { status: 400, reason: "the request names no host" }
    if (!this.#isOwnHost(host)) return { status: 421, reason: "this server does not serve that host" }
    const { origin } = headers
    if (origin !== undefined) {
      if (this.allowsOrigin(origin) || isSameOrigin(origin, host)) return undefined
      return { status: 403, reason: "pages of this origin are not allowed here" }
    }
    // A page's request without an origin: an image, a script, a form with GET. None of ours.
    if (headers["sec-fetch-site"] === "cross-site" || headers["sec-fetch-site"] === "same-site") {
      return { status: 403, reason: "requests of other sites' pages need CORS" }
    }
    return undefined
  }

  /** Whose request it is, by its token, or why it is refused. */
  identify(headers: IncomingHttpHeaders): Account | Refusal {
    if (this.#anonymous !== undefined) return this.#anonymous
    const shown = tokenOf(headers.authorization)
    if (shown === undefined) return { status: 401, reason: "a token is required" }
    const shownHash = hashOf(shown)
    let account: Account | undefined
    // All are compared, each in constant time.
    for (const token of this.#tokens) if (timingSafeEqual(token.hash, shownHash)) account = token.account
    return account ?? { status: 401, reason: "the token is wrong" }
  }

  /** Whether pages of this origin may read answers. */
  allowsOrigin(origin: string): boolean {
    return this.#origins.has(origin)
  }

  #isOwnHost(host: string): boolean {
    const name = host.replace(/:\d+$/, "").toLowerCase()
    // Only names can be made to point here by others; an address is what it says.
    if (name === "localhost" || this.#hosts.has(name)) return true
    const address = name.replace(/^\[(.*)\]$/, "$1")
    return isIP(address) !== 0 && (this.guarded || isLoopback(address))
  }
}

function accountOf(accounts: Accounts, name: string): Account {
  const account = accounts.get(name)
  if (account === undefined) throw new RangeError(`there is no account '${name}'`)
  return account
}

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text
  } catch {
    return false // the question is only whether it can be parsed
  }
}

function isSameOrigin(origin: string, host: string): boolean {
  return origin.toLowerCase() === `http://${host.toLowerCase()}` || origin.toLowerCase() === `https://${host.toLowerCase()}`
}

/** Hashes have one length, so that comparing tells nothing of the token's. */
function hashOf(token: string): Buffer {
  return createHash("sha256").update(token, "utf8").digest()
}

/** The token of `Bearer TOKEN`, or the password of `Basic …` (what Nix sends from a netrc file). */
function tokenOf(authorization: string | undefined): string | undefined {
  const [scheme = "", value = ""] = (authorization ?? "").split(" ", 2)
  if (scheme.toLowerCase() === "bearer" && value !== "") return value
  if (scheme.toLowerCase() !== "basic") return undefined
  const text = Buffer.from(value, "base64").toString("utf8")
  const colon = text.indexOf(":")
  return colon < 0 ? undefined : text.slice(colon + 1)
}
