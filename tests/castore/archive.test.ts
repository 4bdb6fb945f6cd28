// Archives that come in: what they mean, in agreement with Nix, and what hostile or broken ones do.
import { type Zippable, zipSync } from "fflate"
import { packTar } from "modern-tar"
import { beforeAll, describe, expect, test } from "vitest"
import { ingestNar } from "../../engine/castore/archive-nar.ts"
import { type ArchiveOptions, ingestTar } from "../../engine/castore/archive-tar.ts"
import { ingestZip } from "../../engine/castore/archive-zip.ts"
import { BytesReader } from "../../engine/castore/blob-reader.ts"
import { b3 } from "../../engine/castore/digest.ts"
import { ingestFiles } from "../../engine/castore/file-list.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { Node } from "../../engine/castore/node.ts"
import { hashNar, renderNar, type TreeStores } from "../../engine/castore/render-nar.ts"
import { walkContents } from "../../engine/castore/walk.ts"
import { joinBytes } from "../../engine/formats/bytes.ts"
import { digest, initHashes } from "../../engine/formats/hash/digest.ts"
import { type FileTree, narOfTree } from "../../engine/formats/nar/tree.ts"
import { inChunks, paxHeader, tar, tarEnd, tarEntry, tarHeader } from "./archives.ts"
import { bytesOf, codeOf, collect, randomBytes, sameBytes } from "./contract.ts"

beforeAll(initHashes)

function memory() {
  return { blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore() }
}

/** A tree as lines: "path", "path*" for executables, "path -> target", "path/"; files of up to 100 bytes with what is in them. */
async function show(stores: TreeStores, root: Node): Promise<string[]> {
  const lines: string[] = []
  for await (const { path, node, contents } of walkContents(stores.blobs, stores.directories, root)) {
    if (node.kind === "directory") lines.push(`${path}/`)
    else if (node.kind === "symlink") lines.push(`${path} -> ${node.target}`)
    else {
      const text = contents instanceof Uint8Array && contents.length <= 100 ? String.fromCharCode(...contents) : `${node.size} bytes`
      lines.push(`${path}${node.executable ? "*" : ""} = ${text}`)
    }
  }
  return lines
}

async function showTar(bytes: Uint8Array, options?: ArchiveOptions): Promise<string[]> {
  const stores = memory()
  const { node } = await ingestTar(inChunks(bytes, 700), stores, options)
  return show(stores, node)
}

describe("tar", () => {
  test("files, directories and symlinks in any order, whatever the sizes of the chunks", async () => {
    const large = randomBytes(700_000, 1)
    const mtime = new Date(1_700_000_000_000)
    const archive = await packTar([
      { header: { name: "top/b/c", size: 5, mode: 0o755, mtime }, body: "hello" },
      { header: { name: "top/large", size: large.length, mode: 0o644, mtime: new Date(5000) }, body: large },
      { header: { name: "top/link", size: 0, type: "symlink", linkname: "b/c", mtime: new Date(0) } },
      { header: { name: "top/", size: 0, type: "directory", mtime: new Date(0) } },
      { header: { name: "top/empty", size: 0, mode: 0o611, mtime: new Date(0) }, body: "" },
    ])
    for (const size of [1, 511, 512, 4096, 1 << 20]) {
      if (size === 1 && archive.length > 1_000_000) continue
      const stores = memory()
      const { node, lastModified } = await ingestTar(inChunks(archive, size), stores, { unwrap: "lone-directory" })
      expect(lastModified).toBe(1_700_000_000)
      expect(await show(stores, node)).toEqual(["/", "b/", "b/c* = hello", "empty = ", "large = 700000 bytes", "link -> b/c"])
      expect((await stores.blobs.missing([b3(large)])).size).toBe(0)
    }
    expect((await showTar(archive)).slice(0, 2)).toEqual(["/", "top/"])
  })

  test("a lone directory is taken off, a lone file is not", async () => {
    const file = tar(tarEntry({ name: "x" }, "1"))
    expect(await showTar(file, { unwrap: "lone-directory" })).toEqual(["/", "x = 1"])
    const two = tar(tarEntry({ name: "a/x" }, "1"), tarEntry({ name: "b" }, "2"))
    expect(await showTar(two, { unwrap: "lone-directory" })).toEqual(["/", "a/", "a/x = 1", "b = 2"])
  })

  test("names with dots and doubled slashes, and the top itself", async () => {
    const archive = tar(tarEntry({ name: "./", type: "5" }), tarEntry({ name: "./a/.//b" }, "1"), tarEntry({ name: "a/./", type: "5" }))
    expect(await showTar(archive)).toEqual(["/", "a/", "a/b = 1"])
  })

  test("long names: ustar's prefix, GNU's headers, pax records; bytes that are not UTF-8", async () => {
    const long = "n".repeat(150)
    const target = "t".repeat(300)
    const archive = tar(
      tarEntry({ name: "file", prefix: "in/prefix" }, "1"),
      tarEntry({ name: "not", prefix: "a prefix", format: "gnu" }, "2"),
      tarEntry({ name: "././@LongLink", type: "L", format: "gnu" }, `gnu/${long}\0`),
      tarEntry({ name: "cut", format: "gnu" }, "3"),
      tarEntry({ name: "././@LongLink", type: "K", format: "gnu" }, `${target}\0`),
      tarEntry({ name: "gnulink", type: "2", target: "cut", format: "gnu" }),
      paxHeader({ path: `pax/${long}`, mtime: "12.75", size: "1" }),
      tarEntry({ name: "cut" }, "4"),
      paxHeader({ linkpath: target, comment: "line\nline" }),
      tarEntry({ name: "paxlink", type: "2", target: "cut" }),
      paxHeader({ comment: "0123456789", path: "ignored" }, "g"),
      tarEntry({ name: "caf\xe9 \xff" }, "5"),
      tarEntry({ name: "old/", format: "v7", type: "\0" }),
      tarEntry({ name: "old/file", format: "v7", type: "\0" }, "6"),
      tarEntry({ name: "volume", type: "V", format: "gnu" }),
      tarEntry({ name: "contiguous", type: "7" }, "7"),
    )
    const stores = memory()
    const { node, lastModified } = await ingestTar(inChunks(archive), stores)
    expect(lastModified).toBe(12)
    expect(await show(stores, node)).toEqual([
      "/",
      "caf\xe9 \xff = 5",
      "contiguous = 7",
      "gnu/",
      `gnu/${long} = 3`,
      `gnulink -> ${target}`,
      "in/",
      "in/prefix/",
      "in/prefix/file = 1",
      "not = 2",
      "old/",
      "old/file = 6",
      "pax/",
      `pax/${long} = 4`,
      `paxlink -> ${target}`,
    ])
  })

  test("hard links lead to files and symlinks, also to those that come later", async () => {
    const archive = tar(
      tarEntry({ name: "early", type: "1", target: "./file", mtime: 77 }),
      tarEntry({ name: "file", mode: 0o700 }, "1"),
      tarEntry({ name: "link", type: "2", target: "x" }),
      tarEntry({ name: "dir/late", type: "1", target: "link" }),
    )
    const stores = memory()
    const { node, lastModified } = await ingestTar(inChunks(archive), stores)
    expect(lastModified).toBe(77)
    expect(await show(stores, node)).toEqual(["/", "dir/", "dir/late -> x", "early* = 1", "file* = 1", "link -> x"])
    expect(await codeOf(showTar(tar(tarEntry({ name: "a", type: "1", target: "nowhere" }))))).toBe("invalid")
    expect(await codeOf(showTar(tar(tarEntry({ name: "d", type: "5" }), tarEntry({ name: "a", type: "1", target: "d" }))))).toBe("invalid")
  })

  test("the last of a name wins, but no directory that has entries is replaced", async () => {
    const twice = tar(
      tarEntry({ name: "a" }, "old"),
      tarEntry({ name: "a", mode: 0o755 }, "new"),
      tarEntry({ name: "b", type: "2", target: "x" }),
    )
    expect(await showTar(twice)).toEqual(["/", "a* = new", "b -> x"])
    expect(await codeOf(showTar(tar(tarEntry({ name: "d/x" }, ""), tarEntry({ name: "d" }, ""))))).toBe("invalid")
    expect(await codeOf(showTar(tar(tarEntry({ name: "d" }, ""), tarEntry({ name: "d/x" }, ""))))).toBe("invalid")
    // Through a symlink is through a file, wherever it leads.
    expect(await codeOf(showTar(tar(tarEntry({ name: "d", type: "2", target: "/etc" }), tarEntry({ name: "d/passwd" }, ""))))).toBe(
      "invalid",
    )
  })

  test("large numbers in binary, checksums of signed bytes, no mark at the end, and what is behind the end", async () => {
    const binary = tarHeader({ name: "binary", size: "\x80\0\0\0\0\0\0\0\0\0\0\x03" })
    const archive = joinBytes([binary, tarEntry({ name: "" }, "abc").subarray(512)])
    expect(await showTar(archive)).toEqual(["/", "binary = abc"])
    const single = joinBytes([tarEntry({ name: "a" }, "1"), new Uint8Array(512)])
    expect(await showTar(single)).toEqual(["/", "a = 1"])
    let read = 0
    const rubbish = joinBytes([tar(tarEntry({ name: "a" }, "1")), randomBytes(100_000, 9)])
    const counted = (async function* () {
      for await (const chunk of inChunks(rubbish)) {
        read += chunk.length
        yield chunk
      }
    })()
    const stores = memory()
    expect(await show(stores, (await ingestTar(counted, stores)).node)).toEqual(["/", "a = 1"])
    expect(read).toBe(rubbish.length)
    expect(await showTar(new Uint8Array(0))).toEqual(["/"])
  })

  test.each([
    ["an absolute path", tar(tarEntry({ name: "/etc/passwd" }, "x")), "invalid"],
    ["a path that leads out", tar(tarEntry({ name: "a/../../x" }, "x")), "invalid"],
    ["a path that leads out of a pax record", tar(paxHeader({ path: "../x" }), tarEntry({ name: "x" }, "x")), "invalid"],
    ["a hard link that leads out", tar(tarEntry({ name: "x", type: "1", target: "../../etc/passwd" })), "invalid"],
    ["a name of 256 bytes", tar(paxHeader({ path: "n".repeat(256) }), tarEntry({ name: "x" }, "x")), "invalid"],
    ["a name with a zero byte", tar(paxHeader({ path: "a\0b" }), tarEntry({ name: "x" }, "x")), "invalid"],
    ["an empty target", tar(tarEntry({ name: "l", type: "2" })), "invalid"],
    ["a deep path", tar(paxHeader({ path: `${"d/".repeat(5000)}x` }), tarEntry({ name: "x" }, "x")), "invalid"],
    ["a file without a name", tar(tarEntry({ name: "." }, "x")), "invalid"],
    ["a character device", tar(tarEntry({ name: "null", type: "3" })), "unsupported"],
    ["a fifo", tar(tarEntry({ name: "fifo", type: "6" })), "unsupported"],
    ["a sparse file of GNU", tar(tarEntry({ name: "sparse", type: "S", format: "gnu" }, "x")), "unsupported"],
    ["a sparse file of pax", tar(paxHeader({ "GNU.sparse.major": "1" }), tarEntry({ name: "x" }, "x")), "unsupported"],
    ["a part of another volume", tar(tarEntry({ name: "x", type: "M", format: "gnu" }, "x")), "unsupported"],
    ["a wrong checksum", tar(tarEntry({ name: "x", badChecksum: true }, "x")), "damaged"],
    ["a size that is no number", tar(tarEntry({ name: "x", size: "12x" }, "x")), "damaged"],
    ["a size of 2^80", tar(tarEntry({ name: "x", size: "\x80\x01\0\0\0\0\0\0\0\0\0\0" }, "x")), "damaged"],
    ["a negative size", tar(tarEntry({ name: "x", size: "\xff".repeat(12) }, "x")), "damaged"],
    ["a size larger than the archive", tar(tarEntry({ name: "x", size: 100_000 }, "x")), "damaged"],
    ["an end in a header", tar(tarEntry({ name: "x" }, "x")).subarray(0, 200), "damaged"],
    ["an end in a body", tar(tarEntry({ name: "x" }, "x".repeat(5000))).subarray(0, 3000), "damaged"],
    ["an end in a pax header", tar(paxHeader({ path: "x" })).subarray(0, 600), "damaged"],
    ["an end after a pax header", tar(paxHeader({ path: "x" })), "damaged"],
    ["a broken pax record", tar(tarEntry({ name: "x", type: "x" }, "99 path=x\n"), tarEntry({ name: "x" }, "x")), "damaged"],
    ["a pax size that is no number", tar(paxHeader({ size: "1e3" }), tarEntry({ name: "x" }, "x")), "damaged"],
    ["a long name of 2 MB", tar(tarEntry({ name: "x", type: "L" }, "n".repeat(2_000_000)), tarEntry({ name: "x" }, "x")), "invalid"],
    ["something else", bytesOf("<html>404 not found</html>".repeat(100)), "damaged"],
    ["zeros in a header", joinBytes([tarEntry({ name: "x" }, "x"), randomBytes(512, 3), tarEnd]), "damaged"],
  ])("%s is refused", async (_, archive, code) => {
    expect(await codeOf(showTar(archive))).toBe(code)
  })

  test("bombs stop at the limits, and nothing refers to what was stored", async () => {
    const stores = memory()
    const limits = { entries: 1000, bytes: 5_000_000 }
    const endless = async function* (entry: Uint8Array) {
      for (let i = 0; ; i++) {
        yield entry.length === 512 ? tarHeader({ name: `f${i}` }) : entry
      }
    }
    expect(await codeOf(ingestTar(endless(tarHeader({ name: "f" })), stores, { limits }))).toBe("invalid")
    expect(await codeOf(ingestTar(endless(tarEntry({ name: "same" }, new Uint8Array(100_000))), stores, { limits }))).toBe("invalid")
    const huge = joinBytes([tarHeader({ name: "huge", size: 2 ** 33 - 1 }), new Uint8Array(1024)])
    const zeros = async function* () {
      yield huge
      for (;;) yield new Uint8Array(100_000)
    }
    expect(await codeOf(ingestTar(zeros(), stores, { limits }))).toBe("invalid")
    for await (const digests of stores.directories.list()) expect(digests).toEqual([])
  })

  test("a stop ends the reading and the source", async () => {
    const stop = new AbortController()
    let closed = false
    const source = (async function* () {
      try {
        yield tarHeader({ name: "large", size: 10_000_000 })
        for (let i = 0; i < 100; i++) {
          if (i === 5) stop.abort()
          yield new Uint8Array(100_000)
        }
      } finally {
        closed = true
      }
    })()
    expect(await codeOf(ingestTar(source, memory(), { signal: stop.signal }))).toBe("cancelled")
    expect(closed).toBe(true)
  })

  test("random damage is refused or gives some tree, never another error (seeds 1 to 400)", async () => {
    const archive = tar(
      paxHeader({ path: "a/b", mtime: "1.5" }),
      tarEntry({ name: "cut" }, "contents"),
      tarEntry({ name: "././@LongLink", type: "L" }, "gnu/name\0"),
      tarEntry({ name: "cut", mode: 0o755 }, "more"),
      tarEntry({ name: "link", type: "2", target: "a/b" }),
      tarEntry({ name: "hard", type: "1", target: "a/b" }),
    )
    for (let seed = 1; seed <= 400; seed++) {
      const changed = archive.slice()
      const [a, b, kind] = randomBytes(3, seed)
      const at = (a! * 256 + b! + seed * 13) % archive.length
      if (kind! % 4 === 0) await codeOf(showTar(changed.subarray(0, at)))
      else {
        changed[at]! ^= 1 << (kind! >> 5)
        // A header with a right checksum, so that the change is looked at.
        const block = changed.subarray(at - (at % 512), at - (at % 512) + 512)
        if (kind! % 2 === 0 && at % 512 < 345) {
          block.fill(0x20, 148, 156)
          block.set(
            bytesOf(
              block
                .reduce((sum, byte) => sum + byte, 0)
                .toString(8)
                .padStart(6, "0"),
            ),
            148,
          )
          block[154] = 0
        }
        await codeOf(showTar(changed))
      }
    }
  })
})

async function showZip(bytes: Uint8Array, options?: ArchiveOptions): Promise<string[]> {
  const stores = memory()
  const { node } = await ingestZip(new BytesReader(bytes), stores, options)
  return show(stores, node)
}

function unix(mode: number): { readonly os: number; readonly attrs: number } {
  return { os: 3, attrs: mode * 0x10000 }
}

describe("zip", () => {
  const sample = (): Zippable => ({
    "top/": [new Uint8Array(0), { ...unix(0o40755), mtime: "2020-01-01T00:00:00" }],
    "top/run": [bytesOf("#!/bin/sh"), { ...unix(0o100755), mtime: "2021-06-05T04:03:02" }],
    "top/stored": [bytesOf("as it is"), { ...unix(0o100644), level: 0 }],
    "top/link": [bytesOf("run"), unix(0o120777)],
    "top/sub/large": [new Uint8Array(3_000_000), unix(0o100644)],
    "top/dos": [bytesOf("dos"), { os: 0, attrs: 0x20 }],
    "top/empty": new Uint8Array(0),
  })

  test("files with modes, symlinks, directories, stored and packed", async () => {
    const archive = zipSync(sample())
    const lines = [
      "/",
      "dos = dos",
      "empty = ",
      "link -> run",
      "run* = #!/bin/sh",
      "stored = as it is",
      "sub/",
      "sub/large = 3000000 bytes",
    ]
    expect(await showZip(archive, { unwrap: "lone-directory" })).toEqual(lines)
    expect((await showZip(archive))[1]).toBe("top/")
    // Something before the archive, as in programs that unpack themselves.
    expect(await showZip(joinBytes([bytesOf("#!/bin/sh\n"), archive]), { unwrap: "lone-directory" })).toEqual(lines)
  })

  test("the newest time", async () => {
    const archive = zipSync({
      a: [bytesOf("a"), { mtime: new Date(2021, 5, 5, 4, 3, 2) }],
      b: [bytesOf("b"), { mtime: new Date(1990, 1, 1) }],
    })
    expect((await ingestZip(new BytesReader(archive), memory())).lastModified).toBe(Date.UTC(2021, 5, 5, 4, 3, 2) / 1000)
    const extended = zipSync({ a: [bytesOf("a"), { mtime: new Date(2021, 5, 5), extra: { 21589: Uint8Array.of(1, 1, 0, 0, 0) } }] })
    expect((await ingestZip(new BytesReader(extended), memory())).lastModified).toBe(1)
  })

  test("backslashes of DOS", async () => {
    expect(await showZip(zipSync({ "a\\b": [bytesOf("1"), { os: 0 }] }))).toEqual(["/", "a/", "a/b = 1"])
    expect(await showZip(zipSync({ "a\\b": [bytesOf("1"), unix(0o100644)] }))).toEqual(["/", "a\\b = 1"])
  })

  test.each<[string, () => Uint8Array, string]>([
    ["an absolute path", () => zipSync({ "/etc/passwd": bytesOf("x") }), "invalid"],
    ["a path that leads out", () => zipSync({ "../x": bytesOf("x") }), "invalid"],
    ["an empty target", () => zipSync({ l: [new Uint8Array(0), unix(0o120777)] }), "invalid"],
    ["a target of a megabyte", () => zipSync({ l: [new Uint8Array(1 << 20).fill(97), unix(0o120777)] }), "invalid"],
    ["a device", () => zipSync({ d: [new Uint8Array(0), unix(0o020644)] }), "unsupported"],
    ["nothing", () => new Uint8Array(0), "damaged"],
    ["something else", () => bytesOf("<html>404 not found</html>"), "damaged"],
    ["a truncated archive", () => zipSync(sample()).subarray(0, -1), "damaged"],
    ["an archive without its beginning", () => zipSync(sample()).subarray(100), "damaged"],
    ["a changed byte of a stored file", () => changed(zipSync({ a: [bytesOf("contents"), { level: 0 }] }), "contents", 3), "damaged"],
    ["a changed packed byte", () => changed(zipSync({ name: randomBytes(5000, 1).map((byte) => byte & 15) }), "name", 60), "damaged"],
    ["an encrypted file", () => patched(zipSync({ a: bytesOf("x") }), 8, 1), "unsupported"],
    ["another method", () => patched(zipSync({ a: bytesOf("x") }), 10, 12), "unsupported"],
    ["a smaller size than there is", () => patched(zipSync({ a: bytesOf("xyz") }), 24, 2), "damaged"],
    ["a larger size than there is", () => patched(zipSync({ a: bytesOf("xyz") }), 24, 4), "damaged"],
    ["an entry that is elsewhere", () => patched(zipSync({ a: bytesOf("xyz") }), 42, 1), "damaged"],
  ])("%s is refused", async (_, make, code) => {
    expect(await codeOf(showZip(make()))).toBe(code)
  })

  test("bombs stop at the limits", async () => {
    const bomb = zipSync({ a: [new Uint8Array(50_000_000), { level: 9 }] })
    expect(bomb.length).toBeLessThan(100_000)
    expect(await codeOf(showZip(bomb, { limits: { bytes: 1_000_000 } }))).toBe("invalid")
    const many = zipSync(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`f${i}`, new Uint8Array(0)])))
    expect(await codeOf(showZip(many, { limits: { entries: 100 } }))).toBe("invalid")
  })

  test("random damage is refused or gives some tree, never another error (seeds 1 to 300)", async () => {
    const archive = zipSync({
      "a/b": bytesOf("some contents some contents"),
      l: [bytesOf("a/b"), unix(0o120777)],
      c: [bytesOf("stored"), { level: 0 }],
    })
    for (let seed = 1; seed <= 300; seed++) {
      const broken = archive.slice()
      const [a, b] = randomBytes(2, seed)
      broken[(a! + seed * 3) % broken.length]! ^= 1 << (b! % 8)
      await codeOf(showZip(b! % 5 === 0 ? broken.subarray(0, a!) : broken, { limits: { bytes: 1_000_000 } }))
    }
  })
})

/** The archive with a byte changed that is `after` bytes after the beginning of `text`. */
function changed(archive: Uint8Array, text: string, after: number): Uint8Array {
  const at = String.fromCharCode(...archive).indexOf(text)
  archive[at + after]! ^= 1
  return archive
}

/** The archive with a byte of the first header of its directory changed. */
function patched(archive: Uint8Array, at: number, value: number): Uint8Array {
  archive[String.fromCharCode(...archive).indexOf("PK\x01\x02") + at] = value
  return archive
}

describe("nar", () => {
  const tree: FileTree = {
    kind: "directory",
    entries: new Map<string, FileTree>([
      ["empty", { kind: "regular", executable: false, contents: new Uint8Array(0) }],
      ["large", { kind: "regular", executable: false, contents: randomBytes(900_000, 2) }],
      ["link", { kind: "symlink", target: "large" }],
      ["run", { kind: "regular", executable: true, contents: bytesOf("#!") }],
      ["sub", { kind: "directory", entries: new Map([["none", { kind: "directory", entries: new Map() }]]) }],
    ]),
  }

  test("comes in and goes out again, whatever the sizes of the chunks", async () => {
    const nar = narOfTree(tree)
    for (const size of [7, 4096, 1 << 22]) {
      const stores = memory()
      const { node, narSize, narSha256 } = await ingestNar(inChunks(nar, size), stores)
      expect(narSize).toBe(nar.length)
      expect(narSha256).toEqual(digest("sha256", nar))
      expect(await hashNar(stores, node)).toEqual({ size: narSize, sha256: narSha256 })
      expect(sameBytes(await collect(renderNar(stores, node)), nar)).toBe(true)
    }
  })

  test("a tree that is one file or one symlink", async () => {
    for (const root of [tree.kind === "directory" ? tree.entries.get("run")! : tree, { kind: "symlink", target: "x" } as const]) {
      const stores = memory()
      const nar = narOfTree(root)
      expect(sameBytes(await collect(renderNar(stores, (await ingestNar([nar], stores)).node)), nar)).toBe(true)
    }
  })

  test("another size or hash than expected, a truncated archive, and bytes behind its end leave no tree", async () => {
    const nar = narOfTree(tree)
    const sha256 = digest("sha256", nar)
    const sound = memory()
    await ingestNar([nar], sound, { expected: { narSize: nar.length, narSha256: sha256 } })
    const stores = memory()
    expect(await codeOf(ingestNar([nar], stores, { expected: { narSize: nar.length + 8 } }))).toBe("damaged")
    expect(await codeOf(ingestNar([nar], stores, { expected: { narSha256: sha256.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) } }))).toBe(
      "damaged",
    )
    expect(await codeOf(ingestNar([nar.subarray(0, -8)], stores))).toBe("damaged")
    expect(await codeOf(ingestNar([nar.subarray(0, 500_000)], stores))).toBe("damaged")
    expect(await codeOf(ingestNar([nar, new Uint8Array(8)], stores))).toBe("damaged")
    expect(await codeOf(ingestNar([bytesOf("<html>")], stores))).toBe("damaged")
    expect(await codeOf(ingestNar([], stores))).toBe("damaged")
    expect(await codeOf(ingestNar([nar], stores, { limits: { bytes: 500_000 } }))).toBe("invalid")
    for await (const digests of stores.directories.list()) expect(digests).toEqual([])
  })
})

describe("lists of files", () => {
  test("files that are read when it is their turn, symlinks and directories", async () => {
    const stores = memory()
    const root = await ingestFiles(
      [
        { kind: "file", path: "b/late", contents: async () => bytesOf("late") },
        { kind: "file", path: "a", executable: true, contents: () => inChunks(new Uint8Array(400_000)) },
        { kind: "symlink", path: "l", target: "a" },
        { kind: "directory", path: "d/e" },
      ],
      stores,
    )
    expect(await show(stores, root)).toEqual(["/", "a* = 400000 bytes", "b/", "b/late = late", "d/", "d/e/", "l -> a"])
    const single = await ingestFiles([{ kind: "file", path: "", contents: bytesOf("x") }], stores)
    expect(single).toMatchObject({ kind: "file", size: 1 })
  })

  test("a file that cannot be read fails the import", async () => {
    const failing = async function* () {
      yield new Uint8Array(300_000)
      throw new Error("the file was removed")
    }
    await expect(ingestFiles([{ kind: "file", path: "a", contents: failing }], memory())).rejects.toThrow("the file was removed")
  })
})
