// Uploading to a binary cache that takes PUT, as Nix does with `nix copy --to http://…`: what is there is left out, archives go before
// their narinfos. C++ Nix: libstore/http-binary-cache-store.cc upsertFile

import { StoreError } from "../castore/error.ts"
import type { HttpFetch } from "../castore/http-source.ts"
import { joinBytes } from "../formats/bytes.ts"
import type { CacheSink } from "./cache-export.ts"
import { defaultTries, request, shownUrl, type Tries } from "./http-get.ts"

export interface UploadOptions {
  readonly fetch?: HttpFetch | undefined
  /** For the server: a token, for example. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly tries?: Partial<Tries> | undefined
  readonly signal?: AbortSignal | undefined
  /** The largest compressed archive, in bytes: browsers can send only what they have in memory as a whole. */
  readonly maxFileSize?: number | undefined
}

const types: Readonly<Record<string, string>> = {
  narinfo: "text/x-nix-narinfo",
  nar: "application/x-nix-nar",
  gz: "application/x-nix-nar",
}

/** The binary cache at `url` as the place an export goes to. Its methods throw `denied`, `unreachable`, `cancelled`, `unsupported`. */
export function uploadSink(url: string, options: UploadOptions = {}): CacheSink {
  const base = url.replace(/\/+$/, "")
  const fetch: HttpFetch = options.fetch ?? ((address, init) => globalThis.fetch(address, init))
  const { headers = {}, maxFileSize = 2 ** 30 } = options
  const tries = { ...defaultTries, ...options.tries }
  const signal = options.signal === undefined ? {} : { signal: options.signal }
  return {
    async has(path) {
      const response = await request(fetch, `${base}/${path}`, { method: "HEAD", headers, ...signal }, tries)
      await response?.body?.cancel()
      return response !== null
    },
    async put(path, contents) {
      const body = contents instanceof Uint8Array ? new Uint8Array(contents) : await collected(contents, maxFileSize)
      const type = path === "nix-cache-info" ? "text/x-nix-cache-info" : (types[path.slice(path.lastIndexOf(".") + 1)] ?? "")
      const init = { method: "PUT", headers: { ...headers, "content-type": type }, body, ...signal }
      const response = await request(fetch, `${base}/${path}`, init, tries)
      if (response === null) throw new StoreError("denied", `PUT ${shownUrl(`${base}/${path}`)}: the server does not take uploads`)
      await response.body?.cancel()
    },
  }
}

async function collected(chunks: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.length
    if (size > limit) throw new StoreError("unsupported", `a compressed archive of more than ${limit} bytes cannot be uploaded`)
    pieces.push(chunk.slice())
  }
  return joinBytes(pieces)
}
