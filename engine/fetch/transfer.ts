// One transfer: an address is asked, again if need be, and its answer used. What fails is a Nix error in curl's words.
// C++ Nix: libstore/filetransfer.cc

import type { NixError } from "../eval/error.ts"
import { printBase64 } from "../formats/hash/base64.ts"
import { parseUrl, printUrl } from "../formats/url/url.ts"
import { checkCancelled, type FetchContext, nixError } from "./fetch-context.ts"
import { type FetchAnswer, type FetchRequest, TransferError } from "./fetcher.ts"
import { filePath } from "./file-url.ts"

/** An answer that is good. */
export interface Transfer {
  /** "" if the server gives none. */
  readonly etag: string
  /** Where the file will always be, if the server says so (`Link: <…>; rel="immutable"`). */
  readonly immutableUrl: string | undefined
  /** All addresses asked, the last one answered. */
  readonly urls: readonly string[]
  /** The file is still that of the etag that was sent: there is no body. */
  readonly isUnchanged: boolean
  readonly body: AsyncIterable<Uint8Array>
}

/** What is asked and how it is said that it failed. */
export interface TransferOptions {
  readonly headers?: ReadonlyMap<string, string>
  readonly etag?: string
  /** Makes the message that is shown of the transfer's own. */
  readonly describe?: (message: string) => string
}

const successful = new Set([0, 200, 201, 204, 206, 304])

/** An answer's body is shown with the error if it is short or a page. C++ Nix: FileTransferError */
const shownBody = 1024
const maxErrorBody = 1 << 20

/** An answer that is no success. */
class BadStatus {
  readonly message: string
  readonly isTransient: boolean
  /** Milliseconds that the server wants to be left alone. */
  readonly pause: number

  constructor(message: string, status: number, retryAfter: string | null) {
    this.message = message
    this.isTransient = status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505 && status !== 511)
    const asked = /^[0-9]+$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0
    this.pause = Math.max(status === 429 || status === 503 ? 5000 : 0, Math.min(asked, 60_000))
  }
}

/** A file: address as an answer. */
async function answerFile(ctx: FetchContext, url: string): Promise<FetchAnswer> {
  const path = filePath(url)
  const body = (await ctx.files?.read(path)) ?? null
  if (body === null) throw new TransferError(`Could not read a file:// file (37) Could not open file ${path}`)
  return { status: 0, urls: [url], header: () => null, body }
}

/** The address without user and password, which go into a header. */
function withoutUser(url: string, headers: ReadonlyMap<string, string>): { url: string; headers: ReadonlyMap<string, string> } {
  if (!/^https?:\/\/[^/?#]*@/.test(url)) return { url, headers }
  const parsed = parseUrl(url)
  if (parsed.authority === null) return { url, headers }
  const { user, password } = parsed.authority
  const secret = Uint8Array.from(`${user ?? ""}:${password ?? ""}`, (c) => c.charCodeAt(0))
  const bare = printUrl({ ...parsed, authority: { ...parsed.authority, user: null, password: null } })
  return { url: bare, headers: new Map([["authorization", `Basic ${printBase64(secret)}`], ...headers]) }
}

async function ask(ctx: FetchContext, url: string, options: TransferOptions): Promise<FetchAnswer> {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(url)?.[1]?.toLowerCase()
  if (scheme === undefined) throw nixError(`URL '${url}' doesn't have a scheme`)
  if (scheme === "file") return answerFile(ctx, url)
  if (scheme !== "http" && scheme !== "https") throw new TransferError(`Unsupported protocol (1) Protocol "${scheme}" not supported`)
  const request: FetchRequest = {
    headers: options.headers ?? new Map(),
    ...(options.etag === undefined || options.etag === "" ? {} : { etag: options.etag }),
    ...(ctx.signal === undefined ? {} : { signal: ctx.signal }),
  }
  const { url: bare, headers } = withoutUser(url, request.headers)
  return ctx.fetcher(bare, { ...request, headers })
}

/** The pieces of a body, counted. */
async function* counted(ctx: FetchContext, url: string, answer: FetchAnswer): AsyncGenerator<Uint8Array> {
  const length = answer.header("content-length")
  const total = length !== null && /^[0-9]+$/.test(length) && answer.header("content-encoding") === null ? Number(length) : null
  const { maxDownload } = ctx.settings
  let done = 0
  for await (const piece of answer.body) {
    checkCancelled(ctx)
    done += piece.length
    if (done > maxDownload) throw nixError(`the file at '${url}' is larger than ${maxDownload} bytes, the most that is downloaded`)
    ctx.progress?.({ url, done, total })
    yield piece
  }
}

async function errorBody(answer: FetchAnswer): Promise<string> {
  let text = ""
  for await (const piece of answer.body) {
    for (const byte of piece) text += String.fromCharCode(byte)
    if (text.length > maxErrorBody) break
  }
  return text
}

async function check(url: string, answer: FetchAnswer): Promise<void> {
  if (successful.has(answer.status)) return
  const body = await errorBody(answer)
  const message = `unable to download '${url}': HTTP error ${answer.status}`
  const isShown = body !== "" && (body.length < shownBody || body.includes("<html>"))
  const shown = isShown ? `${message}\n\nresponse body:\n\n${body.replace(/[\n\r]+$/, "")}` : message
  throw new BadStatus(shown, answer.status, answer.header("retry-after"))
}

/** A failure in Nix's words, and whether another try makes sense; null for any other error. */
function failure(url: string, e: unknown): { message: string; isTransient: boolean; pause: number } | null {
  if (e instanceof BadStatus) return e
  if (!(e instanceof TransferError)) return null
  const reason = e.status === undefined ? e.message : `HTTP error ${e.status} (curl error: ${e.message})`
  return { message: `unable to download '${url}': ${reason}`, isTransient: e.isTransient, pause: 0 }
}

/** A transfer that failed for good: a Nix error that says so, told apart so that something older can be used instead. */
export class FailedTransfer {
  readonly error: NixError
  constructor(error: NixError) {
    this.error = error
  }
}

/**
 * Asks for an address and gives the answer to `use`, which reads its body. If it breaks off in a way that may pass, everything is
 * done again. Throws FailedTransfer where no answer is had, and what `use` throws.
 */
export async function transfer<T>(
  ctx: FetchContext,
  url: string,
  options: TransferOptions,
  use: (transfer: Transfer) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    checkCancelled(ctx)
    try {
      const answer = await ask(ctx, url, options)
      await check(url, answer)
      const link = /^<([^>]*)>; rel="immutable"$/i.exec(answer.header("link") ?? answer.header("x-amz-meta-link") ?? "")
      return await use({
        etag: answer.header("etag") ?? "",
        immutableUrl: link?.[1],
        urls: answer.urls,
        isUnchanged: answer.status === 304,
        body: counted(ctx, url, answer),
      })
    } catch (e) {
      checkCancelled(ctx)
      const failed = failure(url, e)
      if (failed === null) throw e
      const { message, isTransient } = failed
      if (!isTransient || attempt >= ctx.settings.downloadAttempts) {
        throw new FailedTransfer(nixError(options.describe === undefined ? message : options.describe(message)))
      }
      const pause = Math.max(failed.pause, 100 * 2 ** (attempt - 1))
      ctx.warn(`${message}; retrying in ${pause} ms (attempt ${attempt}/${ctx.settings.downloadAttempts})`)
      await ctx.wait(pause)
    }
  }
}

/** The error that a failed transfer stands for; others as they are. */
export function shownError(e: unknown): unknown {
  return e instanceof FailedTransfer ? e.error : e
}
