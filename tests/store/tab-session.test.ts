// The worker's session on Node, over a store in memory: evaluation that brings objects in from a binary cache and fetches, questions
// that come while another one waits, and what the store's calls answer.
import { afterAll, beforeAll, expect, test } from "vitest"
import { memoryStorage } from "../../engine/castore/storage.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printKey, publicKeyOf, secretKeyFromSeed } from "../../engine/formats/narinfo/signature.ts"
import { exportClosure } from "../../engine/store/cache-export.ts"
import { Store } from "../../engine/store/store.ts"
import type { EvaluateRequest, StoreAnswer, StoreNotice } from "../../engine/worker/protocol.ts"
import { WorkerSession } from "../../engine/worker/session.ts"
import { storeOn } from "../../engine/worker/tab-store.ts"
import { type CacheServer, mapSink, serveCache } from "./cache-server.ts"
import { importFiles, memoryStores } from "./eval-io-run.ts"
import { addOutput } from "./memory-store.ts"

const secret = secretKeyFromSeed("cache.example-1", new Uint8Array(32).fill(7))
let server: CacheServer
let user = ""
let dep = ""
/** At a path that does not follow from its content. */
let output = ""

beforeAll(async () => {
  await initHashes()
  const stores = memoryStores()
  const store = new Store(stores)
  const lib = await store.addTree(await importFiles(stores, { "n.nix": 'builtins.trace "read" 35' }), "lib")
  const tree = await importFiles(stores, { "default.nix": `import ${store.print(lib)}/n.nix + 7` })
  const top = await store.addTree(tree, "user", { references: [lib] })
  user = store.print(top)
  dep = store.print(lib)
  const files = new Map<string, Uint8Array>()
  const built = await addOutput(store, "built", { "default.nix": "1" })
  output = store.print(built)
  await exportClosure(store, [top, built], mapSink(files), { secretKeys: [secret] })
  files.set("plain.txt", Buffer.from("some text"))
  server = await serveCache(files)
})
afterAll(() => server?.close())

function newSession(): WorkerSession {
  return new WorkerSession(async () => storeOn(memoryStorage("in a test")))
}

function value<T>(answer: StoreAnswer<T>): T {
  if ("problem" in answer) throw new Error(answer.problem.message)
  return answer.value
}

async function evaluate(session: WorkerSession, run: number, request: EvaluateRequest) {
  await session.open(run, request)
  const { view, log, waits } = await session.force(run, [])
  return { view, log, waits }
}

const caches = () => [{ url: server.url, publicKeys: [printKey(publicKeyOf(secret))] }]

test("objects come from a binary cache when the run may ask it, with what they refer to", async () => {
  const session = newSession()
  const expr = `import ${user}`
  expect((await evaluate(session, 1, { expr })).view).toMatchObject({
    kind: "failed",
    problem: { message: `path '${user}' does not exist` },
  })
  const { view, log } = await evaluate(session, 2, { expr, allowFetch: true, network: { caches: caches() } })
  expect([view, log]).toEqual([{ kind: "int", text: "42" }, ["trace: read"]])
  // They stay.
  expect((await evaluate(session, 3, { expr })).view).toEqual({ kind: "int", text: "42" })
  expect(value(await session.object(user))).toMatchObject({ references: [dep], signatures: [expect.stringMatching(/^cache\.example-1:/)] })
})

test("what a cache has signed with another key is not taken", async () => {
  const other = printKey(publicKeyOf(secretKeyFromSeed("cache.example-1", new Uint8Array(32).fill(8))))
  const request = { allowFetch: true, network: { caches: [{ url: server.url, publicKeys: [other] }] } }
  const { view } = await evaluate(newSession(), 1, { ...request, expr: `import ${output}` })
  expect(view).toMatchObject({
    kind: "failed",
    problem: { message: expect.stringMatching(/is not signed by any of the keys that are trusted$/) },
  })
  expect((await evaluate(newSession(), 1, { ...request, network: { caches: caches() }, expr: `import ${output}` })).view).toEqual({
    kind: "int",
    text: "1",
  })
  // The path of a source follows from its content: it needs no signature.
  expect((await evaluate(newSession(), 1, { ...request, expr: `import ${user}` })).view).toEqual({ kind: "int", text: "42" })
  await expect(
    evaluate(newSession(), 1, { expr: "1", allowFetch: true, network: { caches: [{ url: server.url, publicKeys: ["nonsense"] }] } }),
  ).rejects.toThrow(RangeError)
})

test("files are fetched when the run may, how far it is is told, and the run waits for it", async () => {
  const session = newSession()
  const notices: StoreNotice[] = []
  await session.listen((notice) => notices.push(notice))
  const url = `${server.url}/plain.txt`
  const expr = `builtins.readFile (builtins.fetchurl "${url}")`
  expect((await evaluate(session, 1, { expr })).view).toMatchObject({ kind: "failed", problem: { code: "not-allowed" } })
  const { view, waits } = await evaluate(session, 2, { expr, allowFetch: true })
  expect(view).toMatchObject({ kind: "string", text: "some text" })
  expect(waits).toBeGreaterThan(0)
  expect(notices).toContainEqual(expect.objectContaining({ kind: "fetching", url }))
})

test("questions to one run take turns, however long the first has to wait", async () => {
  const session = newSession()
  const expr = `{ a = builtins.trace "a" (import ${user}); b = builtins.trace "b" 1; }`
  await session.open(1, { expr, allowFetch: true, network: { caches: caches() } })
  const [a, b, printed] = await Promise.all([session.force(1, ["a"]), session.force(1, ["b"]), session.print(1, [], "json")])
  expect([a.view, b.view, printed]).toEqual([
    { kind: "int", text: "42" },
    { kind: "int", text: "1" },
    { text: '{"a":42,"b":1}\n', log: [] },
  ])
  expect([...a.log, ...b.log].sort()).toEqual(["trace: a", "trace: b", "trace: read"])
})

test("a selection path and arguments are followed once, however often the run has to wait", async () => {
  const session = newSession()
  await session.open(1, {
    expr: `builtins.trace "called" ({ x }: { p = { y ? 1 }: builtins.trace "inner" (import ${user} + x + y); })`,
    attrPath: "p",
    args: { x: { expr: "100" } },
    allowFetch: true,
    network: { caches: caches() },
  })
  const { view, log } = await session.force(1, [])
  expect([view, log]).toEqual([{ kind: "int", text: "143" }, ["trace: called", "trace: inner", "trace: read"]])
})

test("what waits to be written can be looked at", async () => {
  const session = newSession()
  const { view } = await evaluate(session, 1, {
    expr: 'let d = derivation { name = "d"; system = "s"; builder = builtins.toFile "b" "text"; }; in d.drvPath',
  })
  const drvPath = (view as { text: string }).text
  expect(JSON.parse(value(await session.derivation(drvPath)))).toMatchObject({ name: "d", system: "s" })
  const [text = ""] = value(await session.object(drvPath))?.references ?? []
  expect(new TextDecoder().decode(value(await session.read(text, 0, 100)))).toBe("text")
  expect(value(await session.objects(0, 10)).paths).toEqual([text, drvPath])
  expect(await session.read(`${text}x`, 0, 1)).toMatchObject({ problem: { code: "absent" } })
  expect(await session.entries("/tmp")).toMatchObject({ problem: { code: "invalid" } })
  expect(value(await session.report())).toMatchObject({ place: "memory", notice: "in a test", objects: 2 })
})
