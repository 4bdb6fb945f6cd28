// Directories and their bytes: Snix's known answers, its rules, and both directions against protobuf-es.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf"
import { describe, expect, test } from "vitest"
import { type B3Digest, b3, digestBytes, digestFromBytes, digestFromHex, showDigest } from "../../engine/castore/digest.ts"
import {
  checkDirectory,
  directoryDigest,
  directoryFromBytes,
  directoryNode,
  directoryOf,
  directorySize,
  directoryToBytes,
  emptyDirectory,
  entryFromBytes,
  entryToBytes,
  sameNode,
} from "../../engine/castore/directory.ts"
import { StoreError } from "../../engine/castore/error.ts"
import type { Directory, Node } from "../../engine/castore/node.ts"
import { printBase16 } from "../../engine/formats/hash/base16.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { DirectorySchema, EntrySchema } from "../../engine/proto/gen/castore_pb.ts"
import { bytesOf, randomBytes } from "./contract.ts"

// The tables of cases need digests.
await initHashes()

const emptyDigest = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"

function emptyFile(): Node {
  return { kind: "file", digest: b3(new Uint8Array(0)), size: 0, executable: false }
}

function withKeep(): Directory {
  return new Map([[".keep", emptyFile()]])
}

function complicated(): Directory {
  return new Map<string, Node>([
    [".keep", emptyFile()],
    ["aa", { kind: "symlink", target: "/nix/store/somewhereelse" }],
    ["keep", directoryNode(withKeep())],
  ])
}

function codeOfThrown(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
  return "nothing thrown"
}

describe("known answers of Snix", () => {
  test("K89, K90, K91: digests of blobs", () => {
    expect(b3(new Uint8Array(0))).toBe(emptyDigest)
    expect(showDigest(b3(new Uint8Array(0)))).toBe("blake3-rxNJufX5oaagQE3qNtzJSZvLJcmtwRK3zJqTyuQfMmI=")
    expect(b3(Uint8Array.of(1))).toBe("48fc721fbbc172e0925fa27af1671de225ba927134802998b10a1568a188652b")
    expect(b3(bytesOf("Hello World"))).toBe("41f8394111eb713a22165c46c90ab8f0fd9399c92028fd6d288944b23ff5bf76")
    expect(b3(bytesOf("Hello World!"))).toBe("5ca7815adcb484e9a136c11efe69c1d530176d549b5d18d038eb5280b4b3470c")
    expect(b3(Uint8Array.of(0, 1))).toBe("7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63")
    const blobB = Uint8Array.from({ length: 255 * 4096 }, (_, i) => i % 255)
    expect(b3(blobB)).toBe("a82c5154a7a0c262c6fdb929a317585646f8fbcf80326d0a7b8747edaf2d99d2")
  })

  test("K89, K92: digests of directories", () => {
    expect(directoryDigest(emptyDirectory)).toBe(emptyDigest)
    expect(directoryDigest(withKeep())).toBe("8b5b5d642b646bb8ed504b0862c39413e87e57491497de7bd075953f7b83810e")
    expect(printBase16(directoryToBytes(withKeep()))).toBe(`12290a052e6b6565701220${emptyDigest}`)
    expect(directorySize(withKeep())).toBe(1)
    expect(directoryNode(complicated())).toMatchObject({ size: 4 })
  })

  test("K95: a directory in a directory counts itself and what is in it", () => {
    const child: Node = { kind: "directory", digest: b3(Uint8Array.of(1)), size: 4 }
    expect(directorySize(new Map([["a", child]]))).toBe(5)
  })

  test("K96: entries in URLs of nar-bridge", () => {
    const token = (node: Node) =>
      btoa(String.fromCharCode(...entryToBytes(node)))
        .replaceAll("+", "-")
        .replaceAll("/", "_")
        .replace(/=*$/, "")
    expect(token({ kind: "symlink", target: "/nix/store/somewhereelse" })).toBe("GhoSGC9uaXgvc3RvcmUvc29tZXdoZXJlZWxzZQ")
    const hello: Node = { kind: "file", digest: b3(bytesOf("Hello World!")), size: 12, executable: false }
    expect(token(hello)).toBe("EiQSIFyngVrctITpoTbBHv5pwdUwF21Um10Y0DjrUoC0s0cMGAw")
    expect(token(directoryNode(complicated()))).toBe("CiQSID-VGhWv1Yb7MSHvTRPVgugRzg5afyHASX_YdJDp4jVaGAQ")
    for (const node of [hello, directoryNode(complicated())]) expect(entryFromBytes(entryToBytes(node))).toEqual({ name: "", node })
    expect(entryFromBytes(entryToBytes(hello, "hello"))).toEqual({ name: "hello", node: hello })
  })

  test("digests as bytes and as text", () => {
    expect(digestFromBytes(digestBytes(b3(bytesOf("x"))))).toBe(b3(bytesOf("x")))
    expect(() => digestFromBytes(new Uint8Array(31))).toThrow(RangeError)
    for (const text of ["", "AF".repeat(32), "af".repeat(31), `${"af".repeat(32)}0`]) expect(() => digestFromHex(text)).toThrow(RangeError)
  })
})

describe("what is written keeps the rules", () => {
  const broken: [string, Directory][] = [
    ...["\0", ".", "..", "", "foo/bar", "n".repeat(256)].map((name): [string, Directory] => [
      `the name ${JSON.stringify(name)}`,
      new Map([[name, emptyFile()]]),
    ]),
    [
      "b before a",
      new Map([
        ["b", emptyFile()],
        ["a", emptyFile()],
      ]),
    ],
    [
      "a directory before a file of a smaller name",
      new Map<string, Node>([
        ["b", directoryNode(emptyDirectory)],
        ["a", emptyFile()],
      ]),
    ],
    ...["", "a\0b", "t".repeat(4096)].map((target): [string, Directory] => [
      `a target of ${target.length} bytes`,
      new Map([["l", { kind: "symlink", target }]]),
    ]),
    ...[-1, 0.5, Number.NaN, 2 ** 53].map((size): [string, Directory] => [
      `a size of ${size}`,
      new Map([["f", { ...emptyFile(), size } as Node]]),
    ]),
    ["a short digest", new Map([["f", { ...emptyFile(), digest: "af13" as B3Digest } as Node]])],
    [
      "more entries than can be counted",
      new Map([
        ["a", { kind: "directory", digest: b3(bytesOf("a")), size: Number.MAX_SAFE_INTEGER - 1 }],
        ["b", { kind: "directory", digest: b3(bytesOf("b")), size: 1 }],
      ]),
    ],
  ]
  test.each(broken)("%s is refused", (_, directory) => {
    expect(codeOfThrown(() => directoryToBytes(directory))).toBe("invalid")
    expect(codeOfThrown(() => checkDirectory(directory))).toBe("invalid")
  })

  test("entries in any order are put in order, but not two of a name", () => {
    const directory = directoryOf([
      ["b", emptyFile()],
      ["\xff", emptyFile()],
      ["a", directoryNode(emptyDirectory)],
    ])
    expect([...directory.keys()]).toEqual(["a", "b", "\xff"])
    expect(
      codeOfThrown(() =>
        directoryOf([
          ["a", emptyFile()],
          ["a", directoryNode(emptyDirectory)],
        ]),
      ),
    ).toBe("invalid")
  })
})

describe("what is read keeps the rules", () => {
  const name = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0))
  const digest = digestBytes(digestFromHex(emptyDigest))
  type Lists = {
    directories?: { name?: Uint8Array; digest?: Uint8Array; size?: bigint }[]
    files?: { name?: Uint8Array; digest?: Uint8Array; size?: bigint; executable?: boolean }[]
    symlinks?: { name?: Uint8Array; target?: Uint8Array }[]
  }
  const bytesOfLists = (lists: Lists) => toBinary(DirectorySchema, create(DirectorySchema, lists))
  const sound: Lists = { files: [{ name: name("a"), digest }] }

  const broken: [string, Uint8Array][] = [
    ...["\0", ".", "..", "", "foo/bar", "n".repeat(256)].map((text): [string, Uint8Array] => [
      `the name ${JSON.stringify(text)}`,
      bytesOfLists({ files: [{ name: name(text), digest }] }),
    ]),
    ["a digest of 2 bytes", bytesOfLists({ files: [{ name: name("a"), digest: digest.subarray(2, 4) }] })],
    ["no digest", bytesOfLists({ directories: [{ name: name("a") }] })],
    [
      "b before a",
      bytesOfLists({
        directories: [
          { name: name("b"), digest },
          { name: name("a"), digest },
        ],
      }),
    ],
    [
      "a twice in a list",
      bytesOfLists({
        files: [
          { name: name("a"), digest },
          { name: name("a"), digest },
        ],
      }),
    ],
    ["a in two lists", bytesOfLists({ directories: [{ name: name("a"), digest }], symlinks: [{ name: name("a"), target: name("b") }] })],
    ["no target", bytesOfLists({ symlinks: [{ name: name("a") }] })],
    ["a target with a zero byte", bytesOfLists({ symlinks: [{ name: name("a"), target: name("a\0") }] })],
    ["a target of 4096 bytes", bytesOfLists({ symlinks: [{ name: name("a"), target: new Uint8Array(4096).fill(97) }] })],
    ["the largest size", bytesOfLists({ directories: [{ name: name("a"), digest, size: 0xffffffffffffffffn }] })],
    [
      "sizes that overflow",
      bytesOfLists({
        directories: [
          { name: name("a"), digest, size: 2n ** 53n - 2n },
          { name: name("b"), digest, size: 5n },
        ],
      }),
    ],
    ["an unknown field", Uint8Array.of(...bytesOfLists(sound), 0x22, 0)],
    ["an unknown field of an entry", Uint8Array.of(0x12, 39, 0x0a, 1, 97, 0x12, 32, ...digest, 0x2a, 0)],
    ["a field of another type", Uint8Array.of(0x08, 1)],
    ["a size written as 0", Uint8Array.of(0x12, 39, 0x0a, 1, 97, 0x12, 32, ...digest, 0x18, 0)],
    ["executable written as false", Uint8Array.of(0x12, 39, 0x0a, 1, 97, 0x12, 32, ...digest, 0x20, 0)],
    ["executable written as 2", Uint8Array.of(0x12, 39, 0x0a, 1, 97, 0x12, 32, ...digest, 0x20, 2)],
    ["a number that is longer than it has to be", Uint8Array.of(0x12, 40, 0x0a, 1, 97, 0x12, 32, ...digest, 0x18, 0x81, 0)],
    ["a number of eleven bytes", Uint8Array.of(0x12, ...new Uint8Array(10).fill(0xff), 1)],
    ["fields in another order", Uint8Array.of(0x12, 37, 0x12, 32, ...digest, 0x0a, 1, 97)],
    ["a field twice", Uint8Array.of(0x12, 40, 0x0a, 1, 97, 0x0a, 1, 97, 0x12, 32, ...digest)],
    ["files before directories", Uint8Array.of(...bytesOfLists(sound), ...bytesOfLists({ directories: [{ name: name("b"), digest }] }))],
    ["an end within an entry", bytesOfLists(sound).subarray(0, 20)],
    ["a symlink with a size", Uint8Array.of(0x1a, 8, 0x0a, 1, 97, 0x12, 1, 98, 0x18, 1)],
  ]
  test.each(broken)("%s is refused", (_, bytes) => {
    expect(codeOfThrown(() => directoryFromBytes(bytes))).toBe("damaged")
  })

  test("entries without an entry, with two, or with a bad name are refused", () => {
    for (const bytes of [
      new Uint8Array(0),
      Uint8Array.of(0x1a, 3, 0x12, 1, 98, 0x1a, 3, 0x12, 1, 98),
      Uint8Array.of(0x1a, 0),
      Uint8Array.of(0x1a, 6, 0x0a, 1, 47, 0x12, 1, 98),
      Uint8Array.of(0x22, 0),
    ]) {
      expect(codeOfThrown(() => entryFromBytes(bytes))).toBe("damaged")
    }
  })

  test("random directories are written as protobuf-es writes them, and read back", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const numbers = randomBytes(400, seed)
      let at = 0
      const next = (bound: number) => numbers[at++ % numbers.length]! % bound
      const lists = { directories: [], files: [], symlinks: [] } as Required<Lists>
      const entries: [string, Node][] = []
      const names = new Set(Array.from({ length: next(20) }, () => String.fromCharCode(48 + next(200), 1 + next(46))))
      for (const text of [...names].sort()) {
        const own = digestBytes(b3(bytesOf(text)))
        const size = [0, 1, 127, 128, 2 ** 31, 2 ** 32 + 5, 2 ** 45][next(7)]!
        const kind = next(3)
        if (kind === 0) {
          lists.directories.push({ name: name(text), digest: own, size: BigInt(size) })
          entries.push([text, { kind: "directory", digest: digestFromBytes(own), size }])
        } else if (kind === 1) {
          const executable = next(2) === 1
          lists.files.push({ name: name(text), digest: own, size: BigInt(size), executable })
          entries.push([text, { kind: "file", digest: digestFromBytes(own), size, executable }])
        } else {
          const target = "t".repeat(1 + next(200))
          lists.symlinks.push({ name: name(text), target: name(target) })
          entries.push([text, { kind: "symlink", target }])
        }
      }
      const bytes = directoryToBytes(new Map(entries))
      expect(printBase16(bytes)).toBe(printBase16(bytesOfLists(lists)))
      expect([...directoryFromBytes(bytes)]).toEqual(entries)
      for (const [text, node] of entries) {
        const message = fromBinary(EntrySchema, entryToBytes(node, text))
        expect(message.entry.case).toBe(node.kind)
        expect(toBinary(EntrySchema, message)).toEqual(entryToBytes(node, text))
        expect(sameNode(entryFromBytes(entryToBytes(node, text)).node, node)).toBe(true)
      }
    }
  })

  test("random changes are refused or are another directory in its only form (seeds 1 to 3000)", () => {
    let refused = 0
    for (let seed = 1; seed <= 3000; seed++) {
      const bytes = directoryToBytes(complicated())
      const [place, change, kind] = randomBytes(3, seed)
      const at = (place! * 7 + seed) % bytes.length
      let changed: Uint8Array = bytes
      if (kind! % 3 === 0) changed[at]! ^= 1 << (change! % 8)
      else if (kind! % 3 === 1) changed = Uint8Array.of(...bytes.subarray(0, at), change!, ...bytes.subarray(at))
      else changed = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + (change! % 4)))
      let read: Directory | undefined
      const code = codeOfThrown(() => (read = directoryFromBytes(changed)))
      if (code !== "nothing thrown") {
        expect(code).toBe("damaged")
        refused++
      } else expect(printBase16(directoryToBytes(read!))).toBe(printBase16(changed))
    }
    expect(refused).toBeGreaterThan(1000)
  })
})
