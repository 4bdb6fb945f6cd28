// Castore over plain HTTP: what a gateway serves below /castore/, and what any static host can hold.
//
//   blobs/HEX           the bytes of the blob with this BLAKE3 digest (64 lower-case hexadecimal digits)
//   blobs/HEX.chunks    of divided blobs: its chunks in their order, a line "HEX SIZE" for each; absent for the others
//   directories/HEX     the canonical bytes of the directory with this digest
//
// HEAD tells whether something is there; ranges make reading a part of a large blob cheap but are not needed. All is immutable.

import { StoreError } from "./error.ts"
import { defaultRetry, type RetryPolicy, retrying } from "./rpc-retry.ts"

/** The platform's fetch, or one that goes through a proxy or adds a token. */
export type HttpFetch = (url: string, init?: RequestInit) => Promise<Response>

export interface HttpSourceOptions {
  readonly fetch?: HttpFetch
  readonly retry?: RetryPolicy
}

export class HttpSource {
  readonly #base: string
  readonly #fetch: HttpFetch
  readonly #retry: RetryPolicy

  /** `base` is the URL of the folder that `blobs` and `directories` are in. */
  constructor(base: string, { fetch, retry = defaultRetry }: HttpSourceOptions = {}) {
    this.#base = base.replace(/\/+$/, "")
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.#retry = retry
  }

  /** Where `path` is. */
  url(path: string): string {
    return `${this.#base}/${path}`
  }

  /** All bytes at `path`, or those from `from` on as far as `to`; null if there is nothing. */
  bytes(path: string, from = 0, to?: number): Promise<Uint8Array | null> {
    return retrying(this.#retry, `reading ${this.url(path)}`, async () => {
      const response = await this.#request("GET", path, rangeOf(from, to))
      if (response === null) return null
      const whole = await settled(this.url(path), response.arrayBuffer())
      // A host without ranges sends everything.
      return new Uint8Array(whole).subarray(...(response.status === 206 ? [] : [from, to]))
    })
  }

  /** The bytes at `path` from `from` on; null if there is nothing. Interruptions are not repaired. */
  async stream(path: string, from = 0): Promise<AsyncIterable<Uint8Array> | null> {
    const response = await retrying(this.#retry, `reading ${this.url(path)}`, () => this.#request("GET", path, rangeOf(from)))
    if (response === null) return null
    return pieces(this.url(path), response, response.status === 206 ? 0 : from)
  }

  /** Whether something is at `path`. */
  has(path: string): Promise<boolean> {
    return retrying(this.#retry, `looking for ${this.url(path)}`, async () => (await this.#request("HEAD", path)) !== null)
  }

  async #request(method: string, path: string, headers: Record<string, string> = {}): Promise<Response | null> {
    const url = this.url(path)
    const response = await settled(url, this.#fetch(url, { method, headers, credentials: "omit" }))
    if (response.ok) return response
    await response.body?.cancel().catch(() => {})
    if (response.status === 404 || response.status === 410) return null
    const code = response.status === 401 || response.status === 403 ? "denied" : "unreachable"
    throw new StoreError(code, `${url}: the server says ${response.status} ${response.statusText}`)
  }
}

function rangeOf(from: number, to?: number): Record<string, string> {
  if (from === 0 && to === undefined) return {}
  return { range: `bytes=${from}-${to === undefined ? "" : to - 1}` }
}

/** What the platform's fetch rejects with is a fault of the connection. */
async function settled<T>(url: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw unreachableAt(url, error)
  }
}

function unreachableAt(url: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error
  const why = error instanceof Error ? error.message : String(error)
  return new StoreError("unreachable", `${url} cannot be read: ${why}`, { cause: error })
}

async function* pieces(url: string, response: Response, skip: number): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  try {
    for (let left = skip; ; ) {
      const { done, value } = await settled(url, reader.read())
      if (done) return
      if (left < value.length) yield value.subarray(left)
      left = Math.max(0, left - value.length)
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}
