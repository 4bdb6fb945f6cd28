// A closure as a static binary cache: files that any web server can serve and that Nix takes with `--from file://…`.
// C++ Nix: libstore/binary-cache-store.cc addToStoreCommon

import { StoreError } from "../castore/error.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { printHashDigits } from "../formats/hash/hash.ts"
import { type NarInfo, printNarInfo } from "../formats/narinfo/nar-info.ts"
import { type PathInfo, signPathInfo } from "../formats/narinfo/path-info.ts"
import type { SecretKey } from "../formats/narinfo/signature.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { bytesOfText } from "./byte-text.ts"
import { dependenciesFirst } from "./dependency-order.ts"

/** The compressions that can be written: browsers have no others. */
export type WritableCompression = "none" | "gzip"

export interface ExportOptions {
  /** `gzip` by default. */
  readonly compression?: WritableCompression | undefined
  /** Signs every object, beside the signatures that it has. */
  readonly secretKeys?: readonly SecretKey[] | undefined
  readonly priority?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((progress: ExportProgress) => void) | undefined
}

export interface ExportProgress {
  readonly paths: { readonly done: number; readonly all: number }
  /** Of the archives, before they are compressed. */
  readonly bytes: { readonly done: number; readonly all: number }
}

/** A store that can be exported. */
export interface ExportSource {
  readonly storeDir: string
  print(path: StorePath): string
  /** The paths and all they refer to. Throws `absent`. */
  closure(roots: Iterable<StorePath>): Promise<ReadonlyMap<StorePath, PathInfo>>
  /** The archive of an object. */
  nar(path: StorePath, options: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Uint8Array<ArrayBuffer>>
}

/** A file of a binary cache. */
export interface CacheFile {
  /** Relative to the cache: `nix-cache-info`, `HASHPART.narinfo`, `nar/…`. */
  readonly path: string
  /** Archives come as streams, to be read to their ends before the next file is asked for. */
  readonly contents: Uint8Array | AsyncIterable<Uint8Array>
}

/** Where an export goes: a folder, a server. */
export interface CacheSink {
  /** Whether the file is there already; then it is not written again. */
  has(path: string): Promise<boolean>
  /** Writes a file; it is there as a whole or not at all. */
  put(path: string, contents: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>
}

/** The name that compressions have in names of files. */
const suffixes: Readonly<Record<WritableCompression, string>> = { none: "", gzip: ".gz" }

/** A compression that can be written. Throws `unsupported` for the others that Nix has. */
export function writableCompression(name: string): WritableCompression {
  if (name === "none" || name === "gzip") return name
  throw new StoreError("unsupported", `archives cannot be compressed by '${name}' here: only 'none' and 'gzip' can be written`)
}

/** The text of nix-cache-info. */
function printCacheInfo(storeDir: string, priority?: number): string {
  return `StoreDir: ${storeDir}\nWantMassQuery: 1\n${priority === undefined ? "" : `Priority: ${priority}\n`}`
}

/** Writes the closure of the paths into a sink, leaving out what is there. Throws what cacheFiles throws, and what the sink throws. */
export async function exportClosure(
  store: ExportSource,
  roots: Iterable<StorePath>,
  sink: CacheSink,
  options: ExportOptions = {},
): Promise<void> {
  for await (const { path, contents } of cacheFiles(store, roots, (path) => sink.has(path), options)) await sink.put(path, contents)
}

/**
 * The files of a binary cache with the closure of the paths, but those that `has` says are there. An archive comes before its narinfo,
 * and references before what refers to them, so that the cache is whole at any moment. Throws `absent`, `damaged`, `cancelled`.
 */
export async function* cacheFiles(
  store: ExportSource,
  roots: Iterable<StorePath>,
  has: (path: string) => Promise<boolean>,
  options: ExportOptions = {},
): AsyncGenerator<CacheFile> {
  const infos = dependenciesFirst((await store.closure(roots)).values())
  const all = infos.reduce((sum, { narSize }) => sum + narSize, 0)
  let done = 0
  let bytes = 0
  const received = (count: number): void => {
    bytes += count
    options.progress?.({ paths: { done, all: infos.length }, bytes: { done: bytes, all } })
  }
  if (!(await has("nix-cache-info")))
    yield { path: "nix-cache-info", contents: bytesOfText(printCacheInfo(store.storeDir, options.priority)) }
  for (const info of infos) {
    throwIfCancelled(options.signal)
    const path = `${hashPart(info.path)}.narinfo`
    if (await has(path)) received(info.narSize)
    else {
      const narInfo = yield* exportNar(store, info, has, options, received)
      yield { path, contents: bytesOfText(printNarInfo(narInfo)) }
    }
    done++
    received(0)
  }
}

/** The archive of an object unless it is there, under the name of its own hash: so it can be written as it comes. */
async function* exportNar(
  store: ExportSource,
  info: PathInfo,
  has: (path: string) => Promise<boolean>,
  { compression = "gzip", secretKeys = [], signal }: ExportOptions,
  received: (bytes: number) => void,
): AsyncGenerator<CacheFile, NarInfo> {
  const path = `nar/${printHashDigits(info.narHash, "nix32")}.nar${suffixes[compression]}`
  const signed = { ...secretKeys.reduce((one, key) => signPathInfo(one, key), info), url: path, compression }
  // The archive of another object with the same contents: what its file's hash is does not have to be told.
  if (await has(path)) {
    received(info.narSize)
    return { ...signed, fileHash: undefined, fileSize: 0 }
  }
  const file = new Hasher("sha256")
  const archive = new Hasher("sha256")
  let isRead = false
  async function* plain(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    for await (const chunk of store.nar(info.path, { signal })) {
      archive.update(chunk)
      received(chunk.length)
      yield chunk
    }
    if (archive.size !== info.narSize || archive.digest().some((byte, i) => byte !== info.narHash.bytes[i]))
      throw new StoreError("damaged", `the archive of '${store.print(info.path)}' is not what was registered`)
  }
  async function* compressed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of compress(compression, plain())) {
      file.update(chunk)
      yield chunk
    }
    isRead = true
  }
  yield { path, contents: compressed() }
  if (!isRead) throw new RangeError(`'${path}' was not read to its end`)
  return { ...signed, fileHash: { algo: "sha256", bytes: file.digest() }, fileSize: file.size }
}

/** Compresses a stream, with back-pressure. */
async function* compress(method: WritableCompression, chunks: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  if (method === "none") {
    yield* chunks
    return
  }
  const stream = new CompressionStream("gzip")
  const writer = stream.writable.getWriter()
  const reader = stream.readable.getReader()
  const feeding = (async () => {
    try {
      for await (const chunk of chunks) await writer.write(chunk)
      await writer.close()
    } catch (error) {
      await writer.abort(error)
      throw error
    }
  })()
  // It is awaited below, but reading may fail before.
  feeding.catch(() => {})
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      yield value
    }
    await feeding
  } finally {
    await reader.cancel().catch(() => {})
  }
}
