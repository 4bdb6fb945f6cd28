// Compressed archives that were put into the binary cache, as they came. The tree of each is in the store, and its narinfo names
// that; but whoever put the file remembers its name (Nix does, for a month) and asks for the very same bytes again.

import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { type B3Digest, digestFromHex } from "../castore/digest.ts"
import { entryFromBytes, entryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { parseBase64, printBase64 } from "../formats/hash/base64.ts"
import { asObject, asString, asUnsigned, valueAt } from "../formats/json/access.ts"
import type { JsonValue } from "../formats/json/value.ts"
import { fromRecord, toRecord } from "../store/checked-record.ts"
import { isReadableCompression, type ReadableCompression } from "../store/decompress.ts"
import type { HashedTree } from "./admission.ts"
import { replaceDurably } from "./durable-file.ts"
import { asStoreError, isAbsent } from "./folder-fault.ts"

export interface PackedArchive {
  /** `HASH.nar.xz`. */
  readonly name: string
  readonly compression: ReadableCompression
  /** The file, as a blob. */
  readonly blob: B3Digest
  /** Of the file, in bytes. */
  readonly size: number
  readonly sha256: Uint8Array
  readonly tree: HashedTree
}

/** Methods throw StoreError. */
export interface PackedArchives {
  /** An archive by its name, or null. */
  get(name: string): Promise<PackedArchive | null>
  put(archive: PackedArchive): Promise<void>
}

export class MemoryPackedArchives implements PackedArchives {
  readonly #archives = new Map<string, PackedArchive>()

  async get(name: string): Promise<PackedArchive | null> {
    return this.#archives.get(name) ?? null
  }

  async put(archive: PackedArchive): Promise<void> {
    this.#archives.set(archive.name, archive)
  }
}

/** One file for each: FOLDER/xx/NAME, xx being the first two characters. */
export class FolderPackedArchives implements PackedArchives {
  readonly #folder: string

  /** The folder is made when something is written. */
  constructor(folder: string) {
    this.#folder = folder
  }

  #file(name: string): string {
    if (!/^[0-9a-z]{52}\.nar[.a-z0-9]*$/.test(name)) throw new StoreError("invalid", `'${name}' is not the name of an archive`)
    return join(this.#folder, name.slice(0, 2), name)
  }

  async get(name: string): Promise<PackedArchive | null> {
    const file = this.#file(name)
    try {
      return archiveOf(name, fromRecord(new Uint8Array(await readFile(file)), file))
    } catch (error) {
      if (isAbsent(error)) return null
      if (error instanceof FormatError) throw new StoreError("damaged", `${file} is damaged: ${error.message}`, { cause: error })
      throw asStoreError(error, `reading ${file}`)
    }
  }

  /** All, with the time at which each was put, in milliseconds since 1970. Damaged ones are not told. */
  async *list(): AsyncGenerator<readonly [archive: PackedArchive, time: number]> {
    for (const shard of await namesIn(this.#folder)) {
      for (const name of await namesIn(join(this.#folder, shard))) {
        if (!name.startsWith(shard) || name.endsWith(".new")) continue
        try {
          const archive = await this.get(name)
          if (archive !== null) yield [archive, (await stat(this.#file(name))).mtimeMs]
        } catch (error) {
          if (!(error instanceof StoreError)) throw error
        }
      }
    }
  }

  /** Forgets an archive; its blob stays. */
  async delete(name: string): Promise<void> {
    await rm(this.#file(name), { force: true })
  }

  async put(archive: PackedArchive): Promise<void> {
    const file = this.#file(archive.name)
    try {
      await mkdir(dirname(file), { recursive: true })
      await replaceDurably(file, toRecord(recordOf(archive)))
    } catch (error) {
      throw asStoreError(error, `writing ${file}`)
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsent(error) || (error instanceof Error && "code" in error && error.code === "ENOTDIR")) return []
    throw asStoreError(error, `reading ${folder}`)
  }
}

function recordOf({ compression, blob, size, sha256, tree }: PackedArchive): JsonValue {
  const nar = { node: printBase64(entryToBytes(tree.node)), size: tree.size, sha256: printBase64(tree.sha256) }
  return { compression, blob, size, sha256: printBase64(sha256), nar }
}

function archiveOf(name: string, json: unknown): PackedArchive {
  const object = asObject(json)
  const nar = asObject(valueAt(object, "nar"))
  const compression = asString(valueAt(object, "compression"))
  if (!isReadableCompression(compression)) throw new StoreError("damaged", `the archive ${name} has the compression '${compression}'`)
  return {
    name,
    compression,
    blob: digestFromHex(asString(valueAt(object, "blob"))),
    size: asUnsigned(valueAt(object, "size")),
    sha256: parseBase64(asString(valueAt(object, "sha256"))),
    tree: {
      node: entryFromBytes(parseBase64(asString(valueAt(nar, "node")))).node,
      size: asUnsigned(valueAt(nar, "size")),
      sha256: parseBase64(asString(valueAt(nar, "sha256"))),
    },
  }
}
