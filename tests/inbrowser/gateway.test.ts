// The clients of a gateway in Chromium: the contract suites over Connect and gRPC-web, castore over plain HTTP, and what the
// browser itself forbids.
import { createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web"
import { expect, test } from "vitest"
import { commands } from "vitest/browser"
import { HttpBlobStore } from "../../engine/castore/http-blob-store.ts"
import { HttpDirectoryStore } from "../../engine/castore/http-directory-store.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../engine/castore/rpc-directory-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { BlobService } from "../../engine/proto/gen/castore_pb.ts"
import { blobStoreContract } from "../castore/blob-store-contract.ts"
import { bytesOf, codeOf, randomBytes, unknown } from "../castore/contract.ts"
import { directoryStoreContract } from "../castore/directory-store-contract.ts"

declare module "vitest/browser" {
  interface BrowserCommands {
    /** Starts a gateway that pages of an origin may ask; gives its URL. */
    startGateway(origin: string): Promise<string>
    /** Stops it; gives the faults that it took for its own. */
    stopGateway(url: string): Promise<string[]>
  }
}

const transports: readonly (readonly [string, (baseUrl: string) => Transport])[] = [
  ["Connect", (baseUrl) => createConnectTransport({ baseUrl, useBinaryFormat: true })],
  ["gRPC-web", (baseUrl) => createGrpcWebTransport({ baseUrl })],
]

/** Uses a gateway of its own. */
async function withGateway(origin: string, use: (url: string) => Promise<void>): Promise<void> {
  await initHashes()
  const url = await commands.startGateway(origin)
  try {
    await use(url)
  } finally {
    expect(await commands.stopGateway(url)).toEqual([])
  }
}

for (const [name, transport] of transports) {
  blobStoreContract(`RpcBlobStore in Chromium, ${name}`, async () => {
    const url = await commands.startGateway(location.origin)
    const open = () => new RpcBlobStore(transport(url))
    return { store: open(), reopen: async () => open(), close: async () => void (await commands.stopGateway(url)) }
  })
  directoryStoreContract(`RpcDirectoryStore in Chromium, ${name}`, async () => {
    const url = await commands.startGateway(location.origin)
    const open = () => new RpcDirectoryStore(transport(url))
    return { store: open(), reopen: async () => open(), close: async () => void (await commands.stopGateway(url)) }
  })

  test(`a page of another origin gets nothing (${name})`, () =>
    withGateway("https://pad.example", async (url) => {
      const retry = { attempts: 1, delay: 1, longest: 1 }
      expect(await codeOf(new RpcBlobStore(transport(url), retry).open(unknown))).toBe("unreachable")
      expect(await codeOf(new HttpBlobStore(`${url}/castore`, { retry }).open(unknown))).toBe("unreachable")
    }))

  test(`the browser cannot stream a request: hence the companion (${name})`, () =>
    withGateway(location.origin, async (url) => {
      const put = createClient(BlobService, transport(url)).put(
        (async function* () {
          yield { data: bytesOf("x") }
        })(),
      )
      await expect(put).rejects.toThrow(/stream/)
    }))
}

blobStoreContract("HttpBlobStore in Chromium", async () => {
  const url = await commands.startGateway(location.origin)
  return {
    store: new HttpBlobStore(`${url}/castore`),
    fill: new RpcBlobStore(createConnectTransport({ baseUrl: url, useBinaryFormat: true })),
    close: async () => void (await commands.stopGateway(url)),
  }
})

directoryStoreContract("HttpDirectoryStore in Chromium", async () => {
  const url = await commands.startGateway(location.origin)
  return {
    store: new HttpDirectoryStore(`${url}/castore`),
    fill: new RpcDirectoryStore(createConnectTransport({ baseUrl: url, useBinaryFormat: true })),
    close: async () => void (await commands.stopGateway(url)),
  }
})

test("a stream that is left in the middle does not stop the next", () =>
  withGateway(location.origin, async (url) => {
    const store = new RpcBlobStore(createConnectTransport({ baseUrl: url, useBinaryFormat: true }))
    const bytes = randomBytes(5_000_000, 1)
    const [digest] = await store.putMany([bytes])
    for (let i = 0; i < 10; i++) {
      for await (const _ of (await store.open(digest!))!.stream()) break
    }
    expect((await store.getMany([digest!]))[0]?.length).toBe(bytes.length)
  }))
