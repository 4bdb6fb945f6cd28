// The built program as a gateway: another process, over every protocol, killed without warning at random moments.
import type { ChildProcess } from "node:child_process"
import { createHash, randomInt } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { B3Digest } from "../../engine/castore/digest.ts"
import { directoryOf } from "../../engine/castore/directory.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { hashNar } from "../../engine/castore/render-nar.ts"
import { RpcBlobStore } from "../../engine/castore/rpc-blob-store.ts"
import { RpcDirectoryStore } from "../../engine/castore/rpc-directory-store.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashPart } from "../../engine/formats/store-path/store-path.ts"
import { RpcPathInfoStore } from "../../engine/store/rpc-path-info-store.ts"
import { randomBytes } from "../castore/contract.ts"
import { freePort, type Program, startProgram } from "../gateway/program.ts"
import { isServing, transports } from "../gateway/server.ts"
import { fakePath } from "../store/memory-store.ts"

const folder = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-killed-`))
const children = new Set<ChildProcess>()

beforeAll(initHashes)
afterAll(() => {
  for (const child of children) child.kill("SIGKILL")
  fs.rmSync(folder, { recursive: true, force: true })
})

/** Starts the program, without builds; it ends with the tests at the latest. */
async function start(store: string, port = 0): Promise<Program> {
  const program = await startProgram(store, port, ["--jobs", "0"])
  children.add(program.child)
  void program.ended.then(() => children.delete(program.child))
  return program
}

test.each(transports)("serves over %s, and ends when it is asked to", async (_, transport) => {
  const { url, child, ended } = await start(`${folder}/plain`)
  expect(await isServing(transport(url))).toBe(true)
  child.kill("SIGTERM")
  expect(await ended).toBe(0)
})

test("what was acknowledged outlives a kill at any moment, and nothing is half there", async () => {
  const seed = randomInt(2 ** 31)
  console.log(`seed ${seed}`)
  const store = `${folder}/killed`
  const kept = new Map<B3Digest, string>()
  const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")
  for (let round = 0; round < 12; round++) {
    const { url, child, ended } = await start(store)
    const transport = transports[round % transports.length]![1](url)
    const blobs = new RpcBlobStore(transport, { attempts: 1, delay: 1, longest: 1 })
    // What was acknowledged in earlier rounds is all there and sound.
    expect([...(await blobs.missing(kept.keys()))]).toEqual([])
    const found = await blobs.getMany([...kept.keys()])
    expect(found.map((bytes) => hashOf(bytes!))).toEqual([...kept.values()])
    let timer: NodeJS.Timeout | undefined
    const killSoon = (): void => {
      timer ??= setTimeout(() => child.kill("SIGKILL"), 20 + ((seed >>> round) % 7) * 25)
    }
    // Every other one has something to lose.
    if (round % 2 === 0) killSoon()
    try {
      for (let i = 0; ; i++) {
        const small = Array.from({ length: 20 }, (_, k) => randomBytes(100 + k, seed + round * 100_000 + i * 100 + k))
        const digests = await blobs.putMany(small)
        for (const [k, digest] of digests.entries()) kept.set(digest, hashOf(small[k]!))
        killSoon()
        const large = randomBytes(1_500_000, seed + round * 1000 + i)
        const writer = blobs.write()
        for (let at = 0; at < large.length; at += 300_000) await writer.write(large.subarray(at, at + 300_000))
        kept.set(await writer.close(), hashOf(large))
      }
    } catch (error) {
      expect(error).toBeInstanceOf(StoreError)
      expect((error as StoreError).code).toBe("unreachable")
    }
    clearTimeout(timer)
    child.kill("SIGKILL")
    await ended
  }
  expect(kept.size).toBeGreaterThan(20)
})

test("a client goes on when the gateway was restarted", async () => {
  const port = await freePort()
  const first = await start(`${folder}/restarted`, port)
  const transport = transports[0]![1](first.url)
  const blobs = new RpcBlobStore(transport)
  const directories = new RpcDirectoryStore(transport)
  const infos = new RpcPathInfoStore(transport)
  const contents = Buffer.from("contents")
  const [digest] = await blobs.putMany([contents])
  first.child.kill("SIGKILL")
  await first.ended
  const restarting = new Promise<Program>((resolve, reject) => {
    setTimeout(() => start(`${folder}/restarted`, port).then(resolve, reject), 150)
  })
  // It is down now: the calls are tried again until it is back.
  expect(await blobs.getMany([digest!])).toEqual([new Uint8Array(contents)])
  const second = await restarting
  const node = { kind: "file", digest: digest!, size: contents.length, executable: false } as const
  const directory = directoryOf([["file", node]])
  const [root] = await directories.putMany([directory])
  expect(await directories.get(root!)).toEqual(directory)
  const tree = { kind: "directory", digest: root!, size: 1 } as const
  const { size, sha256 } = await hashNar({ blobs, directories }, tree)
  const path = fakePath("restarted")
  const info = {
    path,
    storeDir: "/nix/store",
    node: tree,
    narHash: { algo: "sha256", bytes: sha256 },
    narSize: size,
    references: [path],
    deriver: undefined,
    registrationTime: 0,
    ultimate: false,
    signatures: [],
    ca: undefined,
  } as const
  await infos.putMany([info])
  expect(await infos.get(hashPart(path))).toEqual(info)
  const listed = []
  for await (const batch of infos.list()) listed.push(...batch)
  expect(listed).toEqual([info])
  await expect(infos.deleteMany([hashPart(path)])).rejects.toMatchObject({ code: "read-only" })
  second.child.kill("SIGTERM")
  expect(await second.ended).toBe(0)
})
