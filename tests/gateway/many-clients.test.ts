// Two hundred clients at once on one gateway, each with a connection of its own: nobody is refused, every build runs once, everybody
// gets every event. (How fast that is: npm run bench:gateway.)
import * as fs from "node:fs"
import * as os from "node:os"
import { create } from "@bufbuild/protobuf"
import { createClient } from "@connectrpc/connect"
import { createConnectTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { FolderBlobStore } from "../../engine/gateway/folder-blob-store.ts"
import { BuildRequestSchema } from "../../engine/proto/gen/build_pb.ts"
import { BuildService, type Job, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"
import { StoreService } from "../../engine/proto/gen/gateway_pb.ts"
import { memoryStore } from "../store/memory-store.ts"
import { ScriptedExecutor } from "./scripted-executor.ts"
import { startGateway } from "./server.ts"

const clients = 200
const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-many-`))

beforeAll(initHashes)
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

function jobOf(name: string): Job {
  return create(JobSchema, {
    request: create(BuildRequestSchema, {
      commandArgs: ["/bin/sh", name],
      workingDir: "build",
      scratchPaths: ["build", "nix/store"],
      inputsDir: "nix/store",
      outputs: [`nix/store/00000000000000000000000000000000-${name}`],
      constraints: { system: "x86_64-linux" },
    }),
  })
}

test("two hundred clients build and upload at once", { timeout: 240_000 }, async () => {
  const { stores } = memoryStore()
  const all = { ...stores, blobs: new FolderBlobStore(`${folder}/blobs`) }
  const executor = new ScriptedExecutor(all, 4)
  const builds = new Builds({ stores: all, folder: `${folder}/journal`, executors: [executor] })
  await builds.open()
  const gateway = await startGateway({ stores: all, builds })
  /** What one client does: it asks for one of ten builds, while it uploads a blob of its own. */
  const client = async (n: number): Promise<{ events: number[]; missing: number }> => {
    const transport = createConnectTransport({ baseUrl: gateway.url, httpVersion: "1.1" })
    const [build, store] = [createClient(BuildService, transport), createClient(StoreService, transport)]
    const stored = store.putBlobs({ blobs: [Buffer.from(`blob of ${n}`)] })
    const events: number[] = []
    for await (const { number, event } of build.build({ what: { case: "job", value: jobOf(`b${n % 10}`) } })) {
      events.push(Number(number))
      if (event.case === "failed") throw new Error(event.value.message)
    }
    const { digests } = await stored
    return { events, missing: (await store.findMissing({ blobs: digests })).blobs.length }
  }
  const working = Promise.all(Array.from({ length: clients }, (_, n) => client(n)))
  for (let n = 0; n < 10; n++) {
    const begun = await executor.nth(n)
    begun.watch.log(Buffer.from("a line\n"))
    begun.finish(begun.job.command[1]!)
  }
  for (const { events, missing } of await working) {
    expect(events).toEqual(events.map((_, i) => i))
    expect(events.length).toBeGreaterThanOrEqual(4)
    expect(missing).toBe(0)
  }
  expect(executor.begun).toHaveLength(10)
  expect(executor.most).toBe(4)
  expect(gateway.faults).toEqual([])
  await gateway.close()
})
