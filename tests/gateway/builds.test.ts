// What goes on around builds: events in their order and without gaps, watchers that come and go, queues, attempts, journals of
// gateways that died. The executor does what the test tells it.
import * as fs from "node:fs"
import * as os from "node:os"
import { create, type MessageInitShape } from "@bufbuild/protobuf"
import { afterAll, beforeAll, expect, test } from "vitest"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import type { Build } from "../../engine/gateway/build/build.ts"
import { Builds, type BuildsPolicy } from "../../engine/gateway/build/builds.ts"
import { BuildFailure } from "../../engine/gateway/build/executor.ts"
import { type BuildRequest, BuildRequestSchema } from "../../engine/proto/gen/build_pb.ts"
import { type BuildEvent, type Job, JobSchema, BuildEvent_Failed_Reason as Reason } from "../../engine/proto/gen/gateway_build_pb.ts"
import { codeOf } from "../castore/contract.ts"
import { memoryStore } from "../store/memory-store.ts"
import { ScriptedExecutor } from "./scripted-executor.ts"

const root = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-builds-`))
let folders = 0

beforeAll(initHashes)
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

// The parts of a request; not a message, which has all of them.
type RequestInit = Exclude<MessageInitShape<typeof BuildRequestSchema>, BuildRequest>

/** A job that differs from others by its name. */
function jobOf(name: string, request: RequestInit = {}): Job {
  return create(JobSchema, {
    request: create(BuildRequestSchema, {
      commandArgs: ["/bin/sh", name],
      workingDir: "build",
      scratchPaths: ["build", "nix/store"],
      inputsDir: "nix/store",
      outputs: [`nix/store/00000000000000000000000000000000-${name}`],
      constraints: { system: "x86_64-linux" },
      ...request,
    }),
  })
}

async function setUp({ jobs = 1, policy = {} }: { jobs?: number; policy?: Partial<BuildsPolicy> } = {}) {
  const { stores } = memoryStore()
  const folder = `${root}/${folders++}`
  const start = async () => {
    const executor = new ScriptedExecutor(stores, jobs)
    const builds = new Builds({ stores, folder, executors: [executor], policy: { retryDelay: 1, ...policy } })
    await builds.open()
    return { executor, builds }
  }
  return { stores, folder, start, ...(await start()) }
}

const never = new AbortController().signal

async function allEvents(build: Build, from = 0): Promise<BuildEvent[]> {
  const events: BuildEvent[] = []
  for await (const event of build.watch(from, never)) events.push(event)
  expect(events.map(({ number }) => Number(number))).toEqual(events.map((_, i) => from + i))
  return events
}

const cases = (events: readonly BuildEvent[]): (string | undefined)[] => events.map(({ event }) => event.case)

function logOf(events: readonly BuildEvent[]): string {
  return events.map(({ event }) => (event.case === "log" ? Buffer.from(event.value.data).toString() : "")).join("")
}

test("a build is accepted, started, logged and done", async () => {
  const { builds, executor } = await setUp()
  const build = await builds.submit(jobOf("plain"), false)
  const events = allEvents(build)
  const begun = await executor.nth(0)
  begun.watch.log(Buffer.from("line 1\n"))
  begun.watch.log(Buffer.from("line 2\n"))
  begun.finish("content")
  const all = await events
  expect(cases(all)).toEqual(["accepted", "started", "log", "done"])
  expect(logOf(all)).toBe("line 1\nline 2\n")
  const done = all.at(-1)!.event
  expect(done.case === "done" && done.value.outputs[0]).toMatchObject({
    path: "nix/store/00000000000000000000000000000000-plain",
    needles: [],
  })
  expect(build.state).toBe("done")
  await builds.close()
})

test("lines that are far apart come one by one, and a flood in large pieces", async () => {
  const { builds, executor } = await setUp()
  const build = await builds.submit(jobOf("lines"), false)
  const begun = await executor.nth(0)
  begun.watch.log(Buffer.from("one\n"))
  await expect.poll(() => build.events).toBe(3)
  begun.watch.log(Buffer.alloc(200_000, "x"))
  expect(build.events).toBeGreaterThan(5)
  begun.finish("")
  expect(logOf(await allEvents(build))).toBe(`one\n${"x".repeat(200_000)}`)
  await builds.close()
})

test("who asks for a build that runs watches it from its beginning; who was cut off gets the rest", async () => {
  const { builds, executor } = await setUp()
  const first = await builds.submit(jobOf("shared"), false)
  const second = await builds.submit(jobOf("shared"), false)
  expect(second).toBe(first)
  const begun = await executor.nth(0)
  begun.watch.log(Buffer.from("early\n"))
  await expect.poll(() => first.events).toBe(3)
  const late = allEvents(second)
  const rest = allEvents(builds.get(first.id), 2)
  begun.finish("x")
  expect(cases(await late)).toEqual(["accepted", "started", "log", "done"])
  expect(cases(await rest)).toEqual(["log", "done"])
  expect(cases(await allEvents(first, 4))).toEqual([])
  expect(executor.begun).toHaveLength(1)
  expect(await codeOf((async () => builds.get("nothing"))())).toBe("absent")
  await builds.close()
})

test("what was built is not built again, unless it is gone or somebody wants to compare", async () => {
  const { builds, executor, stores } = await setUp()
  const first = await builds.submit(jobOf("kept"), false)
  ;(await executor.nth(0)).finish("kept content")
  await allEvents(first)
  expect(await builds.submit(jobOf("kept"), false)).toBe(first)
  const again = await builds.submit(jobOf("kept"), true)
  expect(again.id).not.toBe(first.id)
  ;(await executor.nth(1)).finish("other content")
  await allEvents(again)
  expect(await builds.submit(jobOf("kept"), false)).toBe(again)
  for await (const digests of stores.blobs.list()) await stores.blobs.deleteMany(digests)
  const third = await builds.submit(jobOf("kept"), false)
  expect(third.id).not.toBe(again.id)
  ;(await executor.nth(2)).finish("x")
  await allEvents(third)
  await builds.close()
})

test("what failed is built again when it is asked for", async () => {
  const { builds, executor } = await setUp()
  const first = await builds.submit(jobOf("failing"), false)
  ;(await executor.nth(0)).fail(new BuildFailure("builder", "builder failed with exit code 1", { exitCode: 1 }))
  const end = (await allEvents(first)).at(-1)!.event
  expect(end.case === "failed" && [end.value.reason, end.value.exitCode]).toEqual([Reason.BUILDER, 1])
  const second = await builds.submit(jobOf("failing"), false)
  ;(await executor.nth(1)).finish("x")
  expect(cases(await allEvents(second)).at(-1)).toBe("done")
  await builds.close()
})

test("builds wait for a free place, in their order; those that wait can be cancelled", async () => {
  const { builds, executor } = await setUp({ jobs: 2 })
  const all = []
  for (const name of ["a", "b", "c", "d", "e"]) all.push(await builds.submit(jobOf(name), false))
  expect(all.map((build) => build.state)).toEqual(["running", "running", "waiting", "waiting", "waiting"])
  const queued = (await firstEvents(all[4]!, 2)).at(-1)!.event
  expect(queued.case === "queued" && queued.value.position).toBe(3)
  all[3]!.cancel()
  expect(cases(await allEvents(all[3]!))).toEqual(["accepted", "queued", "failed"])
  expect(builds.list().map(({ state }) => state)).toEqual(["waiting", "waiting", "running", "running", "failed"])
  for (let i = 0; i < 4; i++) (await executor.nth(i)).finish("x")
  for (const build of all) await allEvents(build)
  expect(executor.most).toBe(2)
  expect(executor.begun.map(({ job }) => job.command[1])).toEqual(["a", "b", "c", "e"])
  await builds.close()
})

async function firstEvents(build: Build, count: number): Promise<BuildEvent[]> {
  const events: BuildEvent[] = []
  for await (const event of build.watch(0, never)) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}

test("faults of the machinery are tried again, visibly, and not for ever; those of the builder are not", async () => {
  const { builds, executor } = await setUp({ policy: { attempts: 3 } })
  const broken = (): BuildFailure => new BuildFailure("infrastructure", "the machine is gone")
  const build = await builds.submit(jobOf("retried"), false)
  const first = await executor.nth(0)
  first.watch.log(Buffer.from("from the first attempt\n"))
  first.fail(broken())
  ;(await executor.nth(1)).fail(broken())
  ;(await executor.nth(2)).finish("x")
  const events = await allEvents(build)
  expect(cases(events)).toEqual(["accepted", "started", "log", "retry", "started", "retry", "started", "done"])
  const started = events.map(({ event }) => (event.case === "started" ? event.value.attempt : 0)).filter(Boolean)
  expect(started).toEqual([1, 2, 3])
  const hopeless = await builds.submit(jobOf("hopeless"), false)
  for (let i = 3; i < 6; i++) (await executor.nth(i)).fail(broken())
  const end = (await allEvents(hopeless)).at(-1)!.event
  expect(end.case === "failed" && end.value.reason).toBe(Reason.INFRASTRUCTURE)
  expect(executor.begun).toHaveLength(6)
  await builds.close()
})

test("a build that runs is cancelled, once", async () => {
  const { builds, executor } = await setUp()
  const build = await builds.submit(jobOf("cancelled"), false)
  await executor.nth(0)
  build.cancel()
  build.cancel()
  const end = (await allEvents(build)).at(-1)!.event
  expect(end.case === "failed" && end.value.reason).toBe(Reason.CANCELLED)
  await builds.close()
})

test("a build that nobody watches any more goes on for a while, and a watcher that comes back saves it", async () => {
  const { builds, executor } = await setUp({ jobs: 2, policy: { unwatched: 150 } })
  const left = await builds.submit(jobOf("left"), false)
  const saved = await builds.submit(jobOf("saved"), false)
  await firstEvents(left, 1)
  await firstEvents(saved, 1)
  const back = allEvents(saved)
  const end = async () => left.end?.event.case
  await expect.poll(end).toBe("failed")
  expect(saved.ended).toBe(false)
  ;(await executor.nth(1)).finish("x")
  expect(cases(await back).at(-1)).toBe("done")
  await builds.close()
})

test("a gateway that died is followed by one that goes on: same builds, same events, what had not ended is begun again", async () => {
  const { builds, executor, start, folder } = await setUp({ jobs: 1 })
  const done = await builds.submit(jobOf("done"), false)
  ;(await executor.nth(0)).finish("x")
  const doneEvents = await allEvents(done)
  const running = await builds.submit(jobOf("running"), false)
  const waiting = await builds.submit(jobOf("waiting"), false)
  ;(await executor.nth(1)).watch.log(Buffer.from("before\n"))
  await expect.poll(() => running.events).toBe(3)
  const seen = await firstEvents(running, 3)
  // As a kill leaves it: nothing is told any more, and half an event is in the file.
  await builds.close()
  fs.appendFileSync(`${folder}/${running.id}/events`, Buffer.from([40, 8, 3]))
  fs.mkdirSync(`${folder}/new-half`)
  const next = await start()
  expect(next.builds.list().map(({ id, state }) => [id, state])).toEqual([
    [waiting.id, "waiting"],
    [running.id, "running"],
    [done.id, "done"],
  ])
  expect(await allEvents(next.builds.get(done.id))).toEqual(doneEvents)
  const resumed = allEvents(next.builds.get(running.id))
  const begun = await next.executor.nth(0)
  begun.watch.log(Buffer.from("after\n"))
  begun.finish("x")
  const events = await resumed
  expect(events.slice(0, 3)).toEqual(seen)
  expect(cases(events)).toEqual(["accepted", "started", "log", "retry", "started", "log", "done"])
  expect(logOf(events)).toBe("before\nafter\n")
  ;(await next.executor.nth(1)).finish("x")
  expect(cases(await allEvents(next.builds.get(waiting.id))).at(-1)).toBe("done")
  expect(await next.builds.submit(jobOf("running"), false)).toBe(next.builds.get(running.id))
  await next.builds.close()
})

test("a journal that another process has is not taken", async () => {
  const { builds, folder, start } = await setUp()
  await builds.close()
  // The parent of this process is alive, and is not this process.
  fs.writeFileSync(`${folder}/lock`, String(process.ppid))
  await expect(start()).rejects.toThrow(RangeError)
  fs.writeFileSync(`${folder}/lock`, "999999999")
  await (await start()).builds.close()
})

test("a journal of a process that has died is taken, although another has its number by now", async () => {
  const { builds, folder, start } = await setUp()
  const own = fs.readFileSync(`${folder}/lock`, "utf8")
  expect(own).toMatch(new RegExp(`^${process.pid} [-0-9a-f]+/\\d+$`))
  await builds.close()
  fs.writeFileSync(`${folder}/lock`, own.replace(String(process.pid), String(process.ppid)))
  await (await start()).builds.close()
})

test("a build has a name of its own, also when earlier ones of the same are forgotten", async () => {
  const { builds, executor, folder } = await setUp({ jobs: 2, policy: { kept: 2 } })
  const ids: string[] = []
  for (let i = 0; i < 5; i++) {
    const build = await builds.submit(jobOf("same"), true)
    ids.push(build.id)
    ;(await executor.nth(i)).finish("x")
    await allEvents(build)
  }
  expect(ids.map((id) => id.slice(33))).toEqual(["1", "2", "3", "4", "5"])
  await builds.close()
  expect(fs.readdirSync(folder).length).toBeLessThanOrEqual(3)
})

test("logs are kept as long as there is room: the oldest go first, those of a journal that is read count", async () => {
  const { builds, executor, folder, stores } = await setUp({ jobs: 2, policy: { keptBytes: 250_000 } })
  const begin = async (i: number) => {
    const build = await builds.submit(jobOf(`long-${i}`), false)
    const begun = await executor.nth(i)
    begun.watch.log(new Uint8Array(100_000).fill(65 + i))
    begun.finish("x")
    await allEvents(build)
    return build.id
  }
  const ids = [await begin(0), await begin(1), await begin(2), await begin(3)]
  expect(
    fs
      .readdirSync(folder)
      .filter((name) => name !== "lock")
      .sort(),
  ).toEqual(ids.slice(1).sort())
  await builds.close()
  const next = new Builds({ stores, folder, executors: [executor], policy: { keptBytes: 150_000 } })
  await next.open()
  await next.submit(jobOf("one-more"), false)
  await executor.nth(4)
  expect(next.list().map(({ id }) => id)).toHaveLength(2)
  expect(next.list()[1]!.id).toBe(ids[3])
  await next.close()
})

test("an executor on another machine that was away when the gateway began is tried when it is wanted", async () => {
  const { stores } = memoryStore()
  const away = Object.assign(new ScriptedExecutor(stores), { check: async () => "it is away", mayReturn: true })
  const builds = new Builds({ stores, folder: `${root}/${folders++}`, executors: [away], policy: { retryDelay: 1 } })
  await builds.open()
  expect(builds.describe()[0]!.unavailable).toBe("it is away")
  const build = await builds.submit(jobOf("a"), false)
  ;(await away.nth(0)).fail(new BuildFailure("infrastructure", "still away"))
  ;(await away.nth(1)).finish("x")
  expect(cases(await allEvents(build))).toEqual(["accepted", "started", "retry", "started", "done"])
  expect(builds.describe()[0]!.unavailable).toBe("")
  await builds.close()
})

test("old builds are forgotten, those that run are not", async () => {
  const { builds, executor, folder } = await setUp({ jobs: 2, policy: { kept: 3 } })
  const running = await builds.submit(jobOf("first"), false)
  for (let i = 0; i < 6; i++) {
    const build = await builds.submit(jobOf(`b${i}`), false)
    ;(await executor.nth(i + 1)).finish("x")
    await allEvents(build)
  }
  expect(builds.list().length).toBeLessThanOrEqual(4)
  expect(builds.get(running.id).state).toBe("running")
  expect(fs.readdirSync(folder).filter((name) => name !== "lock").length).toBeLessThanOrEqual(4)
  await builds.close()
})

test("too many builds are refused, those asked for before go on", async () => {
  const { builds } = await setUp({ policy: { waiting: 2 } })
  for (const name of ["a", "b", "c"]) await builds.submit(jobOf(name), false)
  expect(await codeOf(builds.submit(jobOf("d"), false))).toBe("quota")
  expect((await builds.submit(jobOf("b"), false)).state).toBe("waiting")
  await builds.close()
})

test("a build that waits too long fails for that reason; one that has begun goes on", async () => {
  const { builds, executor } = await setUp({ policy: { longestWait: 60 } })
  const first = await builds.submit(jobOf("first"), false)
  const second = await builds.submit(jobOf("second"), false)
  const events = await allEvents(second)
  expect(cases(events)).toEqual(["accepted", "queued", "failed"])
  const end = events.at(-1)!.event
  expect(end.case === "failed" && [end.value.reason, end.value.message]).toEqual([
    Reason.QUEUE_TIMEOUT,
    "the build waited for its turn for 0 seconds, longer than it may",
  ])
  expect(first.state).toBe("running")
  // It is not tried again, but may be asked for anew.
  const again = await builds.submit(jobOf("second"), false)
  ;(await executor.nth(0)).finish("x")
  ;(await executor.nth(1)).finish("y")
  expect(cases(await allEvents(again))).toEqual(["accepted", "queued", "started", "done"])
  expect(executor.begun).toHaveLength(2)
  await builds.close()
})

test.each([
  ["no constraints", { constraints: undefined as never }, "invalid"],
  ["no system", { constraints: { system: "" } }, "invalid"],
  ["paths of the machine", { constraints: { system: "x", availableRoPaths: ["/etc"] } }, "unsupported"],
  ["no command", { commandArgs: [] }, "invalid"],
  ["no outputs", { outputs: [] }, "invalid"],
  ["an output elsewhere", { outputs: ["etc/passwd"] }, "invalid"],
  ["an output that leads out", { outputs: ["nix/store/../../etc"] }, "invalid"],
  ["an absolute output", { outputs: ["/nix/store/x"] }, "invalid"],
  ["outputs out of order", { outputs: ["nix/store/b", "nix/store/a"] }, "invalid"],
  ["a scratch path within another", { scratchPaths: ["build", "nix", "nix/store"] }, "invalid"],
  ["a scratch path of the system", { scratchPaths: ["build", "dev", "nix/store"] }, "invalid"],
  ["a file that leads out", { additionalFiles: [{ path: "build/../../x", contents: new Uint8Array(0) }] }, "invalid"],
  ["a file elsewhere", { additionalFiles: [{ path: "etc/passwd", contents: new Uint8Array(0) }] }, "invalid"],
  ["a bad variable", { environmentVars: [{ key: "a=b", value: new Uint8Array(0) }] }, "invalid"],
  ["a zero byte in a variable", { environmentVars: [{ key: "a", value: new Uint8Array(1) }] }, "invalid"],
  ["variables out of order", { environmentVars: [{ key: "b" }, { key: "a" }] }, "invalid"],
  ["an input without a name", { inputs: [{ entry: { case: "symlink", value: { target: Buffer.from("x") } } }] }, "invalid"],
  [
    "an input that leads out",
    { inputs: [{ entry: { case: "symlink", value: { name: Buffer.from(".."), target: Buffer.from("x") } } }] },
    "invalid",
  ],
  ["needles that are no hash parts", { refscanNeedles: ["short"] }, "unsupported"],
] as const)("a request with %s is refused", async (_, request, code) => {
  const { builds, folder } = await setUp()
  expect(await codeOf(builds.submit(jobOf("bad", request as never), false))).toBe(code)
  expect(fs.readdirSync(folder)).toEqual(["lock"])
  await builds.close()
})

test("what no executor can build fails in Nix's words, for good", async () => {
  const { builds } = await setUp()
  const build = await builds.submit(jobOf("other", { constraints: { system: "riscv64-linux" } }), false)
  const end = (await allEvents(build)).at(-1)!.event
  expect(end.case === "failed" && [end.value.reason, end.value.message]).toEqual([
    Reason.INPUT_REJECTED,
    "Cannot build the build.\nReason: platform mismatch\nRequired system: 'riscv64-linux'\nCurrent system: 'x86_64-linux'",
  ])
  await builds.close()
})
