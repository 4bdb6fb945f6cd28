// Clients that lie, exceed limits or stop half-way: nothing of it is stored, the gateway goes on, and no fault is its own.
import * as http from "node:http"
import { connect } from "node:net"
import { create } from "@bufbuild/protobuf"
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { b3, digestBytes } from "../../engine/castore/digest.ts"
import { directoryDigest, directoryOf, directoryToBytes } from "../../engine/castore/directory.ts"
import { hashNar } from "../../engine/castore/render-nar.ts"
import { directoryMessage, entryMessage } from "../../engine/castore/rpc-message.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { parseBaseName } from "../../engine/formats/store-path/store-path.ts"
import { BlobService, DirectoryEntrySchema, DirectorySchema, DirectoryService, EntrySchema } from "../../engine/proto/gen/castore_pb.ts"
import { StoreService } from "../../engine/proto/gen/gateway_pb.ts"
import { NARInfo_SignatureSchema, PathInfoService } from "../../engine/proto/gen/store_pb.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { pathInfoMessage } from "../../engine/store/rpc-path-info.ts"
import { allOf, bytesOf, isDeleting, randomBytes, unknown } from "../castore/contract.ts"
import { type RunningGateway, startGateway } from "./server.ts"

await initHashes()

const small = { messageBytes: 200_000, partBytes: 50_000, items: 10, blobBytes: 120_000, directories: 5, uploads: 3, uploadIdle: 60_000 }

let running: RunningGateway
let blobs: Client<typeof BlobService>
let directories: Client<typeof DirectoryService>
let infos: Client<typeof PathInfoService>
let companion: Client<typeof StoreService>

async function start(limits: typeof small): Promise<void> {
  running = await startGateway({ limits })
  const grpc = createGrpcTransport({ baseUrl: running.url })
  blobs = createClient(BlobService, grpc)
  directories = createClient(DirectoryService, grpc)
  infos = createClient(PathInfoService, grpc)
  companion = createClient(StoreService, createConnectTransport({ baseUrl: running.url, httpVersion: "1.1" }))
}

beforeEach(() => start(small))

afterEach(async () => {
  expect(running.faults).toEqual([])
  await running.close()
})

/** The status of a call that fails. */
async function statusOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return "no fault"
  } catch (error) {
    return Code[ConnectError.from(error).code]!
  }
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const each of stream) list.push(each)
  return list
}

async function storedBlobs(): Promise<number> {
  const { blobs: store } = running.stores
  if (!isDeleting(store)) throw new RangeError("the store cannot be listed")
  return (await allOf(store)).size
}

async function* of<T>(...things: readonly T[]): AsyncGenerator<T> {
  yield* things
}

describe("digests", () => {
  test.each([0, 31, 33, 64])("of %i bytes are invalid", async (length) => {
    const digest = new Uint8Array(length)
    expect(await statusOf(blobs.stat({ digest }))).toBe("InvalidArgument")
    expect(await statusOf(all(blobs.read({ digest })))).toBe("InvalidArgument")
    expect(await statusOf(all(directories.get({ byWhat: { case: "digest", value: digest } })))).toBe("InvalidArgument")
    expect(await statusOf(companion.findMissing({ blobs: [digest] }))).toBe("InvalidArgument")
    expect(await statusOf(companion.findMissing({ paths: [digest] }))).toBe("InvalidArgument")
    expect(await statusOf(infos.get({ byWhat: { case: "byOutputHash", value: digest } }))).toBe("InvalidArgument")
  })

  test("of nothing that is here are not found", async () => {
    const digest = digestBytes(unknown)
    expect(await statusOf(blobs.stat({ digest }))).toBe("NotFound")
    expect(await statusOf(blobs.stat({ digest, sendChunks: true }))).toBe("NotFound")
    expect(await statusOf(all(blobs.read({ digest })))).toBe("NotFound")
    for (const recursive of [false, true]) {
      expect(await statusOf(all(directories.get({ byWhat: { case: "digest", value: digest }, recursive })))).toBe("NotFound")
    }
    expect(await statusOf(all(directories.get({})))).toBe("InvalidArgument")
    expect(await statusOf(infos.get({}))).toBe("InvalidArgument")
  })

  test("that a client claims and that are wrong store no blob under them", async () => {
    const { upload } = await companion.beginBlob({})
    await companion.putBlobPart({ upload, offset: 0n, data: bytesOf("one thing") })
    expect(await statusOf(companion.finishBlob({ upload, digest: digestBytes(unknown) }))).toBe("InvalidArgument")
    expect((await running.stores.blobs.missing([unknown])).size).toBe(1)
  })
})

describe("limits", () => {
  test("of things in a call", async () => {
    const digests = Array.from({ length: 11 }, () => digestBytes(unknown))
    expect(await statusOf(companion.findMissing({ blobs: digests }))).toBe("ResourceExhausted")
    expect(await statusOf(companion.getBlobs({ digests }))).toBe("ResourceExhausted")
    expect(await statusOf(companion.getDirectories({ digests }))).toBe("ResourceExhausted")
    expect(await statusOf(companion.putBlobs({ blobs: digests }))).toBe("ResourceExhausted")
    expect(await storedBlobs()).toBe(0)
  })

  test("of the size of a message", async () => {
    expect(await statusOf(companion.putBlobs({ blobs: [randomBytes(300_000, 1)] }))).toBe("ResourceExhausted")
    expect(await storedBlobs()).toBe(0)
  })

  test("of the size of a blob, in parts and as a stream", async () => {
    const piece = randomBytes(50_000, 1)
    const { upload } = await companion.beginBlob({})
    for (const offset of [0n, 50_000n]) await companion.putBlobPart({ upload, offset, data: piece })
    expect(await statusOf(companion.putBlobPart({ upload, offset: 100_000n, data: piece }))).toBe("ResourceExhausted")
    expect(await statusOf(companion.putBlobPart({ upload, offset: 100_000n, data: randomBytes(50_001, 2) }))).toBe("ResourceExhausted")
    expect(await statusOf(blobs.put(of({ data: piece }, { data: piece }, { data: piece })))).toBe("ResourceExhausted")
    expect(await storedBlobs()).toBe(0)
  })

  test("of uploads at once, which are forgotten when nothing comes", async () => {
    await running.close()
    await start({ ...small, uploadIdle: 2000 })
    const [first] = await Promise.all([companion.beginBlob({}), companion.beginBlob({}), companion.beginBlob({})])
    expect(await statusOf(companion.beginBlob({}))).toBe("ResourceExhausted")
    const gone = async () =>
      (await statusOf(companion.putBlobPart({ upload: first.upload, offset: 5n, data: bytesOf("x") }))) === "NotFound"
    // Asking keeps it alive, so ask of another.
    await expect.poll(() => statusOf(companion.beginBlob({}))).toBe("no fault")
    expect(await gone()).toBe(true)
  })

  test("of directories in a tree", async () => {
    const tree = Array.from({ length: 6 }, (_, i) => directoryMessage(directoryOf([[`${i}`, { kind: "symlink", target: "x" }]])))
    expect(await statusOf(directories.put(of(...tree)))).toBe("ResourceExhausted")
  })
})

describe("parts of a blob", () => {
  test("may come twice, but not out of order, nor with other uploads' names", async () => {
    const { upload } = await companion.beginBlob({})
    const data = bytesOf("some bytes")
    expect((await companion.putBlobPart({ upload, offset: 0n, data })).received).toBe(10n)
    expect((await companion.putBlobPart({ upload, offset: 0n, data })).received).toBe(10n)
    for (const offset of [5n, 11n, 20n, 2n ** 63n])
      expect(await statusOf(companion.putBlobPart({ upload, offset, data }))).toBe("InvalidArgument")
    expect(await statusOf(companion.putBlobPart({ upload: "x", offset: 10n, data }))).toBe("NotFound")
    const digest = digestBytes(b3(data))
    expect((await companion.finishBlob({ upload, digest })).digest).toEqual(digest)
    expect((await companion.finishBlob({ upload, digest })).digest).toEqual(digest)
    expect(await statusOf(companion.putBlobPart({ upload, offset: 10n, data }))).toBe("InvalidArgument")
    await companion.abortBlob({ upload })
    await companion.abortBlob({ upload: "never begun" })
    expect((await running.stores.blobs.missing([b3(data)])).size).toBe(0)
  })
})

describe("directories", () => {
  const leaf = directoryOf([["file", { kind: "symlink", target: "x" }]])
  const entry = (name: string, size = 1n) =>
    create(DirectoryEntrySchema, { name: bytesOf(name), digest: digestBytes(directoryDigest(leaf)), size })

  test.each([
    ["..", [entry("..")]],
    [".", [entry(".")]],
    ["an empty name", [entry("")]],
    ["a slash", [entry("a/b")]],
    ["a zero byte", [entry("a\0")]],
    ["a long name", [entry("n".repeat(256))]],
    ["two of a name", [entry("a"), entry("a")]],
    ["wrong order", [entry("b"), entry("a")]],
    ["a wrong size", [entry("a", 7n)]],
    ["a size beyond all", [entry("a", 2n ** 64n - 1n)]],
    ["a short digest", [create(DirectoryEntrySchema, { name: bytesOf("a"), digest: new Uint8Array(3), size: 1n })]],
  ])("with %s are invalid", async (_, entries) => {
    await running.stores.directories.putMany([leaf])
    const bad = create(DirectorySchema, { directories: entries })
    expect(await statusOf(directories.put(of(directoryMessage(leaf), bad)))).toBe("InvalidArgument")
  })

  test("whose bytes are not canonical are invalid", async () => {
    const good = directoryToBytes(leaf)
    // An unknown field; a field twice; cut short.
    for (const bytes of [[...good, 0x28, 1], [...good, ...good], good.slice(0, -1), [0]]) {
      expect(await statusOf(companion.putDirectories({ directories: [Uint8Array.from(bytes)] }))).toBe("InvalidArgument")
    }
    expect((await companion.findMissing({ directories: [digestBytes(directoryDigest(leaf))] })).directories).toHaveLength(1)
  })

  test("that are not in the last one's tree, or no directories at all, are no tree", async () => {
    const other = directoryOf([["other", { kind: "symlink", target: "y" }]])
    expect(await statusOf(directories.put(of(directoryMessage(other), directoryMessage(leaf))))).toBe("InvalidArgument")
    expect(await statusOf(directories.put(of()))).toBe("InvalidArgument")
    expect(await running.stores.directories.getMany([directoryDigest(other), directoryDigest(leaf)])).toEqual([null, null])
  })
})

describe("path infos", () => {
  const path = parseBaseName("dvmig8jgrdapvbyxb1rprckdmdqx08kv-hello")

  /** A path info of a file that is stored, true in every respect. */
  async function honest(): Promise<StoredPath> {
    const contents = bytesOf("hello")
    const [digest] = await running.stores.blobs.putMany([contents])
    const node = { kind: "file", digest: digest!, size: contents.length, executable: false } as const
    const { size, sha256 } = await hashNar(running.stores, node)
    return {
      path,
      storeDir: "/nix/store",
      node,
      narHash: { algo: "sha256", bytes: sha256 },
      narSize: size,
      references: [],
      deriver: undefined,
      registrationTime: 0,
      ultimate: false,
      signatures: [],
      ca: undefined,
    }
  }

  test("that are true are taken, and others are not", async () => {
    const good = await honest()
    const lies: Partial<StoredPath>[] = [
      { narSize: good.narSize + 8 },
      { narHash: { algo: "sha256", bytes: randomBytes(32, 1) } },
      { node: { ...good.node, size: 6 } as StoredPath["node"] },
      { node: { kind: "file", digest: unknown, size: 5, executable: false } },
      { node: { kind: "directory", digest: unknown, size: 5 } },
      { ca: { method: "nar", hash: good.narHash } },
    ]
    for (const lie of lies) {
      const message = pathInfoMessage({ ...good, ...lie })
      const status = await statusOf(infos.put(message))
      expect(["InvalidArgument", "DataLoss"], JSON.stringify(Object.keys(lie))).toContain(status)
      expect(await statusOf(companion.putPathInfos({ infos: [message] }))).toBe(status)
    }
    expect(await running.stores.infos.get(path.slice(0, 32))).toBeNull()
    await infos.put(pathInfoMessage(good))
    expect((await running.stores.infos.get(path.slice(0, 32)))?.node).toEqual(good.node)
  })

  test("whose parts do not fit together are invalid", async () => {
    const good = pathInfoMessage(await honest())
    const broken = (change: (message: typeof good) => void) => {
      const message = structuredClone(good)
      change(message)
      return statusOf(infos.put(message))
    }
    expect(await broken((m) => delete m.entry)).toBe("InvalidArgument")
    expect(await broken((m) => delete m.narinfo)).toBe("InvalidArgument")
    expect(await broken((m) => m.references.push(new Uint8Array(20)))).toBe("InvalidArgument")
    expect(await broken((m) => m.narinfo!.referenceNames.push(path))).toBe("InvalidArgument")
    expect(await broken((m) => (m.narinfo!.narSha256 = new Uint8Array(20)))).toBe("InvalidArgument")
    expect(await broken((m) => (m.entry = create(EntrySchema, {})))).toBe("InvalidArgument")
    expect(
      await broken((m) => (m.narinfo!.signatures = [create(NARInfo_SignatureSchema, { name: "a b", data: new Uint8Array(64) })])),
    ).toBe("InvalidArgument")
    expect(
      await broken((m) => (m.narinfo!.signatures = [create(NARInfo_SignatureSchema, { name: "key", data: new Uint8Array(63) })])),
    ).toBe("InvalidArgument")
  })

  test("are calculated for trees that are here and have no name", async () => {
    const { node, narSize, narHash } = await honest()
    const answer = await infos.calculateNAR(entryMessage(node))
    expect([Number(answer.narSize), answer.narSha256]).toEqual([narSize, narHash.bytes])
    expect(await statusOf(infos.calculateNAR(entryMessage(node, "name")))).toBe("InvalidArgument")
    expect(await statusOf(infos.calculateNAR(entryMessage({ kind: "directory", digest: unknown, size: 1 })))).toBe("NotFound")
    expect(await statusOf(infos.calculateNAR({}))).toBe("InvalidArgument")
  })
})

describe("connections", () => {
  /** Sends bytes as they are and gives what comes back until the end, or until nothing has come for so many milliseconds. */
  function raw(bytes: string | Uint8Array, patience = 20_000): Promise<string> {
    return new Promise((resolve) => {
      const { hostname, port } = new URL(running.url)
      const socket = connect(Number(port), hostname, () => socket.write(bytes))
      let text = ""
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1")
      })
      socket.on("error", () => resolve(text))
      socket.on("close", () => resolve(text))
      socket.setTimeout(patience, () => socket.destroy())
    })
  }

  const stillServes = async () => expect((await companion.describe({})).software).toBe("thunkpad")

  test("with nonsense in them end", async () => {
    expect(await raw("\0\0\0\0")).toMatch(/^HTTP\/1.1 400|^$/)
    expect(await raw("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")).toMatch(/^HTTP\/1.1 400/)
    await raw(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), randomBytes(500, 4)]), 2000)
    await stillServes()
  })

  test("that end in the middle of an upload store nothing", async () => {
    const before = await storedBlobs()
    await raw(`PUT /nar/${"0".repeat(52)}.nar HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nshort`, 2000)
    await raw(
      "POST /thunkpad.gateway.v1.StoreService/PutBlobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nabc",
      2000,
    )
    const stop = new AbortController()
    const put = blobs.put(
      (async function* () {
        yield { data: bytesOf("first piece") }
        stop.abort()
        await new Promise(() => {})
      })(),
      { signal: stop.signal },
    )
    expect(await statusOf(put)).toBe("Canceled")
    expect(await storedBlobs()).toBe(before)
    await stillServes()
  })

  test("that go away in the middle of an answer are forgotten", async () => {
    const [digest] = await running.stores.blobs.putMany([randomBytes(20_000_000, 3)])
    await new Promise<void>((resolve) => {
      http.get(`${running.url}/castore/blobs/${digest}`, (response) => {
        response.once("data", () => {
          response.destroy()
          resolve()
        })
      })
    })
    await stillServes()
  })

  test("for methods and routes that are not there get 404 or 405", async () => {
    const status = async (path: string, method = "GET") => (await fetch(running.url + path, { method })).status
    expect(await status("/snix.castore.v1.BlobService/Stat")).toBe(405)
    expect(await status("/snix.castore.v1.BlobService/Nothing", "POST")).toBe(405)
    expect(await status("/nothing")).toBe(404)
    expect(await status("//evil.example/")).toBe(404)
    expect(await status("/nix-cache-info", "DELETE")).toBe(405)
    expect(await status("/nix-cache-info", "PUT")).toBe(405)
    expect(await status("/fetch?url=http://example.org")).toBe(404)
  })
})

test("a gateway that is read-only takes nothing", async () => {
  const closed = await startGateway({ writable: false })
  const grpc = createGrpcTransport({ baseUrl: closed.url })
  const store = createClient(StoreService, grpc)
  expect((await store.describe({})).writable).toBe(false)
  for (const call of [
    () => store.putBlobs({ blobs: [bytesOf("x")] }),
    () => store.beginBlob({}),
    () => store.putDirectories({}),
    () => store.putPathInfos({}),
    () => createClient(BlobService, grpc).put(of({ data: bytesOf("x") })),
    () => createClient(DirectoryService, grpc).put(of()),
    () => createClient(PathInfoService, grpc).put({}),
  ]) {
    expect(await statusOf(call())).toBe("FailedPrecondition")
  }
  expect((await fetch(`${closed.url}/nar/${"0".repeat(52)}.nar`, { method: "PUT", body: "x" })).status).toBe(405)
  await closed.close()
})
