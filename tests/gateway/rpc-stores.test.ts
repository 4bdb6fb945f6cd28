// The clients of the store services against a gateway, over every protocol: the contract suites of stores, and what the wire adds.
import { createClient } from "@connectrpc/connect"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { B3Digest } from "../../engine/castore/digest.ts"
import { b3, digestBytes } from "../../engine/castore/digest.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../engine/castore/rpc-directory-store.ts"
import { BlobService as TvixBlobService } from "../../engine/proto/gen/tvix_castore_pb.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { bytesOf } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"
import { hasty, isServing, type RunningGateway, startGateway, transports } from "./server.ts"

for (const [name, transport] of transports) {
  blobStoreContract(`RpcBlobStore, ${name}`, async () => {
    const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
    const running = await startGateway({
      stores: { blobs: new MemoryBlobStore(memory), directories: new MemoryDirectoryStore(), infos: new MemoryPathInfoStore() },
    })
    const open = () => new RpcBlobStore(transport(running.url), hasty)
    return {
      store: open(),
      close: running.close,
      reopen: async () => open(),
      damage: async (digest) => {
        const stored = memory.blobs.get(digest) ?? memory.chunks.get(digest)!.bytes
        if (!(stored instanceof Uint8Array)) throw new RangeError("the blob is divided")
        stored[0] = stored[0]! ^ 1
      },
    }
  })

  directoryStoreContract(`RpcDirectoryStore, ${name}`, async () => {
    const stored = new Map<B3Digest, Uint8Array>()
    const running = await startGateway({
      stores: { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore(stored), infos: new MemoryPathInfoStore() },
    })
    const open = () => new RpcDirectoryStore(transport(running.url), hasty)
    return {
      store: open(),
      close: running.close,
      reopen: async () => open(),
      damage: async (digest) => {
        const bytes = stored.get(digest)!
        bytes[bytes.length - 1] = bytes.at(-1)! ^ 1
      },
    }
  })
}

describe.each(transports)("%s", (_, transport) => {
  let running: RunningGateway
  beforeAll(async () => void (running = await startGateway()))
  afterAll(() => running.close())

  test("the gateway says that it serves", async () => {
    expect(await isServing(transport(running.url))).toBe(true)
  })

  test("the service has the name that Tvix gave it, too", async () => {
    const [digest] = await running.stores.blobs.putMany([bytesOf("tvix")])
    const pieces: Uint8Array[] = []
    for await (const { data } of createClient(TvixBlobService, transport(running.url)).read({ digest: digestBytes(digest!) }))
      pieces.push(data)
    expect(b3(Buffer.concat(pieces))).toBe(digest)
  })
})
