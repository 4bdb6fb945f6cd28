// The gateway's own builders. builtin:fetchurl: what it takes, what it must not reach, and which faults are worth another attempt.
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { renderNar } from "../../engine/castore/render-nar.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { BuildJob } from "../../engine/gateway/build/build-job.ts"
import { BuiltinExecutor } from "../../engine/gateway/build/builtin.ts"
import { BuildFailure, defaultBuildLimits } from "../../engine/gateway/build/executor.ts"
import { defaultFetchRules } from "../../engine/gateway/guarded-fetch.ts"
import { joined, memoryStore, storeTree } from "../store/memory-store.ts"

let server: http.Server
let origin: string
let nar: Buffer
const { stores } = memoryStore()

beforeAll(async () => {
  await initHashes()
  nar = await joined(renderNar(stores, await storeTree(stores, { "dir/file": "x", link: "-> dir" })))
  const statuses: Record<string, number> = { "/missing": 404, "/busy": 503, "/forbidden": 403 }
  server = http.createServer((request, response) => {
    const status = statuses[request.url!]
    if (status !== undefined) return void response.writeHead(status).end()
    if (request.url === "/slow") return
    if (request.url === "/cut") return void response.writeHead(200, { "content-length": "100" }).write("short", () => response.destroy())
    if (request.url === "/away") return void response.writeHead(302, { location: "http://169.254.169.254/" }).end()
    if (request.url === "/tree.nar") return void response.end(nar)
    // Not what its name says.
    if (request.url === "/tree.nar.xz") return void response.end(gzipSync(nar))
    response.end("contents")
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  origin = `127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

function jobOf(variables: Record<string, string>, changes: Partial<BuildJob> = {}): BuildJob {
  return {
    key: b3(Buffer.from(JSON.stringify(variables))),
    inputs: new Map(),
    command: ["builtin:fetchurl"],
    workingDir: "build",
    scratchPaths: ["build", "nix/store"],
    inputsDir: "nix/store",
    outputs: ["nix/store/00000000000000000000000000000000-source"],
    environment: new Map(Object.entries(variables).map(([key, value]) => [key, Buffer.from(value)])),
    files: new Map(),
    needles: [],
    system: "builtin",
    minMemory: 0,
    network: true,
    binSh: true,
    derivation: undefined,
    ...changes,
  }
}

/** Whether nothing ever comes from there. */
const isSlow = ({ environment }: BuildJob): boolean => String(environment.get("url")).endsWith("/slow")

/** What a build gives: its tree, or the reason that it failed for. */
async function run(job: BuildJob, signal = new AbortController().signal, time = defaultBuildLimits.time) {
  const rules = { ...defaultFetchRules, privateServers: [origin], bytes: 100_000, silence: isSlow(job) ? 300 : 30_000 }
  const executor = new BuiltinExecutor(stores, rules, { ...defaultBuildLimits, time })
  let log = ""
  try {
    const [output] = await executor.build(job, { log: (bytes) => void (log += Buffer.from(bytes)), signal })
    return { node: output!.node, log }
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error
    return { reason: error.reason, message: error.message, log }
  }
}

test("a file is fetched, executable if it is to be", async () => {
  const url = `http://${origin}/file`
  const plain = await run(jobOf({ url }))
  expect(plain.log).toBe(`downloading '${url}'...\n`)
  expect(plain.node).toEqual({ kind: "file", digest: b3(Buffer.from("contents")), size: 8, executable: false })
  expect((await run(jobOf({ url, executable: "1" }))).node).toMatchObject({ executable: true })
})

test("an archive is unpacked", async () => {
  const { node } = await run(jobOf({ url: `http://${origin}/tree.nar`, unpack: "1" }))
  expect(node).toEqual(await storeTree(stores, { "dir/file": "x", link: "-> dir" }))
})

test.each([
  ["/missing", {}, "builder"],
  ["/forbidden", {}, "builder"],
  ["/busy", {}, "infrastructure"],
  ["/slow", {}, "infrastructure"],
  ["/cut", {}, "infrastructure"],
  ["/away", {}, "input-rejected"],
  ["/file", { unpack: "1" }, "builder"],
  ["/tree.nar.xz", { unpack: "1" }, "builder"],
])("%s fails as it should", async (path, variables, reason) => {
  expect((await run(jobOf({ url: `http://${origin}${path}`, ...variables }))).reason).toBe(reason)
})

test.each([
  ["a host that is not allowed", { url: "https://evil.example/" }, {}],
  ["this machine", { url: "http://127.0.0.1:1/" }, {}],
  ["a file of this machine", { url: "file:///etc/passwd" }, {}],
  ["no URL", {}, {}],
  ["another builder", { url: "x" }, { command: ["builtin:other"] }],
  ["no promise of the content", { url: "x" }, { network: false }],
  ["two outputs", { url: "x" }, { outputs: ["nix/store/a", "nix/store/b"] }],
])("%s is refused for good", async (_, variables, changes) => {
  expect((await run(jobOf(variables as Record<string, string>, changes))).reason).toBe("input-rejected")
})

test("a fetch that takes too long is stopped", async () => {
  expect((await run(jobOf({ url: `http://${origin}/slow` }), undefined, 50)).reason).toBe("timeout")
})

test("a fetch that nobody wants any more is stopped", async () => {
  expect((await run(jobOf({ url: `http://${origin}/slow` }), AbortSignal.timeout(50))).reason).toBe("cancelled")
})
