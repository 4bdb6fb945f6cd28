// The stores in memory: the contract.

import { expect, test } from "vitest"
import type { ChunkMeta } from "../../engine/castore/blob-store.ts"
import type { B3Digest } from "../../engine/castore/digest.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { blobStoreContract } from "./blob-store-contract.ts"
import { codeOf, collect, randomBytes, writeBlob } from "./contract.ts"
import { directoryStoreContract } from "./directory-store-contract.ts"

blobStoreContract("the store in memory", () => {
  const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  return {
    store: new MemoryBlobStore(memory),
    repairs: true,
    reopen: async () => new MemoryBlobStore(memory),
    damage: async (digest) => {
      const stored = memory.blobs.get(digest) ?? memory.chunks.get(digest)!.bytes
      if (!(stored instanceof Uint8Array)) throw new RangeError("a list of chunks")
      stored[stored.length >> 1]! ^= 4
    },
  }
})

directoryStoreContract("the store in memory", () => {
  const memory = new Map<B3Digest, Uint8Array>()
  return {
    store: new MemoryDirectoryStore(memory),
    repairs: true,
    reopen: async () => new MemoryDirectoryStore(memory),
    damage: async (digest) => {
      const bytes = memory.get(digest)!
      bytes[bytes.length >> 1]! ^= 4
    },
  }
})

test("a list of chunks that is not that of the blob is found out", async () => {
  await initHashes()
  const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  const store = new MemoryBlobStore(memory)
  const digest = await writeBlob(store, randomBytes(2_000_000, 1))
  const chunks = memory.blobs.get(digest) as readonly ChunkMeta[]
  for (const list of [chunks.toReversed(), chunks.slice(1), [...chunks, chunks[0]!]]) {
    memory.blobs.set(digest, list)
    const reader = (await store.open(digest))!
    expect(await codeOf(collect(reader.stream()))).toBe("damaged")
    expect(await codeOf(reader.read(0, 10_000_000))).toBe("damaged")
    expect(await codeOf(store.getMany([digest]))).toBe("damaged")
  }
})
