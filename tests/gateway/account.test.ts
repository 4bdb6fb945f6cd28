// Accounts: what a token may use is bounded in every way to use it, what it has used is told, and others are not concerned.
import * as fs from "node:fs"
import * as os from "node:os"
import { create } from "@bufbuild/protobuf"
import { type Client, createClient, type Transport } from "@connectrpc/connect"
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { b3, digestBytes } from "../../engine/castore/digest.ts"
import { directoryOf, directoryToBytes } from "../../engine/castore/directory.ts"
import { parseTokens } from "../../engine/cli/token-file.ts"
import { UsageError } from "../../engine/cli/usage-error.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { Accounts, type TokenRule } from "../../engine/gateway/account.ts"
import type { Build } from "../../engine/gateway/build/build.ts"
import { Builds } from "../../engine/gateway/build/builds.ts"
import { BuildRequestSchema } from "../../engine/proto/gen/build_pb.ts"
import { BlobService, DirectoryService } from "../../engine/proto/gen/castore_pb.ts"
import { type BuildEvent, BuildService, type Job, JobSchema } from "../../engine/proto/gen/gateway_build_pb.ts"
import { StoreService } from "../../engine/proto/gen/gateway_pb.ts"
import { memoryStore } from "../store/memory-store.ts"
import { ScriptedExecutor } from "./scripted-executor.ts"
import { startGateway } from "./server.ts"

const root = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-accounts-`))
let folders = 0

beforeAll(initHashes)
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

const small: TokenRule = {
  secret: "the-secret-of-the-small-one",
  name: "small",
  quota: { bytes: 1000, bytesPerDay: 600, builds: 1, waiting: 1 },
}
const large: TokenRule = { secret: "the-secret-of-the-large-one", name: "large" }
const exhausted = { code: 8 }

const bearer = ({ secret }: TokenRule) => ({ authorization: `Bearer ${secret}` })

/** The services as a token sees them. */
function as(url: string, token: TokenRule) {
  const interceptors: NonNullable<Parameters<typeof createConnectTransport>[0]["interceptors"]> = [
    (next) => (request) => {
      request.header.set("authorization", bearer(token).authorization)
      return next(request)
    },
  ]
  const plain: Transport = createConnectTransport({ baseUrl: url, httpVersion: "1.1", interceptors })
  const grpc: Transport = createGrpcTransport({ baseUrl: url, interceptors })
  return {
    store: createClient(StoreService, plain),
    blobs: createClient(BlobService, grpc),
    directories: createClient(DirectoryService, grpc),
    builds: createClient(BuildService, plain),
    put: (path: string, body: Uint8Array<ArrayBuffer>) => fetch(`${url}/${path}`, { method: "PUT", body, headers: bearer(token) }),
    status: async () => (await fetch(`${url}/status`, { headers: bearer(token) })).json() as Promise<unknown>,
  }
}

async function setUp(file?: string) {
  let now = Date.UTC(2026, 0, 1, 12)
  const tokens = [small, large]
  const accounts = new Accounts({ tokens, now: () => now, ...(file === undefined ? {} : { file }) })
  const { stores } = memoryStore()
  const executor = new ScriptedExecutor(stores, 4)
  const folder = `${root}/${folders++}`
  const builds = new Builds({ stores, folder, executors: [executor], accounts })
  await builds.open()
  const gateway = await startGateway({ stores, builds, accounts, access: { origins: [], hosts: [], tokens } })
  const skip = (hours: number): void => void (now += hours * 3_600_000)
  return { gateway, accounts, executor, folder, stores, skip, small: as(gateway.url, small), large: as(gateway.url, large) }
}

const blobOf = (size: number, byte: number) => new Uint8Array(size).fill(byte)

async function firstEvents(build: Build, count: number): Promise<BuildEvent[]> {
  const events: BuildEvent[] = []
  for await (const event of build.watch(0, new AbortController().signal)) if (events.push(event) === count) break
  return events
}

async function* pieces<T>(...all: T[]): AsyncGenerator<T> {
  yield* all
}

describe("bytes", () => {
  type Services = ReturnType<typeof as>
  const ways: readonly (readonly [string, (services: Services, size: number) => Promise<unknown>])[] = [
    ["whole blobs", ({ store }, size) => store.putBlobs({ blobs: [blobOf(size - 100, 1), blobOf(100, 2)] })],
    ["a stream", ({ blobs }, size) => blobs.put(pieces({ data: blobOf(100, 3) }, { data: blobOf(size - 100, 4) }))],
    [
      "parts",
      async ({ store }, size) => {
        const { upload } = await store.beginBlob({})
        await store.putBlobPart({ upload, offset: 0n, data: blobOf(100, 5) })
        await store.putBlobPart({ upload, offset: 100n, data: blobOf(size - 100, 6) })
      },
    ],
    [
      "directories",
      async ({ store }, size) => {
        const directory = directoryToBytes(directoryOf([["link", { kind: "symlink", target: "t".repeat(size) }]]))
        return store.putDirectories({ directories: [directory] })
      },
    ],
    [
      "a stream of directories",
      ({ directories }, size) =>
        directories.put(pieces({ symlinks: [{ name: Buffer.from("link"), target: new Uint8Array(size).fill(97) }] })),
    ],
    [
      "an archive",
      async ({ put }, size) => {
        const response = await put(`nar/${"0".repeat(52)}.nar`, blobOf(size, 0))
        if (response.status === 413) throw Object.assign(new Error(await response.text()), exhausted)
      },
    ],
  ]

  test.each(ways)("are bounded by the day and in all: %s", async (_, use) => {
    const { gateway, skip, ...ask } = await setUp()
    await use(ask.small, 500)
    await expect(use(ask.small, 200)).rejects.toMatchObject({
      ...exhausted,
      message: expect.stringMatching(/quota of 'small' is exceeded.*day/),
    })
    await use(ask.large, 2000)
    skip(12)
    await use(ask.small, 200)
    await expect(use(ask.small, 350)).rejects.toMatchObject({ ...exhausted, message: expect.stringMatching(/of 1000 bytes in all/) })
    const { account } = await ask.small.store.describe({})
    expect(account).toMatchObject({ name: "small", quotaBytes: 1000n, quotaBytesPerDay: 600n, quotaBuilds: 1, quotaWaiting: 1 })
    expect(Number(account!.bytesToday)).toBeLessThanOrEqual(600)
    expect(Number(account!.bytesTotal)).toBeGreaterThanOrEqual(700)
    expect((await ask.large.store.describe({})).account).toMatchObject({ name: "large", buildsRunning: 0 })
    expect(gateway.faults).toEqual([])
    await gateway.close()
  })

  test("that were refused are not there", async () => {
    const { gateway, small: ask } = await setUp()
    const blob = blobOf(700, 7)
    await expect(ask.store.putBlobs({ blobs: [blob] })).rejects.toMatchObject(exhausted)
    await expect(ask.blobs.put(pieces({ data: blob }))).rejects.toMatchObject(exhausted)
    expect((await ask.store.findMissing({ blobs: [digestBytes(b3(blob))] })).blobs).toHaveLength(1)
    await gateway.close()
  })

  test("are remembered by the next gateway", async () => {
    const file = `${root}/usage-${folders++}.json`
    const first = await setUp(file)
    await first.small.store.putBlobs({ blobs: [blobOf(500, 1)] })
    await first.gateway.close()
    expect(fs.readFileSync(file, "utf8")).not.toContain("secret")
    const second = await setUp(file)
    expect(await second.small.status()).toEqual({
      account: "small",
      builds: { running: 0, waiting: 0 },
      bytes: { today: 500, total: 500 },
      quota: small.quota,
    })
    await expect(second.small.store.putBlobs({ blobs: [blobOf(500, 2)] })).rejects.toMatchObject(exhausted)
    await second.gateway.close()
  })
})

describe("builds", () => {
  const jobOf = (name: string): Job =>
    create(JobSchema, {
      request: create(BuildRequestSchema, {
        commandArgs: ["/bin/sh", name],
        workingDir: "build",
        scratchPaths: ["build", "nix/store"],
        inputsDir: "nix/store",
        outputs: [`nix/store/00000000000000000000000000000000-${name}`],
        constraints: { system: "x86_64-linux" },
      }),
    })

  /** Asks for a build and gives its name. */
  async function begin(client: Client<typeof BuildService>, name: string): Promise<string> {
    for await (const { event } of client.build({ what: { case: "job", value: jobOf(name) } }))
      if (event.case === "accepted") return event.value.build
    throw new Error("it was not accepted")
  }

  test("of an account run up to its quota at once, wait up to its quota, and more are refused", async () => {
    const { gateway, executor, ...ask } = await setUp()
    const states = async () => (await ask.small.builds.list({})).builds.map(({ state }) => state).sort()
    await begin(ask.small.builds, "a")
    await begin(ask.small.builds, "b")
    await expect.poll(states).toEqual([1, 2])
    await expect(begin(ask.small.builds, "c")).rejects.toMatchObject({
      ...exhausted,
      message: expect.stringContaining("1 of 1 builds are waiting"),
    })
    // Whoever asks for one that is there gets it.
    await begin(ask.small.builds, "b")
    for (const name of ["d", "e", "f"]) await begin(ask.large.builds, name)
    await expect.poll(states).toEqual([1, 2, 2, 2, 2])
    await expect.poll(() => ask.small.status()).toMatchObject({ builds: { running: 1, waiting: 1 } })
    await expect.poll(() => ask.large.status()).toMatchObject({ builds: { running: 3, waiting: 0 } })
    ;(await executor.nth(0)).finish("x".repeat(550))
    await executor.nth(4)
    expect(executor.begun[4]!.job.command[1]).toBe("b")
    // What was built counts: its archive is longer than the file in it, and more than is left of the day.
    await expect(begin(ask.small.builds, "c")).rejects.toMatchObject(exhausted)
    await expect(ask.small.store.putBlobs({ blobs: [blobOf(1, 1)] })).rejects.toMatchObject(exhausted)
    await begin(ask.large.builds, "c")
    expect(executor.most).toBe(4)
    await gateway.close()
  })

  test("of one account, hundreds of them, keep another neither waiting nor out", async () => {
    const { stores } = memoryStore()
    const executor = new ScriptedExecutor(stores, 2)
    const accounts = new Accounts({ tokens: [small, large] })
    const [one, other] = [accounts.get("large"), accounts.get("small")]
    const builds = new Builds({ stores, folder: `${root}/${folders++}`, executors: [executor], accounts, policy: { waiting: 200 } })
    await builds.open()
    for (let i = 0; i < 202; i++) await builds.submit(jobOf(`one-${i}`), false, one)
    await expect(builds.submit(jobOf("too-many"), false, one)).rejects.toMatchObject({ code: "quota" })
    const theirs = await builds.submit(jobOf("other"), false, other)
    // After one of those of the other account.
    const [, queued] = await firstEvents(theirs, 2)
    expect(queued!.event.case === "queued" && queued!.event.value.position).toBe(2)
    ;(await executor.nth(0)).finish("x")
    await executor.nth(2)
    expect(executor.begun.map(({ job }) => job.command[1])).toEqual(["one-0", "one-1", "other"])
    for (const n of [1, 2]) (await executor.nth(n)).finish("x")
    await executor.nth(4)
    expect(executor.begun.slice(3).map(({ job }) => job.command[1])).toEqual(["one-2", "one-3"])
    await builds.close()
  }, 180_000)

  test("are the account's also for the next gateway", async () => {
    const { gateway, folder, stores, accounts, executor, ...ask } = await setUp()
    await begin(ask.small.builds, "a")
    await begin(ask.small.builds, "b")
    await begin(ask.large.builds, "c")
    await gateway.close()
    const next = new ScriptedExecutor(stores, 4)
    const builds = new Builds({ stores, folder, executors: [next], accounts })
    await builds.open()
    await next.nth(1)
    expect(builds.countOf(accounts.get("small")!)).toEqual({ running: 1, waiting: 1 })
    expect(builds.countOf(accounts.get("large")!)).toEqual({ running: 1, waiting: 0 })
    await builds.close()
  })

  test("are cancelled by their account alone", async () => {
    const { gateway, ...ask } = await setUp()
    const build = await begin(ask.small.builds, "a")
    expect(await begin(ask.large.builds, "a")).toBe(build)
    await expect(ask.large.builds.cancel({ build })).rejects.toMatchObject({ code: 7 })
    await ask.small.builds.cancel({ build })
    await expect.poll(async () => (await ask.small.builds.list({})).builds[0]!.state).toBe(4)
    await gateway.close()
  })
})

describe("the file of tokens", () => {
  test("names accounts and bounds them", () => {
    const text =
      "# comment\n\n  first-secret-0123456789\nsecond-secret-012345678 name=ci builds=4 waiting=100 # of the CI\n" +
      "third-secret-0123456789 name=ci megabytes-per-day=2 megabytes=30\n"
    expect(parseTokens(text, "tokens")).toEqual([
      { secret: "first-secret-0123456789" },
      { secret: "second-secret-012345678", name: "ci", quota: { builds: 4, waiting: 100 } },
      { secret: "third-secret-0123456789", name: "ci", quota: { bytesPerDay: 2 << 20, bytes: 30 << 20 } },
    ])
  })

  test.each(["builds=0", "builds=-1", "builds=many", "builds", "bytes=3", "toString=1", "=4"])(
    "'%s' is refused, and no secret told",
    (words) => {
      const parse = () => parseTokens(`good-secret-0123456789\nbad-secret-01234567890 ${words}\n`, "tokens")
      expect(parse).toThrow(UsageError)
      expect(parse).toThrow(/^tokens:2: (?!.*secret)/)
    },
  )

  test("accounts keep to one quota, share one name, and none is called as those without a token", () => {
    const [one, two, three] = ["first-secret-0123456789", "second-secret-012345678", "third-secret-0123456789"] as const
    const rules = (...tokens: TokenRule[]) => new Accounts({ tokens, quota: { builds: 7, waiting: 8 } })
    expect(rules({ secret: one, name: "a", quota: { builds: 1 } }, { secret: two, name: "a" }).get("a")!.quota).toEqual({
      builds: 1,
      waiting: 8,
    })
    expect(() => rules({ secret: one, name: "a", quota: { builds: 1 } }, { secret: two, name: "a", quota: { builds: 2 } })).toThrow(
      RangeError,
    )
    for (const name of ["anonymous", "", "a b", "../x"]) expect(() => rules({ secret: three, name })).toThrow(RangeError)
    const unnamed = new Accounts({ tokens: [one, two] })
    expect(unnamed.get("anonymous")).toBeUndefined()
  })
})
