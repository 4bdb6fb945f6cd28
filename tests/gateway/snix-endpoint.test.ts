// Builds passed on to another server over snix.build.v1: here another gateway, whose executor does what the test tells it.
import * as fs from "node:fs"
import * as os from "node:os"
import { create } from "@bufbuild/protobuf"
import { createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { hashNar } from "../../engine/castore/render-nar.ts"
import { entryMessage } from "../../engine/castore/rpc-message.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { buildJob } from "../../engine/gateway/build/build-job.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { BuildFailure, defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { SnixEndpointExecutor } from "../../engine/gateway/build/snix-endpoint.ts"
import { BuildRequestSchema } from "../../engine/proto/gen/build_pb.ts"
import { randomBytes } from "../castore/contract.ts"
import { memoryStore, storeTree } from "../store/memory-store.ts"
import { ScriptedExecutor } from "./scripted-executor.ts"
import { type RunningGateway, startGateway } from "./server.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-endpoint-`))
const far = memoryStore().stores
const near = memoryStore().stores
const scripted = new ScriptedExecutor(far)
let gateway: RunningGateway
let executor: SnixEndpointExecutor
const watch = { log: () => {}, signal: new AbortController().signal }

beforeAll(async () => {
  await initHashes()
  const builds = new Builds({ stores: far, folder, executors: [scripted], policy: { attempts: 1 } })
  await builds.open()
  gateway = await startGateway({ stores: far, builds })
  const transport = createGrpcTransport({ baseUrl: gateway.url })
  executor = new SnixEndpointExecutor({
    stores: near,
    transport,
    limits: defaultBuildLimits,
    systems: ["x86_64-linux"],
    features: [],
    jobs: 2,
  })
})

afterAll(async () => {
  await gateway.close()
  fs.rmSync(folder, { recursive: true })
})

async function jobOf(name: string) {
  const input = await storeTree(near, { "dir/file": name, large: randomBytes(1_000_000, name.length) })
  const request = create(BuildRequestSchema, {
    inputs: [entryMessage(input, "input")],
    commandArgs: ["/bin/sh", name],
    workingDir: "build",
    scratchPaths: ["build", "nix/store"],
    inputsDir: "nix/store",
    outputs: [`nix/store/${name}`],
    environmentVars: [{ key: "a", value: Buffer.from("b") }],
    additionalFiles: [{ path: "build/file", contents: Buffer.from("x") }],
    constraints: { system: "x86_64-linux", provideBinSh: true, minMemory: 5n },
    refscanNeedles: ["0".repeat(32)],
  })
  return { input, job: buildJob(b3(Buffer.from(name)), request) }
}

test("a build goes there with its inputs, and its outputs come back", async () => {
  expect(await executor.check()).toBeUndefined()
  const { job, input } = await jobOf("first")
  const result = executor.build(job, watch)
  const begun = await scripted.nth(0)
  // What arrived is the same build, and its inputs are there.
  const { key: _key, ...there } = begun.job
  const { key: _own, ...here } = job
  expect(JSON.stringify(Object.fromEntries(Object.entries(there).map(([k, v]) => [k, v instanceof Map ? [...v.keys()] : v])))).toBe(
    JSON.stringify(Object.fromEntries(Object.entries(here).map(([k, v]) => [k, v instanceof Map ? [...v.keys()] : v]))),
  )
  expect(await hashNar(far, begun.job.inputs.get("input")!)).toEqual(await hashNar(near, input))
  begun.finish("the output")
  const [output] = await result
  expect(output).toMatchObject({ path: "nix/store/first" })
  expect(Buffer.from((await near.blobs.getMany([b3(Buffer.from("the output"))]))[0]!).toString()).toBe("the output")
})

test("the builder's faults are the builder's, and others the machine's", async () => {
  const failing = executor.build((await jobOf("second")).job, watch)
  ;(await scripted.nth(1)).fail(new BuildFailure("builder", "builder failed with exit code 1"))
  await expect(failing).rejects.toMatchObject({ reason: "builder", message: expect.stringContaining("exit code 1") })
  const gone = createGrpcTransport({ baseUrl: "http://127.0.0.1:1" })
  const lost = new SnixEndpointExecutor({ stores: near, transport: gone, limits: defaultBuildLimits, systems: [], features: [], jobs: 1 })
  expect(await lost.check()).toMatch(/cannot be reached/)
})

test("one that nobody wants any more is given up, one that is late too", async () => {
  const stop = new AbortController()
  const stopped = executor.build((await jobOf("third")).job, { log: () => {}, signal: stop.signal })
  await scripted.nth(2)
  stop.abort()
  await expect(stopped).rejects.toMatchObject({ reason: "cancelled" })
})
