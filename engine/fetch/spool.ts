// A stream that has to be read at any place (zip archives are, from their end): kept in memory up to a size, beyond it a blob of the
// castore, which nothing refers to and which goes with the next garbage collection.

import type { RandomAccess } from "../castore/archive-zip.ts"
import type { BlobStore } from "../castore/blob-store.ts"
import { StoreError } from "../castore/error.ts"
import { joinBytes } from "../formats/bytes.ts"

/** As many bytes are kept in memory. */
const inMemory = 256 << 20

function reader(bytes: Uint8Array): RandomAccess {
  return { size: bytes.length, read: async (from, to) => bytes.subarray(from, to) }
}

/** Reads a stream to its end and gives access to all of it. */
export async function spool(chunks: AsyncIterable<Uint8Array>, blobs: BlobStore): Promise<RandomAccess> {
  const pieces: Uint8Array[] = []
  let size = 0
  let writer: ReturnType<BlobStore["write"]> | undefined
  try {
    for await (const chunk of chunks) {
      size += chunk.length
      if (writer === undefined && size <= inMemory) {
        pieces.push(chunk.slice())
        continue
      }
      if (writer === undefined) {
        writer = blobs.write()
        for (const piece of pieces.splice(0)) await writer.write(piece)
      }
      await writer.write(chunk)
    }
    if (writer === undefined) return reader(joinBytes(pieces))
    const opened = await blobs.open(await writer.close())
    if (opened === null) throw new StoreError("absent", "a blob that was just written is absent")
    return opened
  } catch (e) {
    await writer?.abort()
    throw e
  }
}
