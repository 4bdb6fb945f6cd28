// A binary cache as one zip file, written as it comes. What is in it is compressed already, so it is only stored.

import { Zip, ZipPassThrough } from "fflate"
import { StoreError } from "../castore/error.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { cacheFiles, type ExportOptions, type ExportSource } from "./cache-export.ts"

/** Without the extension of the format that few programs read, sizes and places in a zip file have 32 bits. */
const LIMIT = 2 ** 32 - 1

/**
 * The closure of the paths as a zip file of a binary cache, in chunks. Throws what cacheFiles throws, and `unsupported` if the
 * file becomes larger than 4 GiB.
 */
export async function* exportZip(store: ExportSource, roots: Iterable<StorePath>, options: ExportOptions = {}): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = []
  let size = 0
  const take = (): Uint8Array[] => {
    const chunks = ready
    ready = []
    return chunks
  }
  const zip = new Zip((error, chunk) => {
    if (error !== null) throw error
    size += chunk.length
    if (size > LIMIT) throw new StoreError("unsupported", "the zip file would be larger than 4 GiB")
    if (chunk.length > 0) ready.push(chunk)
  })
  const names = new Set<string>()
  for await (const { path, contents } of cacheFiles(store, roots, async (path) => names.has(path), options)) {
    names.add(path)
    const file = new ZipPassThrough(path)
    // The earliest time that zip files know: the same closure makes the same file.
    file.mtime = new Date(1980, 0, 1)
    zip.add(file)
    for await (const chunk of contents instanceof Uint8Array ? [contents] : contents) {
      file.push(chunk.slice())
      yield* take()
    }
    file.push(new Uint8Array(0), true)
    yield* take()
  }
  zip.end()
  yield* take()
}
