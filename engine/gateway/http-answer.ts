// What the plain HTTP routes share: requests as they see them, answers in pieces with ranges.

import type { IncomingMessage, ServerResponse } from "node:http"
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2"
import { StoreError, type StoreErrorCode } from "../castore/error.ts"
import type { Account } from "./account.ts"

export type Request = IncomingMessage | Http2ServerRequest
export type Response = ServerResponse | Http2ServerResponse

/** A fault with the status that a client gets. */
export class HttpFault extends Error {
  override readonly name = "HttpFault"
  readonly status: number

  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
  }
}

const statusOf: Readonly<Record<StoreErrorCode, number>> = {
  damaged: 500,
  absent: 404,
  invalid: 400,
  denied: 403,
  quota: 413,
  "read-only": 405,
  unreachable: 502,
  unsupported: 415,
  cancelled: 503,
}

const lostConnection = new Set([
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "ERR_HTTP2_INVALID_STREAM",
  "ERR_HTTP2_STREAM_ERROR",
])

/** Whether a fault is that the client went away. */
export function isLostConnection(error: unknown): boolean {
  return error instanceof Error && "code" in error && lostConnection.has(String(error.code))
}

/** Whether nobody hears an answer any more. */
export function isGone(response: Response): boolean {
  return "stream" in response ? response.stream === undefined || response.stream.destroyed : response.destroyed
}

/** The status and text for a fault; undefined if it is one of ours, which is not described. */
export function describeFault(error: unknown): { readonly status: number; readonly text: string } | undefined {
  if (isLostConnection(error)) return { status: 400, text: "the request ended before its end" }
  if (error instanceof HttpFault) return { status: error.status, text: error.message }
  if (error instanceof StoreError) return { status: statusOf[error.code], text: error.message }
  return undefined
}

/** Answers with a text. */
export function sendText(response: Response, status: number, text: string, headers: Record<string, string> = {}): void {
  sendBytes(response, status, Buffer.from(text, "utf8"), { "content-type": "text/plain; charset=utf-8", ...headers })
}

/** Answers with bytes that are in memory. */
export function sendBytes(response: Response, status: number, body: Uint8Array, headers: Record<string, string>): void {
  writeHead(response, status, { "content-length": String(body.length), ...headers })
  end(response, isHead(response) ? undefined : body)
}

/** Both kinds of responses have the method; their types are not of one kind. */
export function writeHead(response: Response, status: number, headers: Record<string, string>): void {
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

export function end(response: Response, body?: Uint8Array): void {
  if (body === undefined) response.end()
  else response.end(body)
}

function isHead(response: Response): boolean {
  return response.req.method === "HEAD"
}

/** Writes a piece and waits until there is room for the next. Rejects when the client is gone. */
export function write(response: Response, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (isGone(response) || response.writableEnded) return reject(new HttpFault(499, "the client is gone"))
    // The types of the two kinds of responses have no common signature of write.
    if ((response as ServerResponse).write(piece)) return resolve()
    const finish = (fault?: Error): void => {
      response.off("drain", drained)
      response.off("close", closed)
      if (fault === undefined) resolve()
      else reject(fault)
    }
    const drained = (): void => finish()
    const closed = (): void => finish(new HttpFault(499, "the client is gone"))
    response.on("drain", drained)
    response.on("close", closed)
  })
}

/** A thing of known size that can be read from any byte on. */
export interface Sendable {
  readonly size: number
  readonly type: string
  /** The bytes from `from` to before `to`, or more: what is beyond is cut. */
  stream(from: number, to: number): AsyncIterable<Uint8Array>
}

/** What never changes may be kept for ever. */
export const immutable = "public, max-age=31536000, immutable"

/** Answers GET and HEAD with a thing or, if the request asks for it, with one range of it. */
export async function sendRange(
  request: Request,
  response: Response,
  thing: Sendable,
  headers: Record<string, string> = {},
): Promise<void> {
  const range = parseRange(request.headers.range, thing.size)
  const common = { "accept-ranges": "bytes", "content-type": thing.type, ...headers }
  if (range === "unsatisfiable") {
    writeHead(response, 416, { ...common, "content-range": `bytes */${thing.size}`, "content-length": "0" })
    return end(response)
  }
  const [from, to] = range ?? [0, thing.size]
  const partial = range === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${thing.size}` }
  writeHead(response, range === undefined ? 200 : 206, { ...common, ...partial, "content-length": String(to - from) })
  if (request.method === "HEAD" || from === to) return end(response)
  let left = to - from
  for await (const piece of thing.stream(from, to)) {
    const part = piece.subarray(0, left)
    await write(response, part)
    left -= part.length
    if (left === 0) break
  }
  if (left > 0) throw new StoreError("damaged", `there were ${left} bytes less than announced`)
  end(response)
}

/** One range of bytes; several at once, and what is no range, count as none (RFC 9110 allows it). */
function parseRange(header: string | undefined, size: number): readonly [number, number] | "unsatisfiable" | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(header ?? "")
  if (found === null || (found[1] === "" && found[2] === "")) return undefined
  if (found[1] === "") {
    const last = Math.min(Number(found[2]), size)
    return last === 0 ? "unsatisfiable" : [size - last, size]
  }
  const from = Number(found[1])
  const to = found[2] === "" ? size : Math.min(Number(found[2]) + 1, size)
  if (from >= size) return "unsatisfiable"
  return from >= to ? undefined : [from, to]
}

/** The body of a request, at most `limit` bytes, charged to an account. Throws HttpFault 413, StoreError `quota`. */
export async function* readBody(request: Request, limit: number, account: Account): AsyncGenerator<Uint8Array> {
  const announced = Number(request.headers["content-length"] ?? 0)
  if (announced > limit) throw new HttpFault(413, `the body has more than ${limit} bytes`)
  account.check(announced)
  let size = 0
  // Not destroyed when reading stops early: the client must be able to hear why.
  for await (const chunk of (request as IncomingMessage).iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > limit) throw new HttpFault(413, `the body has more than ${limit} bytes`)
    account.charge(chunk.length)
    yield chunk
  }
}
