// snix.castore.v1.BlobService over a store of blobs. Snix: castore/src/proto/grpc_blobservice_wrapper.rs

import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect"
import type { BlobStore } from "../castore/blob-store.ts"
import { type B3Digest, digestBytes, digestFromBytes } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import type { BlobService } from "../proto/gen/castore_pb.ts"
import { accountKey } from "./account.ts"
import type { Limits } from "./limits.ts"

/** A digest that a client sent. Throws `invalid`. */
export function digestOf(bytes: Uint8Array): B3Digest {
  if (bytes.length !== 32) throw new StoreError("invalid", `a digest has 32 bytes, not ${bytes.length}`)
  return digestFromBytes(bytes)
}

function notFound(digest: B3Digest): ConnectError {
  return new ConnectError(`the blob ${digest} is absent`, Code.NotFound)
}

/** The service. `check` throws if nothing may be written. */
export function blobService(blobs: BlobStore, limits: Limits, checkWritable: () => void): ServiceImpl<typeof BlobService> {
  return {
    async stat(request) {
      const digest = digestOf(request.digest)
      if (!request.sendChunks) {
        if ((await blobs.missing([digest])).has(digest)) throw notFound(digest)
        return {}
      }
      const chunks = await blobs.chunks(digest)
      if (chunks === null) throw notFound(digest)
      if (chunks.length > 0) return { chunks: chunks.map((chunk) => ({ digest: digestBytes(chunk.digest), size: BigInt(chunk.size) })) }
      // A blob that is not divided is its own only chunk: the only way to tell its size.
      const reader = await blobs.open(digest)
      if (reader === null) throw notFound(digest)
      return { chunks: [{ digest: request.digest, size: BigInt(reader.size) }] }
    },

    async *read(request, context) {
      const digest = digestOf(request.digest)
      const reader = await blobs.open(digest)
      if (reader === null) throw notFound(digest)
      for await (const data of reader.stream()) {
        context.signal.throwIfAborted()
        yield { data }
      }
    },

    async put(pieces, { values }) {
      checkWritable()
      const writer = blobs.write()
      try {
        let size = 0
        for await (const { data } of pieces) {
          size += data.length
          if (size > limits.blobBytes) throw new StoreError("quota", `a blob has more than ${limits.blobBytes} bytes`)
          values.get(accountKey).charge(data.length)
          await writer.write(data)
        }
        return { digest: digestBytes(await writer.close()) }
      } catch (error) {
        await writer.abort()
        throw error
      }
    },
  }
}
