// The clients against a server that has Snix's services alone, as Snix's own daemons: no companion, so writes are streams.
import * as http2 from "node:http2"
import type { AddressInfo } from "node:net"
import type { ConnectRouter, ServiceImpl } from "@connectrpc/connect"
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node"
import { expect, test } from "vitest"
import { digestBytes } from "../../engine/castore/digest.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../engine/castore/rpc-directory-store.ts"
import { connectErrorOf } from "../../engine/castore/rpc-error.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { blobService } from "../../engine/gateway/blob-service.ts"
import { directoryService } from "../../engine/gateway/directory-service.ts"
import { defaultLimits } from "../../engine/gateway/limits.ts"
import { BlobService, DirectoryService } from "../../engine/proto/gen/castore_pb.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { bytesOf, codeOf, randomBytes, unknown } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"
import { hasty } from "./server.ts"

interface Plain {
  readonly url: string
  close(): Promise<void>
}

/** Serves what `routes` adds over HTTP/2. */
async function serve(routes: (router: ConnectRouter) => void): Promise<Plain> {
  const sessions = new Set<http2.Http2Session>()
  const handler = connectNodeAdapter({
    routes,
    interceptors: [
      (next) => async (request) => {
        try {
          const response = await next(request)
          if (!response.stream) return response
          const { message } = response
          return {
            ...response,
            message: (async function* () {
              try {
                yield* message
              } catch (error) {
                throw connectErrorOf(error)
              }
            })(),
          }
        } catch (error) {
          throw connectErrorOf(error)
        }
      },
    ],
  })
  const server = http2.createServer(handler)
  server.on("session", (session) => sessions.add(session))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const session of sessions) session.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

blobStoreContract("RpcBlobStore, a server without the companion", async () => {
  await initHashes()
  const service = blobService(new MemoryBlobStore(), defaultLimits, () => {})
  const { url, close } = await serve((router) => router.service(BlobService, service))
  return { store: new RpcBlobStore(createGrpcTransport({ baseUrl: url }), hasty), close }
})

directoryStoreContract("RpcDirectoryStore, a server without the companion", async () => {
  await initHashes()
  const service = directoryService(new MemoryDirectoryStore(), defaultLimits, () => {})
  const { url, close } = await serve((router) => router.service(DirectoryService, service))
  return { store: new RpcDirectoryStore(createGrpcTransport({ baseUrl: url }), hasty), close }
})

/** A store of blobs whose server answers as `service` says. */
async function lying(service: Partial<ServiceImpl<typeof BlobService>>, use: (store: RpcBlobStore) => Promise<void>): Promise<void> {
  await initHashes()
  const { url, close } = await serve((router) => router.service(BlobService, service))
  try {
    await use(new RpcBlobStore(createGrpcTransport({ baseUrl: url }), hasty))
  } finally {
    await close()
  }
}

/** Reads all pieces, and gives how many bytes came before the fault. */
async function drain(pieces: AsyncIterable<Uint8Array>): Promise<readonly [number, string]> {
  let size = 0
  try {
    for await (const piece of pieces) size += piece.length
  } catch (error) {
    if (error instanceof StoreError) return [size, error.code]
    throw error
  }
  return [size, "whole"]
}

test("a server that tells no size is read whole and checked", async () => {
  const bytes = bytesOf("undivided")
  await lying(
    {
      stat: () => ({}),
      async *read() {
        yield { data: bytes }
      },
    },
    async (store) => {
      const [digest] = await new MemoryBlobStore().putMany([bytes])
      expect(Buffer.from(await (await store.open(digest!))!.read(2, 5)).toString()).toBe("div")
      expect(await codeOf(store.open(unknown))).toBe("damaged")
    },
  )
})

test("a list of chunks that are all good but make another blob: the last piece never comes", async () => {
  const memory = new MemoryBlobStore()
  const halves = [randomBytes(5000, 1), randomBytes(6000, 2)]
  const digests = await memory.putMany(halves)
  await lying(
    {
      stat: () => ({ chunks: digests.map((digest, i) => ({ digest: digestBytes(digest), size: BigInt(halves[i]!.length) })) }),
      async *read() {
        yield { data: Buffer.concat(halves) }
      },
    },
    async (store) => {
      const reader = await store.open(unknown)
      expect(await drain(reader!.stream())).toEqual([5000, "damaged"])
    },
  )
})

test.each([
  ["less than announced", [randomBytes(100, 3)]],
  ["more than announced", [randomBytes(5000, 1), randomBytes(100, 3)]],
  ["other bytes", [randomBytes(5000, 9)]],
])("a stream with %s is damaged", async (_, pieces) => {
  const [digest] = await new MemoryBlobStore().putMany([randomBytes(5000, 1)])
  await lying(
    {
      stat: () => ({ chunks: [{ digest: digestBytes(digest!), size: 5000n }] }),
      async *read() {
        for (const data of pieces) yield { data }
      },
    },
    async (store) => {
      const [, outcome] = await drain((await store.open(digest!))!.stream())
      expect(outcome).toBe("damaged")
    },
  )
})

test("a server with a fault of its own is asked again, and then it is unreachable", async () => {
  let calls = 0
  await lying(
    {
      stat: () => {
        calls++
        if (calls < 3) throw new Error("not now")
        return { chunks: [{ digest: digestBytes(unknown), size: 1n }] }
      },
    },
    async (store) => expect((await store.open(unknown))!.size).toBe(1),
  )
  expect(calls).toBe(3)
  await lying(
    {
      stat: () => {
        throw new Error("never")
      },
    },
    async (store) => expect(await codeOf(store.open(unknown))).toBe("unreachable"),
  )
})

test("a server that is not there is unreachable", async () => {
  await initHashes()
  const { url, close } = await serve(() => {})
  await close()
  expect(await codeOf(new RpcBlobStore(createGrpcTransport({ baseUrl: url }), hasty).open(unknown))).toBe("unreachable")
})
