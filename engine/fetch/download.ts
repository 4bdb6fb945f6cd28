// Files: fetchurl, inputs of type `file`, and the short answers of the hosting services. C++ Nix: tarball.cc downloadFile

import type { FileNode } from "../castore/node.ts"
import { reading } from "../eval/format-fault.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { type Hash, hashEquals, parseHash, printHash } from "../formats/hash/hash.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { cachedText, cacheKey } from "./fetch-cache.ts"
import { type FetchContext, nixError } from "./fetch-context.ts"
import { FailedTransfer, shownError, type Transfer, transfer } from "./transfer.ts"

/** A file in the store. */
export interface DownloadedFile {
  readonly path: StorePath
  /** Of its bytes. */
  readonly sha256: Hash
}

/** Puts a body into the castore: the node and the hash of its bytes. Nothing of it is visible if it breaks off. */
async function receive(ctx: FetchContext, body: AsyncIterable<Uint8Array>): Promise<{ node: FileNode; sha256: Hash }> {
  const writer = ctx.store.blobs.write()
  const hasher = new Hasher("sha256")
  try {
    for await (const piece of body) {
      hasher.update(piece)
      await writer.write(piece)
    }
    const size = hasher.size
    const sha256: Hash = { algo: "sha256", bytes: hasher.digest() }
    return { node: { kind: "file", digest: await writer.close(), size, executable: false }, sha256 }
  } catch (e) {
    await writer.abort()
    throw e
  }
}

/** Whether something of this age is still current. */
export function isCurrent(ctx: FetchContext, time: number): boolean {
  return ctx.now() < time + ctx.settings.tarballTtl
}

/** Downloads a file into the store under `name`, or finds it there. Throws what Nix reports. */
export async function downloadFile(ctx: FetchContext, url: string, name: string): Promise<DownloadedFile> {
  const key = cacheKey("file", url, name)
  const entry = await ctx.cache.get(key)
  const digits = entry === null ? undefined : cachedText(entry, "sha256")
  let cached: DownloadedFile | null = null
  if (digits !== undefined) {
    const sha256 = parseHash(digits, "sha256")
    const path = flatPath(ctx, name, sha256)
    if ((await ctx.store.narHash(path)) !== null) cached = { path, sha256 }
  }
  if (entry !== null && cached !== null && isCurrent(ctx, entry.time)) return cached
  const etag = entry === null || cached === null ? "" : (cachedText(entry, "etag") ?? "")
  const take = async (answer: Transfer): Promise<DownloadedFile> => {
    let file = cached
    if (!answer.isUnchanged || file === null) {
      const { node, sha256 } = await receive(ctx, answer.body)
      const path = await ctx.store.add(name, node, await ctx.store.sum(node), { method: "flat", hash: sha256 })
      file = { path, sha256 }
    }
    const attrs = { sha256: printHash(file.sha256, "nix32"), etag: answer.etag }
    for (const asked of answer.urls) await ctx.cache.put(cacheKey("file", asked, name), { time: ctx.now(), attrs })
    return file
  }
  try {
    return await transfer(ctx, url, { etag }, take)
  } catch (e) {
    if (!(e instanceof FailedTransfer) || cached === null) throw shownError(e)
    ctx.warn(`${e.error.message}; using cached version`)
    return cached
  }
}

/** Where a file of this hash is in the store. */
function flatPath(ctx: FetchContext, name: string, sha256: Hash): StorePath {
  return reading(() => makeFixedOutputPath(name, { method: "flat", hash: sha256 }, undefined, ctx.store.storeDir))
}

/** Refuses a file of another hash than expected. C++ Nix: primops/fetchTree.cc fetch */
export function checkFile(url: string, file: DownloadedFile, expected: Hash): void {
  if (hashEquals(file.sha256, expected)) return
  throw nixError(
    `hash mismatch in file downloaded from '${url}':\n  specified: ${printHash(expected, "nix32")}\n  got:       ${printHash(file.sha256, "nix32")}`,
  )
}

/** A short text at an address, as a byte string; it is kept as long as it counts as current. */
export async function downloadText(ctx: FetchContext, url: string, headers: ReadonlyMap<string, string>): Promise<string> {
  const key = cacheKey("text", url)
  const entry = await ctx.cache.get(key)
  const cached = entry === null ? undefined : cachedText(entry, "text")
  if (entry !== null && cached !== undefined && isCurrent(ctx, entry.time)) return cached
  const etag = entry === null ? "" : (cachedText(entry, "etag") ?? "")
  try {
    return await transfer(ctx, url, { headers, etag }, async (answer) => {
      let text = ""
      if (answer.isUnchanged && cached !== undefined) text = cached
      else
        for await (const piece of answer.body) {
          for (const byte of piece) text += String.fromCharCode(byte)
          if (text.length > maxText) throw nixError(`the answer of '${url}' is longer than ${maxText} bytes`)
        }
      await ctx.cache.put(key, { time: ctx.now(), attrs: { text, etag: answer.etag } })
      return text
    })
  } catch (e) {
    if (!(e instanceof FailedTransfer) || cached === undefined) throw shownError(e)
    ctx.warn(`${e.error.message}; using cached version`)
    return cached
  }
}

/** References of a large repository have some megabytes. */
const maxText = 1 << 26
