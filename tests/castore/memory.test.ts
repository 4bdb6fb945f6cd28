// The stores in memory: the contract.

import type { B3Digest } from "../../engine/castore/digest.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { blobStoreContract } from "./blob-store-contract.ts"
import { directoryStoreContract } from "./directory-store-contract.ts"

blobStoreContract("the store in memory", () => {
  const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  return {
    store: new MemoryBlobStore(memory),
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
    reopen: async () => new MemoryDirectoryStore(memory),
    damage: async (digest) => {
      const bytes = memory.get(digest)!
      bytes[bytes.length >> 1]! ^= 4
    },
  }
})
