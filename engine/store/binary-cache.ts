// A binary cache over HTTP, for reading.
//
//   nix-cache-info       StoreDir, WantMassQuery, Priority
//   HASHPART.narinfo     what is known of an object, and where its archive is
//   nar/…                archives, compressed
//
// What a cache says is believed only after a check: the narinfo is about the path asked for and signed by a trusted key (or the path
// follows from the content), the archive has the claimed size and hash (Store.addNar).
// C++ Nix: libstore/{binary-cache-store,http-binary-cache-store}.cc

import { StoreError } from "../castore/error.ts"
import type { HttpFetch } from "../castore/http-source.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { printHash } from "../formats/hash/hash.ts"
import { type NarInfo, parseNarInfo } from "../formats/narinfo/nar-info.ts"
import { checkSignatures } from "../formats/narinfo/path-info.ts"
import type { PublicKey } from "../formats/narinfo/signature.ts"
import { defaultStoreDir, hashPart, isDerivationPath, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { decompress, isReadableCompression, readableCompressions } from "./decompress.ts"
import { formatFault } from "./format-fault.ts"
import { bodyOf, defaultTries, request, shownUrl, type Tries, textOf } from "./http-get.ts"

export interface BinaryCacheOptions {
  /** Where nix-cache-info is, without that name. */
  readonly url: string
  /** The platform's fetch, or one that goes through a proxy. */
  readonly fetch?: HttpFetch | undefined
  readonly storeDir?: string | undefined
  /** Whose signatures are believed. */
  readonly publicKeys?: readonly PublicKey[] | undefined
  /** Believes the cache without signatures. */
  readonly isTrusted?: boolean | undefined
  /** Instead of what nix-cache-info says; lower goes first. */
  readonly priority?: number | undefined
  readonly tries?: Partial<Tries> | undefined
  /** How long a cache that could not be reached is left alone, in seconds: else a closure would wait for it at every path. */
  readonly restSeconds?: number | undefined
  /** How long "there is none" is remembered, in seconds. C++ Nix: narinfo-cache-negative-ttl */
  readonly negativeLifetime?: number | undefined
  /** How long a narinfo is remembered, in seconds. */
  readonly positiveLifetime?: number | undefined
  /** The largest archive that is taken, uncompressed, in bytes. */
  readonly maxNarSize?: number | undefined
  /** Milliseconds. */
  readonly now?: (() => number) | undefined
}

/** What nix-cache-info says. */
export interface CacheInfo {
  readonly storeDir: string
  readonly wantMassQuery: boolean
  readonly priority: number
}

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes that came over the network since the last call. */
  readonly received?: ((bytes: number) => void) | undefined
}

const NARINFO_LIMIT = 4 << 20
const INFO_LIMIT = 64 << 10
/** Answers remembered. */
const REMEMBERED = 20_000
const DEFAULT_PRIORITY = 50

interface Remembered {
  readonly info: NarInfo | null
  /** Milliseconds. */
  readonly until: number
}

export class BinaryCache {
  readonly url: string
  readonly #options: BinaryCacheOptions
  readonly #fetch: HttpFetch
  readonly #storeDir: string
  readonly #tries: Tries
  readonly #now: () => number
  readonly #answers = new Map<string, Remembered>()
  #info: Promise<CacheInfo> | undefined
  /** Why it was left alone, and until when, in milliseconds. */
  #rest: { readonly until: number; readonly message: string } | undefined

  constructor(options: BinaryCacheOptions) {
    this.#options = options
    this.url = options.url.replace(/\/+$/, "")
    this.#fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.#storeDir = options.storeDir ?? defaultStoreDir
    this.#tries = { ...defaultTries, ...options.tries }
    this.#now = options.now ?? Date.now
  }

  /** What the cache says of itself, asked once. Throws `invalid` if it is none, or one for another store; `unreachable`. */
  info(signal?: AbortSignal): Promise<CacheInfo> {
    if (this.#info === undefined) {
      const asked = this.#askInfo(signal)
      this.#info = asked
      asked.catch(() => {
        if (this.#info === asked) this.#info = undefined
      })
    }
    return this.#info
  }

  async #askInfo(signal: AbortSignal | undefined): Promise<CacheInfo> {
    const url = `${this.url}/nix-cache-info`
    const response = await this.#ask(url, signal)
    if (response === null) throw new StoreError("invalid", `'${shownUrl(this.url)}' does not appear to be a binary cache`)
    const info = parseCacheInfo(await textOf(response, url, INFO_LIMIT, signal, this.#tries))
    if (info.storeDir !== undefined && info.storeDir !== this.#storeDir)
      throw new StoreError(
        "invalid",
        `binary cache '${shownUrl(this.url)}' is for Nix stores with prefix '${info.storeDir}', not '${this.#storeDir}'`,
      )
    return {
      storeDir: this.#storeDir,
      wantMassQuery: info.wantMassQuery ?? false,
      priority: this.#options.priority ?? info.priority ?? DEFAULT_PRIORITY,
    }
  }

  #get(url: string, signal: AbortSignal | undefined): Promise<Response | null> {
    return request(this.#fetch, url, signal === undefined ? {} : { signal }, this.#tries)
  }

  /** The same for what is asked for every path. C++ Nix: HttpBinaryCacheStore::maybeDisable */
  async #ask(url: string, signal: AbortSignal | undefined): Promise<Response | null> {
    if (this.#rest !== undefined && this.#rest.until > this.#now()) throw new StoreError("unreachable", this.#rest.message)
    try {
      return await this.#get(url, signal)
    } catch (error) {
      const { restSeconds = 15 } = this.#options
      if (error instanceof StoreError && error.code === "unreachable")
        this.#rest = { until: this.#now() + 1000 * restSeconds, message: error.message }
      throw error
    }
  }

  /**
   * What the cache has of a path; null if it has nothing. Throws `damaged` for a narinfo that cannot be read or is about another path,
   * `invalid` if nobody trusted signed it, `unsupported` for a compression or a size that cannot be had, `unreachable`, `cancelled`.
   */
  async query(path: StorePath, signal?: AbortSignal): Promise<NarInfo | null> {
    const info = await this.find(hashPart(path), signal)
    if (info === null || info.path === path) return info
    throw new StoreError("damaged", `the cache has '${info.path}', which is not '${path}'`)
  }

  /** The same for a path of which only the hash part is known. */
  async find(part: string, signal?: AbortSignal): Promise<NarInfo | null> {
    const known = this.#answers.get(part)
    if (known !== undefined && known.until > this.#now()) return known.info
    await this.info(signal)
    const url = `${this.url}/${part}.narinfo`
    const response = await this.#ask(url, signal)
    const info = response === null ? null : this.#read(await textOf(response, url, NARINFO_LIMIT, signal, this.#tries), url, part)
    const { negativeLifetime = 3600, positiveLifetime = 24 * 3600 } = this.#options
    this.#answers.delete(part)
    this.#answers.set(part, { info, until: this.#now() + 1000 * (info === null ? negativeLifetime : positiveLifetime) })
    if (this.#answers.size > REMEMBERED) this.#answers.delete(this.#answers.keys().next().value as string) // there is one
    return info
  }

  /** Forgets what is remembered of a path, or everything: something was uploaded, or was not what the narinfo said. */
  forget(path?: StorePath): void {
    if (path === undefined) {
      this.#answers.clear()
      this.#rest = undefined
    } else this.#answers.delete(hashPart(path))
  }

  #read(text: string, url: string, part: string): NarInfo {
    const { info } = formatFault(() => parseNarInfo(text, shownUrl(url), this.#storeDir), "damaged")
    if (hashPart(info.path) !== part)
      throw new StoreError(
        "damaged",
        `NAR info file '${shownUrl(url)}' is about another path, '${printStorePath(info.path, this.#storeDir)}'`,
      )
    const printed = printStorePath(info.path, this.#storeDir)
    if (this.#options.isTrusted !== true && formatFault(() => checkSignatures(info, this.#options.publicKeys ?? []), "damaged") === 0)
      throw new StoreError(
        "invalid",
        `substitute '${printed}' of '${shownUrl(this.url)}' is not signed by any of the keys that are trusted`,
      )
    if (info.narHash.algo !== "sha256") throw new StoreError("unsupported", `the archive of '${printed}' has no SHA-256`)
    if (!isReadableCompression(info.compression ?? "bzip2"))
      throw new StoreError(
        "unsupported",
        `the archive of '${printed}' is compressed by '${info.compression}'; what can be read is ${readableCompressions.join(", ")}`,
      )
    const { maxNarSize = 8 * 2 ** 30 } = this.#options
    if (info.narSize > maxNarSize)
      throw new StoreError("unsupported", `the archive of '${printed}' is said to have ${info.narSize} bytes; ${maxNarSize} is the limit`)
    // What is no derivation cannot have been the deriver; some caches say so of objects that were copied.
    return info.deriver !== undefined && !isDerivationPath(info.deriver) ? { ...info, deriver: undefined } : info
  }

  /** Where the archive of a narinfo is. */
  narUrl(info: NarInfo): string {
    return /^https?:\/\//.test(info.url) ? info.url : `${this.url}/${info.url.replace(/^\/+/, "")}`
  }

  /**
   * The archive of a narinfo, decompressed. Size and hash of the file are checked at its end, if they are known; those of the archive
   * are for whoever stores it. Throws `absent` if it is not there, `damaged`, `unsupported`, `unreachable`, `cancelled`.
   */
  async *nar(info: NarInfo, options: TransferOptions = {}): AsyncGenerator<Uint8Array> {
    const compression = info.compression ?? "bzip2"
    if (!isReadableCompression(compression)) throw new StoreError("unsupported", `compression '${compression}' cannot be read`)
    const url = this.narUrl(info)
    const response = await this.#get(url, options.signal)
    if (response === null) throw new StoreError("absent", `the archive '${shownUrl(url)}' is not there, though its narinfo is`)
    yield* decompress(compression, checkedFile(bodyOf(response, url, options.signal, this.#tries), info, shownUrl(url), options))
  }
}

/** The file as it comes; at its end it has the size and the hash that the narinfo says, or it throws `damaged`. */
async function* checkedFile(
  chunks: AsyncIterable<Uint8Array>,
  { fileSize, fileHash }: NarInfo,
  shown: string,
  { received }: TransferOptions,
): AsyncGenerator<Uint8Array> {
  const hasher = fileHash === undefined ? undefined : new Hasher(fileHash.algo)
  let size = 0
  for await (const bytes of chunks) {
    size += bytes.length
    if (fileSize > 0 && size > fileSize) throw new StoreError("damaged", `the file '${shown}' has more than ${fileSize} bytes, its size`)
    hasher?.update(bytes)
    received?.(bytes.length)
    yield bytes
  }
  if (fileSize > 0 && size !== fileSize) throw new StoreError("damaged", `the file '${shown}' has ${size} bytes, not ${fileSize}`)
  if (hasher === undefined || fileHash === undefined) return
  const hash = { algo: hasher.algo, bytes: hasher.digest() }
  const [specified, got] = [printHash(fileHash, "nix32"), printHash(hash, "nix32")]
  if (specified !== got)
    throw new StoreError("damaged", `hash mismatch in the file '${shown}';\n  specified: ${specified}\n  got:       ${got}`)
}

/** Reads nix-cache-info: lines "Name: value", unknown ones ignored. */
export function parseCacheInfo(text: string): { storeDir: string | undefined; wantMassQuery?: boolean; priority?: number } {
  const values = new Map<string, string>()
  for (const line of text.split("\n")) {
    const colon = line.indexOf(":")
    if (colon > 0) values.set(line.slice(0, colon), line.slice(colon + 1).trim())
  }
  const priority = values.get("Priority")
  return {
    storeDir: values.get("StoreDir"),
    wantMassQuery: values.get("WantMassQuery") === "1",
    ...(priority !== undefined && /^-?[0-9]+$/.test(priority) ? { priority: Number(priority) } : {}),
  }
}
