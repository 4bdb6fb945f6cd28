// An archive that is put into the binary cache: unpacked and read into castore as it comes. Its name is the hash of the file (as Nix
// has it) or of the archive in it (as those who write as they compress), so that what is not as its name says is refused. C++ Nix: libstore/binary-cache-store.cc addToStoreCommon (the names)

import { ingestNar } from "../castore/archive-nar.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { printNix32 } from "../formats/hash/nix32.ts"
import { ByteFeed } from "../store/compression/byte-feed.ts"
import { decompress, type ReadableCompression, sniffCompression } from "../store/decompress.ts"
import type { Stores } from "../store/stores.ts"
import type { HashedTree } from "./admission.ts"
import { HttpFault } from "./http-answer.ts"
import type { Limits } from "./limits.ts"
import type { PackedArchive } from "./packed-archives.ts"

/** The name of a file with an archive, taken apart. */
export interface ArchiveName {
  /** `HASH.nar.xz`. */
  readonly name: string
  /** In Nix's base 32. */
  readonly hash: string
  /** As its ending says: "other" for those that cannot be read; undefined without one: uncompressed, or by gzip (Nix says no more). */
  readonly compression: ReadableCompression | "other" | undefined
}

const compressionOf: Readonly<Record<string, ReadableCompression>> = {
  ".xz": "xz",
  ".bz2": "bzip2",
  ".zst": "zstd",
  ".br": "br",
  ".gz": "gzip",
}

/** The name in a path relative to the cache; undefined if it is not that of an archive. */
export function archiveName(path: string): ArchiveName | undefined {
  const found = /^nar\/(([0-9a-df-np-sv-z]{52})\.nar(\.[a-z0-9]{1,8})?)$/.exec(path)
  if (found === null) return undefined
  const compression = found[3] === undefined ? undefined : (compressionOf[found[3]] ?? "other")
  return { name: found[1]!, hash: found[2]!, compression }
}

/** Reads an archive into the stores; if it is compressed, the file is kept too. Throws HttpFault, StoreError `invalid`, `quota`. */
export async function takeArchive(
  name: ArchiveName,
  body: AsyncIterable<Uint8Array>,
  stores: Stores,
  limits: Limits,
): Promise<HashedTree | PackedArchive> {
  if (name.compression === "other") {
    throw new HttpFault(415, "archives are taken uncompressed or compressed by xz, zstd, bzip2, br or gzip ('?compression=zstd')")
  }
  const feed = new ByteFeed(body)
  try {
    await feed.fill(6)
    const compression = name.compression ?? sniffCompression(feed.buffered)
    if (compression !== "none") return await takePacked(name, compression, pieces(feed), stores, limits)
    const tree = await takeTree(pieces(feed), stores, limits)
    checkName(name, tree.sha256)
    return tree
  } finally {
    // Whoever answers can then read what the client still sends.
    await feed.cancel()
  }
}

async function takePacked(
  name: ArchiveName,
  compression: ReadableCompression,
  file: AsyncIterable<Uint8Array>,
  stores: Stores,
  limits: Limits,
): Promise<PackedArchive> {
  const hasher = new Hasher("sha256")
  const writer = stores.blobs.write()
  const kept = async function* (): AsyncGenerator<Uint8Array> {
    for await (const piece of file) {
      hasher.update(piece)
      await writer.write(piece)
      yield piece
    }
  }
  try {
    const tree = await takeTree(decompress(compression, kept()), stores, limits)
    const sha256 = hasher.digest()
    checkName(name, sha256, tree.sha256)
    return { name: name.name, compression, blob: await writer.close(), size: hasher.size, sha256, tree }
  } catch (error) {
    await writer.abort()
    throw error
  }
}

async function takeTree(nar: AsyncIterable<Uint8Array>, stores: Stores, limits: Limits): Promise<HashedTree> {
  const bounds = { bytes: limits.blobBytes, entries: limits.directories * 8 }
  const { node, narSize, narSha256 } = await asBadRequest(ingestNar(nar, stores, { limits: bounds }))
  return { node, size: narSize, sha256: narSha256 }
}

async function* pieces(feed: ByteFeed): AsyncGenerator<Uint8Array> {
  for (let piece = await feed.some(256 << 10); piece !== null; piece = await feed.some(256 << 10)) yield piece
}

/** Throws HttpFault 400 unless the name is one of these hashes. */
function checkName({ hash }: ArchiveName, ...hashes: readonly Uint8Array[]): void {
  if (!hashes.some((bytes) => printNix32(bytes) === hash)) throw new HttpFault(400, "the archive does not have the hash that its name says")
}

/** Faults in what was sent are the client's. */
export async function asBadRequest<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof FormatError) throw new HttpFault(400, error.message, { cause: error })
    if (error instanceof StoreError && error.code === "damaged") throw new HttpFault(400, error.message, { cause: error })
    throw error
  }
}
