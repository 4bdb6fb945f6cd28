// Archives by address: downloaded, unpacked and remembered. C++ Nix: tarball.cc downloadTarball_, github.cc downloadArchive

import { parseSri, printHash } from "../formats/hash/hash.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { isCurrent } from "./download.ts"
import { type CachedFetch, cachedNumber, cachedText, cacheKey } from "./fetch-cache.ts"
import { type FetchContext, nixError } from "./fetch-context.ts"
import { type FetchedSource, sourceInStore, sourceOfNode } from "./fetched-source.ts"
import { filePath } from "./file-url.ts"
import type { ForgeArchive } from "./forge.ts"
import { shownError, transfer } from "./transfer.ts"
import { unpack } from "./unpack.ts"

/** An unpacked archive. */
export interface Tarball {
  readonly source: FetchedSource
  /** Time of the newest entry, in seconds since 1970; 0 if they have none. */
  readonly lastModified: number
  /** Where this very archive will always be, if the server says so. */
  readonly immutableUrl: string | undefined
}

/** Friendly errors for what is no archive. */
async function checkLocal(ctx: FetchContext, url: string): Promise<void> {
  const path = filePath(url)
  const entry = (await ctx.files?.lstat(path)) ?? null
  if (entry === null) throw nixError(`tarball "${path}" does not exist.`)
  if (entry.type !== "directory") return
  if ((await ctx.files?.lstat(`${path}/.git`)) != null)
    throw nixError(`tarball "${path}" is a git repository, not a tarball. Please use \`git+file\` as the scheme.`)
  throw nixError(`tarball "${path}" is a directory, not a file.`)
}

/** How the library that Nix unpacks with tells that its input failed. */
function describe(url: string): (message: string) => string {
  if (isZip(url)) return (message) => message
  const indented = (message: string): string => message.replace(/\n(?=[^\n])/g, "\n       ")
  return (message) => `Failed to open archive (Source threw exception: error: ${indented(message)})`
}

/** Whether the address is that of a zip file: those are taken from their end. */
function isZip(url: string): boolean {
  return /^[^?#]*\.zip(?:[?#]|$)/i.test(url)
}

/** What the cache has of an archive, if the store still has its tree. */
async function fromCache(ctx: FetchContext, entry: CachedFetch): Promise<Tarball | null> {
  const narHash = cachedText(entry, "narHash")
  if (narHash === undefined) return null
  const source = await sourceInStore(ctx.store, parseSri(narHash), cachedText(entry, "name") ?? "source")
  if (source === null) return null
  return { source, lastModified: cachedNumber(entry, "lastModified") ?? 0, immutableUrl: cachedText(entry, "immutableUrl") }
}

async function unpackBody(ctx: FetchContext, url: string, body: AsyncIterable<Uint8Array>): Promise<Omit<Tarball, "immutableUrl">> {
  const { node, lastModified } = await unpack(ctx, url, body)
  return { source: await sourceOfNode(ctx.store, node), lastModified }
}

/** The archive, to be remembered under these keys as soon as it is an object. */
function remembered(ctx: FetchContext, keys: readonly string[], etag: string, { source, lastModified, immutableUrl }: Tarball): Tarball {
  const narHash = printHash(source.narHash, "sri")
  const place = async (name: string): Promise<StorePath> => {
    const path = await source.place(name)
    const attrs = { etag, narHash, name, lastModified, ...(immutableUrl === undefined ? {} : { immutableUrl }) }
    for (const key of keys) await ctx.cache.put(key, { time: ctx.now(), attrs })
    return path
  }
  return { source: { narHash: source.narHash, place }, lastModified, immutableUrl }
}

/** Fetches an archive, or finds it in cache and store. */
export async function downloadTarball(ctx: FetchContext, url: string): Promise<Tarball> {
  if (/^file:/i.test(url)) await checkLocal(ctx, url)
  const entry = await ctx.cache.get(cacheKey("tarball", url))
  const cached = entry === null ? null : await fromCache(ctx, entry)
  if (entry !== null && cached !== null && isCurrent(ctx, entry.time)) return cached
  const etag = entry === null || cached === null ? "" : (cachedText(entry, "etag") ?? "")
  try {
    return await transfer(ctx, url, { etag, describe: describe(url) }, async (answer) => {
      const isKnown = answer.isUnchanged && cached !== null
      const tarball = isKnown ? cached : { ...(await unpackBody(ctx, url, answer.body)), immutableUrl: answer.immutableUrl }
      const keys = answer.urls.map((asked) => cacheKey("tarball", asked))
      return remembered(ctx, keys, answer.etag, tarball)
    })
  } catch (e) {
    throw shownError(e)
  }
}

/** Fetches the archive of a revision, or finds it: a revision never changes. */
export async function downloadArchive(ctx: FetchContext, { url, headers, rev }: ForgeArchive): Promise<Tarball> {
  const key = cacheKey("revision", rev)
  const entry = await ctx.cache.get(key)
  const cached = entry === null ? null : await fromCache(ctx, entry)
  if (cached !== null) return cached
  try {
    return await transfer(ctx, url, { headers, describe: describe("") }, async (answer) => {
      const tarball = { ...(await unpackBody(ctx, url, answer.body)), immutableUrl: undefined }
      return remembered(ctx, [key], answer.etag, tarball)
    })
  } catch (e) {
    throw shownError(e)
  }
}
