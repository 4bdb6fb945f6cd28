// The limit of a gateway's store: what nobody has asked for the longest goes, what is in use stays, and what stays is whole.
import * as fs from "node:fs"
import * as os from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { b3 } from "../../engine/castore/digest.ts"
import { gateway } from "../../engine/cli/gateway.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { hashPart, printStorePath, type StorePath } from "../../engine/formats/store-path/store-path.ts"
import { Collector } from "../../engine/gateway/collector.ts"
import { FolderBlobStore } from "../../engine/gateway/folder-blob-store.ts"
import { FolderDirectoryStore } from "../../engine/gateway/folder-directory-store.ts"
import { FolderPathInfoStore } from "../../engine/gateway/folder-path-info-store.ts"
import { FolderPackedArchives } from "../../engine/gateway/packed-archives.ts"
import { Store } from "../../engine/store/store.ts"
import { randomBytes } from "../castore/contract.ts"
import { runCommand } from "../setup/command.ts"
import { addOutput, joined, storeTree } from "../store/memory-store.ts"

const root = fs.realpathSync(fs.mkdtempSync(`${os.tmpdir()}/thunkpad-collector-`))
let folders = 0

beforeAll(initHashes)
afterAll(() => fs.rmSync(root, { recursive: true }))

const hour = 3_600_000

/** A store in a folder, as a gateway has it. */
function open(folder = `${root}/${folders++}`) {
  const use = { noted: true }
  const stores = {
    blobs: new FolderBlobStore(folder, use),
    directories: new FolderDirectoryStore(folder, use),
    infos: new FolderPathInfoStore(`${folder}/infos`, use),
  }
  return { folder, stores, store: new Store(stores, { now: () => 1_700_000_000 }) }
}

/** Lets all that is in a folder be last used so many milliseconds ago. */
function age(folder: string, by: number): void {
  for (const entry of fs.readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const time = (fs.statSync(path).mtimeMs - by) / 1000
    if (entry.isFile()) fs.utimesSync(path, time, time)
  }
}

let seed = 1

/** Adds an object of 100 kB, an hour after those that are there. */
async function add({ folder, store }: ReturnType<typeof open>, name: string, references: readonly StorePath[] = []): Promise<StorePath> {
  if (fs.existsSync(folder)) age(folder, hour)
  const text = references.map((path) => printStorePath(path)).join("\n")
  return addOutput(store, name, { "dir/data": randomBytes(100_000, seed++), refs: text }, references)
}

const sizes = 100_000

test("the least recently used go, and all that stays is whole", async () => {
  const here = open()
  const paths: StorePath[] = []
  for (const name of "abcdefghij") paths.push(await add(here, name, name === "j" ? paths.slice(1, 2) : []))
  age(here.folder, 2 * hour)
  // Whoever asks for one uses it: as a binary cache's client does.
  const later = open(here.folder)
  await later.store.nar(paths[2]!).next()
  const collector = new Collector({ folder: here.folder, limit: 8 * sizes })
  const done = await collector.collect()
  // Four fifths of 800 kB: c was just used, j is the newest and needs b, then come i, h and g; what is over is the directories' and infos'.
  expect(done!.removed.map((path) => path.slice(33)).sort()).toEqual(["a", "d", "e", "f"])
  expect(done!.before).toBeGreaterThan(10 * sizes)
  expect(done!.after).toBeLessThan(6.4 * sizes)
  expect(await collector.usage()).toBe(done!.after)
  for (const path of paths.filter((each) => !done!.removed.includes(each))) {
    const info = await here.stores.infos.get(hashPart(path))
    expect((await joined(here.store.nar(path))).length).toBe(info!.narSize)
  }
  expect(await collector.collect()).toBeUndefined()
})

test("what was used within an hour stays, however much that is, and what builds need that have not ended", async () => {
  const here = open()
  const old = await add(here, "old")
  const input = await storeTree(here.stores, { file: randomBytes(100_000, 1000) })
  const absent = { kind: "directory", digest: b3(Buffer.from("never sent")), size: 1 } as const
  age(here.folder, 24 * hour)
  const fresh = await add(here, "fresh")
  // Sent for a build that is still to be asked for.
  const sent = await storeTree(here.stores, randomBytes(100_000, 1001))
  const collector = new Collector({ folder: here.folder, limit: 1, needed: () => [input, absent] })
  expect((await collector.collect())!.removed).toEqual([old])
  expect(await here.stores.infos.get(hashPart(fresh))).not.toBeNull()
  if (input.kind !== "directory" || sent.kind !== "file") throw new Error("other trees were made")
  expect((await here.stores.blobs.missing([sent.digest])).size).toBe(0)
  const directory = await here.stores.directories.get(input.digest)
  const file = directory!.get("file")
  expect(file?.kind === "file" && (await here.stores.blobs.missing([file.digest])).size).toBe(0)
  age(here.folder, 2 * hour)
  expect((await new Collector({ folder: here.folder, limit: 1 }).collect())!.after).toBe(0)
})

test("a path that is asked for while others are looked at stops the removing, and nothing breaks", async () => {
  const here = open()
  const path = await add(here, "asked")
  age(here.folder, 2 * hour)
  const collector = new Collector({
    folder: here.folder,
    limit: 1,
    needed() {
      // The look at the times comes after this; what is used now is not removed.
      fs.utimesSync(`${here.folder}/infos/${path.slice(0, 2)}/${hashPart(path)}`, new Date(), new Date(Date.now() + 5000))
      return []
    },
  })
  await collector.collect()
  expect((await joined(open(here.folder).store.nar(path))).length).toBeGreaterThan(100_000)
})

test("files of archives that were put go before paths do", async () => {
  const here = open()
  const path = await add(here, "packed")
  const { node, narSize, narHash } = (await here.stores.infos.get(hashPart(path)))!
  const [blob] = await here.stores.blobs.putMany([randomBytes(90_000, 77)])
  const archives = new FolderPackedArchives(`${here.folder}/archives`)
  const name = `${"0".repeat(52)}.nar.xz`
  await archives.put({
    name,
    compression: "xz",
    blob: blob!,
    size: 90_000,
    sha256: new Uint8Array(32),
    tree: { node, size: narSize, sha256: narHash.bytes },
  })
  age(here.folder, 2 * hour)
  const other = await add(here, "other")
  age(here.folder, 2 * hour)
  expect((await new Collector({ folder: here.folder, limit: 270_000 }).collect())!.removed).toEqual([])
  expect(await archives.get(name)).toBeNull()
  expect((await here.stores.blobs.missing([blob!])).size).toBe(1)
  for (const each of [path, other]) expect(await here.stores.infos.get(hashPart(each))).not.toBeNull()
})

test("thunkpad gateway --collect removes at once what is over the limit, and nothing beside a gateway that builds there", async () => {
  const here = open()
  for (const name of ["one", "two", "three"]) await add(here, name)
  const ask = (...flags: string[]) => runCommand(gateway, ["--store", here.folder, ...flags], { cwd: root })
  expect((await ask("--collect")).err).toContain("'--collect' needs '--store' and '--store-megabytes'")
  expect(await ask("--collect", "--store-megabytes", "1")).toMatchObject({ status: 0, out: "" })
  const big = await addOutput(here.store, "big", randomBytes(700_000, 5))
  await addOutput(here.store, "bigger", randomBytes(300_000, 6))
  fs.mkdirSync(`${here.folder}/build/journal`, { recursive: true })
  fs.writeFileSync(`${here.folder}/build/journal/lock`, `${process.ppid}`)
  expect((await ask("--collect", "--store-megabytes", "1")).err).toContain(`the process ${process.ppid} builds in`)
  fs.rmSync(`${here.folder}/build/journal/lock`)
  const { status, out, err } = await ask("--collect", "--store-megabytes", "1")
  expect(status).toBe(0)
  expect(out).toBe(`${printStorePath(big)}\n`)
  expect(err).toMatch(/^1 store paths deleted, 7\d{5} bytes freed$/m)
})
