// A gateway for tests: on a free port of this machine, with stores in memory unless others are given.
import { createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { RetryPolicy } from "../../engine/castore/rpc-retry.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { Gateway, type GatewayOptions } from "../../engine/gateway/gateway.ts"
import { Health } from "../../engine/proto/gen/health_pb.ts"
import { MemoryPathInfoStore } from "../../engine/store/memory-path-info-store.ts"

export interface RunningGateway {
  readonly url: string
  readonly gateway: Gateway
  readonly stores: GatewayOptions["stores"]
  /** Faults that the gateway took for its own. */
  readonly faults: unknown[]
  /** What it was asked: "GET /nix-cache-info". */
  readonly requests: string[]
  close(): Promise<void>
}

export async function startGateway(options: Partial<GatewayOptions> = {}): Promise<RunningGateway> {
  await initHashes()
  const stores = options.stores ?? {
    blobs: new MemoryBlobStore(),
    directories: new MemoryDirectoryStore(),
    infos: new MemoryPathInfoStore(),
  }
  const faults: unknown[] = []
  const requests: string[] = []
  const gateway = new Gateway({
    stores,
    access: { origins: [], hosts: [], tokens: [] },
    onFault: (error) => faults.push(error),
    onRequest: (method, path) => requests.push(`${method} ${path}`),
    ...options,
  })
  const url = await gateway.listen({ host: "127.0.0.1", port: 0 })
  return { url, gateway, stores, faults, requests, close: () => gateway.close() }
}

/** All ways to speak to a gateway from Node. */
export const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["Connect over HTTP/1.1", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: true })],
  ["gRPC-web over HTTP/1.1", (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
  ["Connect with JSON over HTTP/2", (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false })],
  ["gRPC over HTTP/2", (baseUrl) => createGrpcTransport({ baseUrl })],
]

/** Tries again soon and not for long. */
export const hasty: RetryPolicy = { attempts: 3, delay: 5, longest: 20 }

/** Whether the gateway answers that it serves. */
export async function isServing(transport: Transport): Promise<boolean> {
  return (await createClient(Health, transport).check({})).status === 1
}
