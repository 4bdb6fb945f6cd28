// Archives of the user's disk: tar, zip and NAR, in any compression that we have.

import { ingestNar } from "../castore/archive-nar.ts"
import { type ArchiveOptions, ingestTar } from "../castore/archive-tar.ts"
import { ingestZip, type RandomAccess } from "../castore/archive-zip.ts"
import { StoreError } from "../castore/error.ts"
import { unreachable } from "../formats/error.ts"
import type { Store } from "../store/store.ts"
import { openArchive } from "./archive-format.ts"
import { fileChunks, unreadable } from "./import-files.ts"
import { type Imported, type ImportOptions, imported } from "./import-options.ts"
import { spool } from "./spool.ts"

export interface ArchiveImportOptions extends ImportOptions {
  /** Whether a lone folder at the top is the tree, as fetchTarball takes it ("lone-directory", the default), or stays. */
  readonly unwrap?: ArchiveOptions["unwrap"]
}

/** A file of the user's read at any place. */
function randomAccess(file: Blob, name: string): RandomAccess {
  return {
    size: file.size,
    async read(from, to) {
      try {
        return new Uint8Array(await file.slice(from, to).arrayBuffer())
      } catch (e) {
        throw unreadable(name, e)
      }
    },
  }
}

/** Whether these first bytes are those of a zip archive: one that is not compressed once more is read where it lies. */
function isPlainZip(head: Uint8Array): boolean {
  return head[0] === 0x50 && head[1] === 0x4b
}

/**
 * Brings in the tree of an archive. Names that are absolute or lead out of it are refused. Throws StoreError: `damaged`, `invalid`
 * (names, limits, no archive at all), `unsupported`, `absent` for a file that is gone, `cancelled`, and what the store throws. Nothing
 * is to be seen of it then.
 */
export function importArchive(store: Store, file: Blob, name: string, options: ArchiveImportOptions = {}): Promise<Imported> {
  const { signal, progress, limits, unwrap = "lone-directory" } = options
  const ingest = { signal, progress, limits, unwrap }
  return store.importing(async (inner) => {
    const { stores } = inner
    const source = randomAccess(file, name)
    if (isPlainZip(await source.read(0, 2))) {
      const { node, lastModified } = await ingestZip(source, stores, ingest)
      return imported(inner, node, lastModified, options)
    }
    const { format, chunks } = await openArchive(fileChunks(file, name))
    switch (format) {
      case "tar": {
        const { node, lastModified } = await ingestTar(chunks, stores, ingest)
        return imported(inner, node, lastModified, options)
      }
      case "zip": {
        const { node, lastModified } = await ingestZip(await spool(chunks, stores.blobs), stores, ingest)
        return imported(inner, node, lastModified, options)
      }
      case "nar": {
        const { node } = await ingestNar(chunks, stores, { signal, progress, limits })
        return imported(inner, node, 0, options)
      }
      case "empty":
      case "unknown":
        await chunks.return(undefined)
        throw new StoreError(
          "invalid",
          `'${name}' is no archive that can be read: ${format === "empty" ? "it is empty" : "tar, zip and NAR are"}`,
        )
      default:
        return unreachable(format)
    }
  })
}
