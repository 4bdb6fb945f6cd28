// Reading from, and writing to, a binary cache over HTTP, with faults as StoreError.

import { StoreError } from "../castore/error.ts"
import type { HttpFetch } from "../castore/http-source.ts"
import { throwIfCancelled } from "../castore/verified.ts"

/** How patient we are with a server. */
export interface Tries {
  /** How often a request is made in all before a fault is believed. */
  readonly count: number
  /** Before the second try, in milliseconds; doubled each time. */
  readonly pause: number
  /** For how long nothing may come, in milliseconds. */
  readonly stalled: number
}

/** C++ Nix: `download-attempts`, `base-retry-time` (filetransfer.cc), `stalled-download-timeout` */
export const defaultTries: Tries = { count: 5, pause: 250, stalled: 300_000 }

/** What nobody may see of a message: a user's name and password in a URL. */
export function shownUrl(url: string): string {
  return url.replace(/^([a-z]+:\/\/)[^/@]*@/i, "$1")
}

/**
 * An answer with a good status, or null if the server says that there is no such thing (403 too: object stores that may not be
 * listed say so). Tries again after faults of the network and of the server. Throws `unreachable`, `denied`, `cancelled`.
 */
export async function request(
  fetch: HttpFetch,
  url: string,
  init: RequestInit & { readonly signal?: AbortSignal },
  tries: Tries = defaultTries,
): Promise<Response | null> {
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(init.signal)
    try {
      return await requestOnce(fetch, url, init)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "unreachable" || attempt >= tries.count) throw error
    }
    await sleep(tries.pause * 2 ** (attempt - 1), init.signal)
  }
}

async function requestOnce(fetch: HttpFetch, url: string, init: RequestInit & { readonly signal?: AbortSignal }): Promise<Response | null> {
  const method = init.method ?? "GET"
  let response: Response
  try {
    response = await fetch(url, { credentials: "omit", ...init })
  } catch (error) {
    throw transferFault(url, error, init.signal)
  }
  if (response.ok) return response
  await response.body?.cancel().catch(() => {})
  const { status, statusText } = response
  const isReading = method === "GET" || method === "HEAD"
  if (status === 404 || status === 410 || (status === 403 && isReading)) return null
  const what = `${method} ${shownUrl(url)}: the server answered ${status}${statusText === "" ? "" : ` ${statusText}`}`
  // Too many requests, timeout of the request: another time it may succeed. Other faults of the request never will.
  const isTransient = status >= 500 || status === 408 || status === 429
  throw new StoreError(isTransient && status !== 501 && status !== 505 ? "unreachable" : "denied", what)
}

/** What a failed transfer means. */
function transferFault(url: string, error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return new StoreError("cancelled", "it was stopped", { cause: signal.reason })
  if (error instanceof StoreError) return error
  const { message = String(error), cause } = error as { readonly message?: string; readonly cause?: { readonly message?: string } }
  const why = cause?.message ?? message
  return new StoreError("unreachable", `${shownUrl(url)} cannot be read: ${why} (in a browser also if the server does not allow it)`, {
    cause: error,
  })
}

/** The bytes of an answer. Throws `unreachable` if it breaks off or nothing comes for too long, `cancelled`. */
export async function* bodyOf(
  response: Response,
  url: string,
  signal: AbortSignal | undefined,
  { stalled }: Tries = defaultTries,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  let isDone = false
  try {
    for (;;) {
      throwIfCancelled(signal)
      const { done, value } = await within(stalled, reader.read(), () => {
        const seconds = Math.round(stalled / 1000)
        return new StoreError("unreachable", `${shownUrl(url)} cannot be read: nothing has come for ${seconds} seconds`)
      }).catch((error) => {
        throw transferFault(url, error, signal)
      })
      if (done) break
      yield value
    }
    isDone = true
  } finally {
    if (!isDone) await reader.cancel().catch(() => {})
  }
}

/** A whole answer of at most `limit` bytes. Throws `damaged` if there are more, `unreachable`, `cancelled`. */
export async function textOf(
  response: Response,
  url: string,
  limit: number,
  signal: AbortSignal | undefined,
  tries: Tries = defaultTries,
): Promise<string> {
  let text = ""
  for await (const bytes of bodyOf(response, url, signal, tries)) {
    if (text.length + bytes.length > limit) throw new StoreError("damaged", `${shownUrl(url)} is longer than ${limit} bytes`)
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return text
}

/** What the promise gives, or a fault if that takes longer. */
async function within<T>(milliseconds: number, promise: Promise<T>, fault: () => StoreError): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(fault()), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, milliseconds)
    function finish(): void {
      clearTimeout(timer)
      signal?.removeEventListener("abort", finish)
      resolve()
    }
    signal?.addEventListener("abort", finish)
  })
}
