// A Fetcher over the platform's own `fetch`, which browsers and Node share. They differ in one thing: Node shows redirections, so that
// they can be counted and followed as curl does; a browser follows them unseen and shows the last address only.

import { chunksOf } from "./byte-stream.ts"
import { type FetchAnswer, type Fetcher, type FetchRequest, TransferError } from "./fetcher.ts"

/** The platform's fetch. */
export type WebFetch = (url: string, init: RequestInit) => Promise<Response>

/** "seen": redirections are followed here (Node). "unseen": the platform does it (browsers). */
export type Redirections = "seen" | "unseen"

/** C++ Nix: filetransfer.cc CURLOPT_MAXREDIRS */
const maxRedirections = 10

/** curl's words for the system's errors. */
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Could not connect to server (7)",
  EHOSTUNREACH: "Could not connect to server (7)",
  ENETUNREACH: "Could not connect to server (7)",
  UND_ERR_CONNECT_TIMEOUT: "Timeout was reached (28)",
  ENOTFOUND: "Could not resolve hostname (6)",
  EAI_AGAIN: "Could not resolve hostname (6)",
  UND_ERR_SOCKET: "Server returned nothing (no headers, no data) (52) Empty reply from server",
  ECONNRESET: "Failure when receiving data from the peer (56) Recv failure: Connection reset by peer",
}

/** A failed fetch in curl's words, followed by what the system says. */
function transferError(e: unknown, redirections: Redirections): unknown {
  // Browsers and Node throw TypeError when the network fails; aborts are another error and pass.
  if (!(e instanceof TypeError)) return e
  const cause = e.cause as { readonly code?: unknown; readonly message?: unknown } | undefined
  const code = typeof cause?.code === "string" ? cause.code : ""
  const known = reasons[code]
  const detail = typeof cause?.message === "string" ? cause.message : ""
  if (code === "UND_ERR_SOCKET" || code === "ECONNRESET") return new TransferError(known as string, { isTransient: true, cause: e })
  if (known !== undefined) return new TransferError(`${known} ${detail}`.trimEnd(), { isTransient: true, cause: e })
  const reason = detail === "" ? e.message : detail
  // A browser does not tell why: the other end may be down, or it does not let pages of other origins read.
  const hint = " (the server cannot be reached, or does not allow pages of other origins: a proxy can be set for it)"
  return new TransferError(redirections === "seen" ? reason : `${reason}${hint}`, { cause: e })
}

async function* pieces(
  body: ReadableStream<Uint8Array> | null,
  status: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  if (body === null) return
  try {
    yield* chunksOf(body)
  } catch (e) {
    signal?.throwIfAborted()
    throw new TransferError("Transferred a partial file", { status, isTransient: true, cause: e })
  }
}

function answer(response: Response, urls: readonly string[], signal: AbortSignal | undefined): FetchAnswer {
  return {
    status: response.status,
    urls,
    header: (name) => response.headers.get(name),
    body: pieces(response.body, response.status, signal),
  }
}

/** Headers that are for one server only. */
const personal = ["authorization", "private-token", "cookie"]

/** A Fetcher that asks with `fetch`. */
export function webFetcher(fetch: WebFetch, redirections: Redirections): Fetcher {
  const ask = async (url: string, headers: Record<string, string>, signal: AbortSignal | undefined): Promise<Response> => {
    try {
      return await fetch(url, {
        headers,
        redirect: redirections === "seen" ? "manual" : "follow",
        credentials: "omit",
        // Our own cache decides.
        cache: redirections === "seen" ? "no-store" : "no-cache",
        ...(signal === undefined ? {} : { signal }),
      })
    } catch (e) {
      signal?.throwIfAborted()
      throw transferError(e, redirections)
    }
  }
  return async (url, { headers, etag, signal }: FetchRequest) => {
    const sent = Object.fromEntries(headers)
    // In a page this header would cost a question beforehand that few servers answer; there the platform's own cache revalidates.
    if (etag !== undefined && etag !== "" && redirections === "seen") sent["if-none-match"] = etag
    const urls = [url]
    for (let at = url; ; ) {
      const response = await ask(at, sent, signal)
      const to = response.headers.get("location")
      if (redirections === "unseen") {
        if (response.url !== "" && response.url !== url) urls.push(response.url)
        return answer(response, urls, signal)
      }
      if (response.status < 300 || response.status >= 400 || response.status === 304 || to === null) return answer(response, urls, signal)
      await response.body?.cancel()
      const broken = (why: string): TransferError => new TransferError(why, { status: response.status })
      if (!URL.canParse(to, at)) throw broken("URL using bad/illegal format or missing URL")
      const next = new URL(to, at)
      if (next.protocol !== "http:" && next.protocol !== "https:") throw broken("Unsupported protocol")
      if (urls.length > maxRedirections) throw broken("Number of redirects hit maximum amount")
      if (next.origin !== new URL(at).origin) for (const name of personal) delete sent[name]
      at = next.href
      urls.push(at)
    }
  }
}
