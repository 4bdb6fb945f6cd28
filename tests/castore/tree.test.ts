// Trees: brought in from files in any order, looked into, walked and rendered as archives.
import { beforeAll, describe, expect, test } from "vitest"
import type { BlobStore } from "../../engine/castore/blob-store.ts"
import { b3 } from "../../engine/castore/digest.ts"
import { MemoryBlobStore, type MemoryBlobs } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { hashNar, narSize, renderNar, renderNarFrom } from "../../engine/castore/render-nar.ts"
import { type IngestOptions, type IngestProgress, TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { descend, walkContents, walkTree } from "../../engine/castore/walk.ts"
import { printBase16 } from "../../engine/formats/hash/base16.ts"
import { digest, initHashes } from "../../engine/formats/hash/digest.ts"
import { type FileTree, narOfTree } from "../../engine/formats/nar/tree.ts"
import { bytesOf, codeOf, collect, randomBytes, sameBytes } from "./contract.ts"

beforeAll(initHashes)

function setUp(options?: IngestOptions) {
  const memory: MemoryBlobs = { blobs: new Map(), chunks: new Map() }
  const blobs = new MemoryBlobStore(memory)
  const stored = new Map()
  const directories = new MemoryDirectoryStore(stored)
  return { blobs, directories, memory, stored, ingest: new TreeIngest(blobs, directories, options) }
}

const noBytes = new Uint8Array(0)

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function narOf(stores: ReturnType<typeof setUp>, root: Node): Promise<{ readonly size: number; readonly sha256: string }> {
  const nar = await collect(renderNar(stores, root))
  const hashed = await hashNar(stores, root)
  expect(hashed.size).toBe(nar.length)
  expect(await narSize(stores.directories, root)).toBe(nar.length)
  expect(printBase16(hashed.sha256)).toBe(printBase16(digest("sha256", nar)))
  return { size: nar.length, sha256: printBase16(hashed.sha256) }
}

describe("the archives of Snix's sample trees", () => {
  test("a symlink", async () => {
    const stores = setUp()
    stores.ingest.symlink("", "/nix/store/somewhereelse")
    expect(await narOf(stores, await stores.ingest.finish())).toEqual({
      size: 136,
      sha256: "097d397e9b5826384eaa16c457715d1c1a51670313ead0f58566e0b232539cf1",
    })
  })

  test("a file", async () => {
    const stores = setUp()
    await stores.ingest.file("", false, bytesOf("Hello World!"))
    expect(await narOf(stores, await stores.ingest.finish())).toEqual({
      size: 128,
      sha256: "03e7f63be30b065d78bcf615f5473545fdb4eb69aa416f43495b4e05cdfb8040",
    })
  })

  test("a directory with a file, a symlink and a directory, given in the wrong order", async () => {
    const stores = setUp()
    await stores.ingest.file("keep/.keep", false, noBytes)
    stores.ingest.symlink("aa", "/nix/store/somewhereelse")
    await stores.ingest.file(".keep", false, noBytes)
    const root = await stores.ingest.finish()
    expect(root).toMatchObject({ kind: "directory", size: 4 })
    expect(await narOf(stores, root)).toEqual({ size: 840, sha256: "ebd52279a8df024c9fd5718de4103bf5e760dc7f2cf49044ee7dea87ab16911a" })
  })

  test("a directory with nothing in it", async () => {
    const stores = setUp()
    expect(await narOf(stores, await stores.ingest.finish())).toEqual({
      size: 96,
      sha256: "a50a5ab6d992f5598edd92105059fae9acfc192981e08bd88534c2167e92526a",
    })
  })
})

describe("ingestion", () => {
  test("large files are streamed, whether given as a whole, in pieces or pushed", async () => {
    const bytes = randomBytes(1_000_000, 1)
    const { ingest, blobs } = setUp()
    await ingest.file("whole", false, bytes)
    await ingest.file("pieces", true, pieces(bytes, 4000))
    await ingest.file("small pieces", true, pieces(bytes.subarray(0, 5000), 3))
    const pushed = ingest.open("pushed", false)
    const reused = new Uint8Array(10_000)
    for (let at = 0; at < bytes.length; at += reused.length) {
      reused.set(bytes.subarray(at, at + reused.length))
      await pushed.write(reused)
    }
    await pushed.close()
    expect(ingest.at("whole")).toEqual({ kind: "file", digest: b3(bytes), size: bytes.length, executable: false })
    expect(ingest.at("pieces")).toEqual({ kind: "file", digest: b3(bytes), size: bytes.length, executable: true })
    expect(ingest.at("pushed")).toEqual(ingest.at("whole"))
    expect(ingest.at("small pieces")).toMatchObject({ digest: b3(bytes.subarray(0, 5000)), size: 5000 })
    await ingest.finish()
    expect(sameBytes(await collect((await blobs.open(b3(bytes)))!.stream()), bytes)).toBe(true)
  })

  test("small files are stored in batches of bounded size", async () => {
    const { blobs, directories } = setUp()
    const batches: number[] = []
    let atOnce = 0
    let most = 0
    const counting: BlobStore = Object.assign(Object.create(blobs) as BlobStore, {
      missing: blobs.missing.bind(blobs),
      putMany: async (batch: readonly Uint8Array[]) => {
        batches.push(batch.length)
        most = Math.max(most, ++atOnce)
        await Promise.resolve()
        atOnce--
        return blobs.putMany(batch)
      },
    })
    const ingest = new TreeIngest(counting, directories)
    for (let i = 0; i < 3000; i++) await ingest.file(`d${i % 7}/f${i}`, false, bytesOf(`${i % 2500}`))
    for (let i = 0; i < 100; i++) await ingest.file(`large${i}`, false, randomBytes(100_000, i))
    const root = await ingest.finish()
    expect(batches.length).toBeGreaterThan(3)
    expect(Math.max(...batches)).toBeLessThanOrEqual(1024)
    expect(most).toBeLessThanOrEqual(2)
    expect(root).toMatchObject({ size: 3107 })
    let files = 0
    for await (const { node } of walkContents(blobs, directories, root)) if (node.kind === "file") files++
    expect(files).toBe(3100)
  })

  test("names, paths and targets that break a rule are refused", async () => {
    const { ingest } = setUp()
    for (const path of ["a//b", "/a", "a/", "..", "a/../b", "./a", "a\0b", "n".repeat(256), Array(64).fill("d").join("/")]) {
      expect(await codeOf(ingest.file(path, false, noBytes))).toBe("invalid")
      expect(await codeOf(ingest.file(path, false, pieces(bytesOf("x"), 1)))).toBe("invalid")
      expect(() => ingest.directory(path)).toThrow(expect.objectContaining({ code: "invalid" }))
    }
    for (const target of ["", "a\0", "t".repeat(4096)]) {
      expect(() => ingest.symlink("l", target)).toThrow(expect.objectContaining({ code: "invalid" }))
    }
    expect(await ingest.finish()).toMatchObject({ size: 0 })
  })

  test("a second entry of the same name, a file as a directory, and a root beside others are refused", async () => {
    const { ingest } = setUp()
    await ingest.file("a", false, noBytes)
    ingest.directory("d")
    ingest.directory("d")
    await ingest.file("d/x", false, noBytes)
    expect(await codeOf(ingest.file("a", false, noBytes))).toBe("invalid")
    expect(await codeOf(ingest.file("d", false, noBytes))).toBe("invalid")
    expect(await codeOf(ingest.file("a/b", false, noBytes))).toBe("invalid")
    expect(await codeOf(ingest.file("", false, noBytes))).toBe("invalid")
    expect(() => ingest.directory("a")).toThrow(expect.objectContaining({ code: "invalid" }))
    expect(await ingest.finish()).toMatchObject({ size: 3 })
  })

  test("a second entry replaces the first where that is asked for, but no directory that has entries", async () => {
    const { ingest, directories } = setUp({ existing: "replace" })
    await ingest.file("a", false, bytesOf("old"))
    await ingest.file("a", true, bytesOf("new!"))
    ingest.directory("d")
    ingest.symlink("d", "elsewhere")
    ingest.symlink("e", "elsewhere")
    ingest.directory("e")
    await ingest.file("full/x", false, noBytes)
    expect(await codeOf(ingest.file("full", false, noBytes))).toBe("invalid")
    const root = await ingest.finish()
    expect(await descend(directories, root, ["a"])).toMatchObject({ size: 4, executable: true })
    expect(await descend(directories, root, ["d"])).toEqual({ kind: "symlink", target: "elsewhere" })
    expect(await descend(directories, root, ["e"])).toMatchObject({ kind: "directory", size: 0 })
  })

  test("a lone directory at the top is taken off only where that is asked for, and only if it is a directory", async () => {
    const lone = setUp()
    await lone.ingest.file("top/x", false, noBytes)
    expect(await descend(lone.directories, await lone.ingest.finishUnwrapped(), ["x"])).not.toBeNull()
    const file = setUp()
    await file.ingest.file("x", false, noBytes)
    expect(await descend(file.directories, await file.ingest.finishUnwrapped(), ["x"])).not.toBeNull()
    const two = setUp()
    two.ingest.directory("top")
    two.ingest.directory("top2")
    expect(await descend(two.directories, await two.ingest.finishUnwrapped(), ["top"])).not.toBeNull()
  })

  test("limits of entries and bytes", async () => {
    const entries = setUp({ limits: { entries: 3 } }).ingest
    await entries.file("a/b/c", false, noBytes)
    expect(await codeOf(entries.file("d", false, noBytes))).toBe("invalid")
    const bytes = setUp({ limits: { bytes: 1000 } }).ingest
    await bytes.file("a", false, new Uint8Array(600))
    expect(await codeOf(bytes.file("b", false, new Uint8Array(600)))).toBe("invalid")
    const stream = setUp({ limits: { bytes: 3_000_000 } }).ingest
    let taken = 0
    const endless = (async function* () {
      for (;;) {
        taken++
        yield new Uint8Array(100_000)
      }
    })()
    expect(await codeOf(stream.file("bomb", false, endless))).toBe("invalid")
    expect(taken).toBe(31)
  })

  test("stopping leaves no directory, and no blob that is half written", async () => {
    const stop = new AbortController()
    const { ingest, memory, stored } = setUp({ signal: stop.signal })
    await ingest.file("small", false, bytesOf("x"))
    const stopping = (async function* () {
      for (let i = 0; ; i++) {
        if (i === 10) stop.abort()
        yield new Uint8Array(100_000)
      }
    })()
    expect(await codeOf(ingest.file("large", false, stopping))).toBe("cancelled")
    expect(await codeOf(ingest.file("next", false, noBytes))).toBe("cancelled")
    expect(await codeOf(ingest.finish())).toBe("cancelled")
    expect(stored.size).toBe(0)
    expect([...memory.blobs.values()].some((blob) => !(blob instanceof Uint8Array))).toBe(false)
  })

  test("a store that fails fails the import, at the latest when it finishes", async () => {
    const { blobs, directories, stored } = setUp()
    const full: BlobStore = Object.assign(Object.create(blobs) as BlobStore, {
      putMany: async () => {
        throw new (await import("../../engine/castore/error.ts")).StoreError("quota", "there is no room left")
      },
    })
    const ingest = new TreeIngest(full, directories)
    const add = async () => {
      for (let i = 0; i < 5000; i++) await ingest.file(`f${i}`, false, bytesOf(`${i}`))
      await ingest.finish()
    }
    expect(await codeOf(add())).toBe("quota")
    const few = new TreeIngest(full, directories)
    await few.file("f", false, noBytes)
    expect(await codeOf(few.finish())).toBe("quota")
    expect(stored.size).toBe(0)
  })

  test("progress counts entries and bytes", async () => {
    let last: IngestProgress = { entries: 0, bytes: 0 }
    const { ingest } = setUp({
      progress: (progress) => {
        expect(progress.entries).toBeGreaterThanOrEqual(last.entries)
        last = progress
      },
    })
    await ingest.file("a/b", false, new Uint8Array(5))
    await ingest.file("c", false, pieces(new Uint8Array(400_000), 1000))
    await ingest.file("d", false, pieces(new Uint8Array(400), 100))
    ingest.symlink("e", "f")
    await ingest.finish()
    expect(last).toEqual({ entries: 5, bytes: 400_405 })
  })
})

describe("walks", () => {
  test("descending finds files, directories and the root, and nothing below files", async () => {
    const { ingest, directories } = setUp()
    await ingest.file("a/b/c", false, bytesOf("x"))
    const root = await ingest.finish()
    expect(await descend(directories, root, [])).toBe(root)
    expect(await descend(directories, root, ["a", "b", "c"])).toMatchObject({ kind: "file", size: 1 })
    expect(await descend(directories, root, ["a", "b"])).toMatchObject({ kind: "directory", size: 1 })
    expect(await descend(directories, root, ["a", "b", "c", "d"])).toBeNull()
    expect(await descend(directories, root, ["a", "x"])).toBeNull()
  })

  test("a walk is in the order of a NAR and asks for directories in batches", async () => {
    const { ingest, directories } = setUp()
    const paths: string[] = []
    for (let i = 0; i < 300; i++) paths.push(`d${i % 100}/e${i % 150}/f${i}`)
    for (const path of paths) await ingest.file(path, false, noBytes)
    const root = await ingest.finish()
    let asked = 0
    const counting = Object.assign(Object.create(directories) as MemoryDirectoryStore, {
      getMany: (digests: Parameters<MemoryDirectoryStore["getMany"]>[0]) => {
        asked++
        expect(digests.length).toBeLessThanOrEqual(64)
        return directories.getMany(digests)
      },
    })
    const found: string[] = []
    for await (const { path, node, directory } of walkTree(counting, root)) {
      if (node.kind === "file") found.push(path)
      else expect(directory).toBeDefined()
    }
    const byNames = (a: string, b: string): number => {
      const [x, y] = [a.split("/"), b.split("/")]
      const i = x.findIndex((name, at) => name !== y[at])
      return x[i]! < y[i]! ? -1 : 1
    }
    expect(found).toEqual(paths.sort(byNames))
    expect(asked).toBeLessThan(25)
  })

  test("a random tree is rendered like the archive of the same tree in memory", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const stores = setUp()
      const numbers = randomBytes(4000, seed)
      let at = 0
      const grow = async (path: string, depth: number): Promise<FileTree> => {
        const kind = depth === 0 ? 9 : numbers[at++]! % 10
        if (kind < 5) {
          const contents = randomBytes(kind === 0 ? numbers[at++]! * 3000 : numbers[at++]!, at)
          const executable = numbers[at++]! % 2 === 0
          await stores.ingest.file(path, executable, contents)
          return { kind: "regular", executable, contents }
        }
        if (kind < 6) {
          stores.ingest.symlink(path, `target${at}`)
          return { kind: "symlink", target: `target${at}` }
        }
        stores.ingest.directory(path)
        const entries = new Map<string, FileTree>()
        for (let n = numbers[at++]! % 8; n > 0 && depth < 6; n--) {
          const name = `${String.fromCharCode(numbers[at++]! % 128 || 1).replace(/[/.]/, "_")}${n}`
          entries.set(name, await grow(path === "" ? name : `${path}/${name}`, depth + 1))
        }
        return { kind: "directory", entries }
      }
      const tree = await grow("", 0)
      const root = await stores.ingest.finish()
      const nar = narOfTree(tree)
      expect(sameBytes(await collect(renderNar(stores, root)), nar)).toBe(true)
      await narOf(stores, root)
    }
  })

  test("an archive from any byte on, without reading what is before it", async () => {
    const stores = setUp()
    await stores.ingest.file("a/small", false, bytesOf("small"))
    await stores.ingest.file("b/large", true, randomBytes(1_000_000, 4))
    stores.ingest.symlink("c", "target")
    for (let i = 0; i < 30; i++) await stores.ingest.file(`d/${i}`, false, randomBytes(20_000, i))
    const root = await stores.ingest.finish()
    const nar = await collect(renderNar(stores, root))
    for (const from of [0, 1, 17, 96, 400, 500, 5000, 999_999, 1_000_500, 1_000_700, 1_300_000, nar.length - 1, nar.length]) {
      expect(sameBytes(await collect(renderNarFrom(stores, root, from)), nar.subarray(from))).toBe(true)
    }
    for (let seed = 1; seed <= 40; seed++) {
      const [a, b, c] = randomBytes(3, seed)
      const from = ((a! << 16) | (b! << 8) | c!) % nar.length
      expect(sameBytes(await collect(renderNarFrom(stores, root, from)), nar.subarray(from))).toBe(true)
    }
    // Behind the large file, neither it nor what is before it has to be there.
    await stores.blobs.deleteMany([b3(bytesOf("small")), b3(randomBytes(1_000_000, 4))])
    expect(sameBytes(await collect(renderNarFrom(stores, root, 1_100_000)), nar.subarray(1_100_000))).toBe(true)
    expect(await codeOf(collect(renderNarFrom(stores, root, 900_000)))).toBe("absent")
  })

  test("what is absent or damaged below stops the rendering", async () => {
    const stores = setUp()
    await stores.ingest.file("a/small", false, bytesOf("small"))
    await stores.ingest.file("large", false, randomBytes(1_000_000, 3))
    const root = await stores.ingest.finish()
    const small = b3(bytesOf("small"))
    stores.memory.blobs.set(small, bytesOf("smalL"))
    expect(await codeOf(hashNar(stores, root))).toBe("damaged")
    stores.memory.blobs.delete(small)
    expect(await codeOf(hashNar(stores, root))).toBe("absent")
    await stores.blobs.putMany([bytesOf("small")])
    await hashNar(stores, root)
    const stop = new AbortController()
    stop.abort()
    expect(await codeOf(hashNar(stores, root, { signal: stop.signal }))).toBe("cancelled")
    stores.memory.chunks.delete([...stores.memory.chunks.keys()][1]!)
    expect(await codeOf(hashNar(stores, root))).toBe("absent")
    const a = await descend(stores.directories, root, ["a"])
    if (a?.kind !== "directory") throw new Error("a is a directory")
    await stores.directories.deleteMany([a.digest])
    expect(await codeOf(narSize(stores.directories, root))).toBe("absent")
  })
})
