// GET /fetch?url=…: fetches a source for a page that may not do so itself, because the other server knows nothing of CORS.
// Where it may go is guarded-fetch.ts's to say.

import { answerBytes, type FetchAnswer, type FetchRules, guardedFetch } from "./guarded-fetch.ts"
import { end, HttpFault, type Request, type Response, write, writeHead } from "./http-answer.ts"

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
      const headers: Record<string, string> = {}
      for (const name of requestHeaders) {
        const value = request.headers[name]
        if (typeof value === "string") headers[name] = value
      }
      const method = request.method === "HEAD" ? "HEAD" : "GET"
      await this.#pass(await guardedFetch(this.#rules, target, { method, headers, signal: stop.signal }), request, response)
    } finally {
      response.off("close", gone)
      this.#running--
      stop.abort()
    }
  }

  async #pass(fetched: FetchAnswer, request: Request, response: Response): Promise<void> {
    const { url, response: answer } = fetched
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
    // Once the answer is under way, all that is left to do is to break it off.
    for await (const chunk of answerBytes(this.#rules, fetched)) await write(response, chunk)
    end(response)
  }
}
