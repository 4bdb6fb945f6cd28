// The routes below /castore/: blobs, lists of chunks and directories by their digests, as engine/castore/http-source.ts says.

import type { BlobReader } from "../castore/blob-store.ts"
import { digestFromHex } from "../castore/digest.ts"
import { directoryToBytes } from "../castore/directory.ts"
import { printChunks } from "../castore/http-blob-store.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { HttpFault, immutable, type Request, type Response, type Sendable, sendRange } from "./http-answer.ts"

const headers = { "cache-control": immutable, "x-content-type-options": "nosniff" }

/** Answers GET or HEAD of `path` (what follows /castore/). */
export async function sendCastoreFile(stores: TreeStores, path: string, request: Request, response: Response): Promise<void> {
  const thing = await find(stores, path)
  if (thing === null) throw new HttpFault(404, "not found")
  await sendRange(request, response, thing, headers)
}

async function find({ blobs, directories }: TreeStores, path: string): Promise<Sendable | null> {
  const found = /^(blobs|directories)\/([0-9a-f]{64})(\.chunks)?$/.exec(path)
  if (found === null) return null
  const digest = digestFromHex(found[2]!)
  if (found[1] === "directories") {
    if (found[3] !== undefined) return null
    const directory = await directories.get(digest)
    return directory === null ? null : whole(directoryToBytes(directory), "application/x-protobuf")
  }
  if (found[3] !== undefined) {
    const chunks = await blobs.chunks(digest)
    return chunks === null || chunks.length === 0 ? null : whole(Buffer.from(printChunks(chunks)), "text/plain")
  }
  const reader = await blobs.open(digest)
  return reader === null ? null : fromReader(reader)
}

function whole(bytes: Uint8Array, type: string): Sendable {
  return {
    size: bytes.length,
    type,
    async *stream(from) {
      yield bytes.subarray(from)
    },
  }
}

function fromReader(reader: BlobReader): Sendable {
  return {
    size: reader.size,
    type: "application/octet-stream",
    stream: (from) => reader.stream(from),
  }
}
