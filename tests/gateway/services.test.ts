// Path infos over every protocol, and the services that tools ask: health, reflection, the names that Tvix gave.
import { create, createFileRegistry, fromBinary } from "@bufbuild/protobuf"
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt"
import { createClient } from "@connectrpc/connect"
import { createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { parseNix32 } from "../../engine/formats/hash/nix32.ts"
import { hashPart } from "../../engine/formats/store-path/store-path.ts"
import { Health } from "../../engine/proto/gen/health_pb.ts"
import { ServerReflection } from "../../engine/proto/gen/reflection_v1_pb.ts"
import { ServerReflection as ServerReflectionAlpha } from "../../engine/proto/gen/reflection_v1alpha_pb.ts"
import { PathInfoService as TvixPathInfoService } from "../../engine/proto/gen/tvix_store_pb.ts"
import type { StoredPath } from "../../engine/store/path-info-store.ts"
import { RpcPathInfoStore } from "../../engine/store/rpc-path-info-store.ts"
import { codeOf } from "../castore/contract.ts"
import { addOutput, fakePath, memoryStore } from "../store/memory-store.ts"
import { hasty, type RunningGateway, startGateway, transports } from "./server.ts"

let running: RunningGateway
beforeAll(async () => void (running = await startGateway()))
afterAll(() => running.close())

describe.each(transports)("path infos over %s", (name, transport) => {
  test("go there and come back, one by one, together and listed", async () => {
    const store = memoryStore()
    const low = await addOutput(store, `low-${name.length}`, { file: "low" })
    const top = await addOutput(store, `top-${name.length}`, { file: name }, [low])
    const source = await store.addText(`text-${name.length}`, name, [low])
    const wanted = (await store.stores.infos.getMany([low, top, source].map(hashPart))) as StoredPath[] // they were just added
    // What the protocol has no place for.
    const infos = wanted.map((info) => ({ ...info, registrationTime: 0, ultimate: false }))
    for (const { node } of infos) {
      for await (const [, directory] of node.kind === "directory" ? store.stores.directories.getRecursive(node.digest) : []) {
        for (const child of directory.values()) {
          if (child.kind === "file") await running.stores.blobs.putMany((await store.stores.blobs.getMany([child.digest])) as Uint8Array[])
        }
        await running.stores.directories.putMany([directory])
      }
      if (node.kind === "file") await running.stores.blobs.putMany((await store.stores.blobs.getMany([node.digest])) as Uint8Array[])
    }
    const client = new RpcPathInfoStore(transport(running.url), hasty)
    await client.putMany(infos)
    expect(await client.getMany([hashPart(top), hashPart(fakePath("none")), hashPart(source)])).toEqual([infos[1], null, infos[2]])
    expect(await client.get(hashPart(low))).toEqual(infos[0])
    expect(await client.get(hashPart(fakePath("none")))).toBeNull()
    const listed: string[] = []
    for await (const batch of client.list()) listed.push(...batch.map(({ path }) => path))
    expect(listed).toEqual(expect.arrayContaining([low, top, source]))
    expect(await codeOf(client.putMany([{ ...infos[0]!, narSize: 8 }]))).toBe("invalid")
    expect(await codeOf(client.putMany([{ ...infos[0]!, storeDir: "/other/store" }]))).toBe("unsupported")
    expect(await codeOf(client.deleteMany([hashPart(low)]))).toBe("read-only")
    const tvix = createClient(TvixPathInfoService, transport(running.url))
    const value = new Uint8Array(parseNix32(hashPart(low)))
    expect((await tvix.get({ byWhat: { case: "byOutputHash", value } })).narinfo?.narSize).toBe(BigInt(infos[0]!.narSize))
  })
})

test("an info that the server sends for another path is damaged", async () => {
  const store = memoryStore()
  const [one, two] = [await addOutput(store, "one", "1"), await addOutput(store, "two", "2")]
  const infos = {
    ...store.stores.infos,
    get: async () => store.stores.infos.get(hashPart(two)),
    getMany: async () => store.stores.infos.getMany([hashPart(two)]),
  } as unknown as typeof store.stores.infos // what the two calls need
  const lying = await startGateway({ stores: { ...store.stores, infos } })
  const client = new RpcPathInfoStore(transports[0]![1](lying.url), hasty)
  expect(await codeOf(client.get(hashPart(one)))).toBe("damaged")
  expect(await codeOf(client.getMany([hashPart(one)]))).toBe("damaged")
  await lying.close()
})

test("every service says that it serves, and others are not found", async () => {
  const health = createClient(Health, createGrpcTransport({ baseUrl: running.url }))
  const names = [
    "",
    "snix.castore.v1.BlobService",
    "tvix.castore.v1.DirectoryService",
    "snix.store.v1.PathInfoService",
    "thunkpad.gateway.v1.StoreService",
  ]
  for (const service of names) expect((await health.check({ service })).status, service).toBe(1)
  await expect(health.check({ service: "nothing.Service" })).rejects.toMatchObject({ code: 5 })
  const stop = new AbortController()
  for await (const { status } of health.watch({ service: "" }, { signal: stop.signal })) {
    expect(status).toBe(1)
    break
  }
  stop.abort()
})

test.each([
  ["v1", ServerReflection],
  ["v1alpha", ServerReflectionAlpha],
] as const)("reflection (%s) describes every service so that a tool can call it", async (version, service) => {
  const client = createClient(service as typeof ServerReflection, createGrpcTransport({ baseUrl: running.url }))
  type Question = NonNullable<Parameters<typeof client.serverReflectionInfo>[0] extends AsyncIterable<infer Q> ? Q : never>
  const ask = async (...questions: Question[]) => {
    const answers = []
    for await (const { messageResponse } of client.serverReflectionInfo(
      (async function* () {
        yield* questions
      })(),
    ))
      answers.push(messageResponse)
    return answers
  }
  const [list] = await ask({ messageRequest: { case: "listServices", value: "" } })
  if (list?.case !== "listServicesResponse") throw new Error("no list")
  const names = list.value.service.map(({ name }) => name)
  expect(names).toContain("snix.castore.v1.BlobService")
  expect(names).toContain(`grpc.reflection.${version}.ServerReflection`)
  const answers = await ask(...names.map((value) => ({ messageRequest: { case: "fileContainingSymbol" as const, value } })))
  for (const [i, answer] of answers.entries()) {
    if (answer.case !== "fileDescriptorResponse") throw new Error(`nothing of ${names[i]}`)
    const file = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
    const found = createFileRegistry(create(FileDescriptorSetSchema, { file: file.reverse() })).getService(names[i]!)
    expect(found?.methods.length).toBeGreaterThan(0)
  }
  const [byName, byMethod, byNested, none, extension, numbers, nothing] = await ask(
    { messageRequest: { case: "fileByFilename", value: "castore.proto" } },
    { messageRequest: { case: "fileContainingSymbol", value: "snix.castore.v1.BlobService.Stat" } },
    { messageRequest: { case: "fileContainingSymbol", value: "snix.store.v1.NARInfo.CA.Hash" } },
    { messageRequest: { case: "fileContainingSymbol", value: "no.such.Thing" } },
    { messageRequest: { case: "fileContainingExtension", value: { containingType: "x", extensionNumber: 1 } } },
    { messageRequest: { case: "allExtensionNumbersOfType", value: "snix.castore.v1.Directory" } },
    {},
  )
  expect([byName, byMethod, byNested].map((answer) => answer?.case)).toEqual(Array(3).fill("fileDescriptorResponse"))
  expect([none, extension, nothing].map((answer) => answer?.case)).toEqual(Array(3).fill("errorResponse"))
  expect(numbers?.case).toBe("allExtensionNumbersResponse")
})
