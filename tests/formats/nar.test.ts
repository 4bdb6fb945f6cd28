// Nix archives: both ways, in chunks of any size, refusals, listings, single files, hashes modulo; references in streams.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import fc from "fast-check"
import { beforeAll, describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import { hexDigest, initHashes } from "../../engine/formats/hash/digest.ts"
import { printHash } from "../../engine/formats/hash/hash.ts"
import { parseJson } from "../../engine/formats/json/read.ts"
import type { NarEvent } from "../../engine/formats/nar/grammar.ts"
import { hashNarTree, ModuloHasher } from "../../engine/formats/nar/hash.ts"
import {
  findInListing,
  listingFromJson,
  listingToJson,
  listNar,
  lsFromJson,
  lsToJson,
  readFileInNar,
  shallowListing,
} from "../../engine/formats/nar/listing.ts"
import { NarReader, readNar } from "../../engine/formats/nar/reader.ts"
import { type FileTree, narOfTree, readNarTree, treeFromJson, treeToJson } from "../../engine/formats/nar/tree.ts"
import { NarWriter } from "../../engine/formats/nar/writer.ts"
import { RewritingStream } from "../../engine/formats/reference/rewrite.ts"
import { PathScanner, ReferenceScanner } from "../../engine/formats/reference/scan.ts"
import { parseBaseName } from "../../engine/formats/store-path/store-path.ts"
import { describeShared, shared } from "../shared.ts"

const seed = 20261121
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))
const json = (path: string) => parseJson(readFileSync(shared(`conformance/${path}`), "latin1"))
/** `data` cut into pieces of `size`. */
const pieces = (data: Uint8Array, size: number) =>
  Array.from({ length: Math.ceil(data.length / size) }, (_, i) => data.subarray(i * size, (i + 1) * size))

beforeAll(initHashes)

const name = fc
  .string({ unit: fc.constantFrom(..."abAB-._é\xff"), minLength: 1, maxLength: 5 })
  .filter((text) => text !== "." && text !== "..")
const { tree } = fc.letrec<{ tree: FileTree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.record({ kind: fc.constant("regular" as const), executable: fc.boolean(), contents: fc.uint8Array({ maxLength: 40 }) }),
    fc.record({ kind: fc.constant("symlink" as const), target: fc.string({ unit: name, minLength: 1, maxLength: 3 }) }),
    fc.record({
      kind: fc.constant("directory" as const),
      entries: fc.array(fc.tuple(name, tie("tree")), { maxLength: 5 }).map((entries) => new Map(entries)),
    }),
  ),
}))

describeShared("archives of Nix's tests", "conformance/nars", (folder) => {
  test("are taken or refused as Nix does, in chunks of any size", () => {
    const { expect: expectations } = JSON.parse(readFileSync(`${folder}/EXPECT.json`, "utf8"))
    const files = [...readdirSync(folder), ...readdirSync(`${folder}/functional`).map((file) => `functional/${file}`)]
    expect(files.filter((file) => file.endsWith(".nar")).sort()).toEqual(Object.keys(expectations).sort())
    for (const [file, message] of Object.entries<string | null>(expectations)) {
      const nar = new Uint8Array(readFileSync(`${folder}/${file}`))
      for (const size of [1, 7, 8, 1000, nar.length]) {
        if (message === null) expect(narOfTree(readNarTree(pieces(nar, size))), file).toEqual(nar)
        else expect(() => readNarTree(pieces(nar, size)), file).toThrow(message)
      }
    }
  })
})

describe("archives", () => {
  test("of any tree read back as the tree", () => {
    fc.assert(
      fc.property(tree, fc.integer({ min: 1, max: 50 }), (given, size) => {
        const nar = narOfTree(given)
        expect(readNarTree(pieces(nar, size))).toEqual(given)
        expect(nar.length % 8).toBe(0)
      }),
      { seed, numRuns: 200 },
    )
  })

  test("are those of real Nix", () => {
    // nix-store --dump of a directory with an executable, a link, and an empty file.
    const given: FileTree = {
      kind: "directory",
      entries: new Map<string, FileTree>([
        ["run", { kind: "regular", executable: true, contents: bytes("#!/bin/sh\n") }],
        ["link", { kind: "symlink", target: "run" }],
        ["empty", { kind: "regular", executable: false, contents: bytes("") }],
      ]),
    }
    const { hash, size } = hashNarTree("sha256", given)
    expect([printHash(hash, "base16"), size]).toEqual(["sha256:af0ef40b5c4a6a017f5854fbbf10c7bb73de5534a0eae90fb5f238993119f350", 704])
  })

  test("end where they end", () => {
    const nar = narOfTree({ kind: "symlink", target: "x" })
    const reader = new NarReader(() => {})
    expect(reader.push(nar.subarray(0, 50)).length).toBe(0)
    expect(reader.done).toBe(false)
    expect(reader.push(new Uint8Array([...nar.subarray(50), 1, 2]))).toEqual(Uint8Array.of(1, 2))
    expect([reader.done, reader.offset]).toEqual([true, nar.length])
    expect(() => readNar([nar, Uint8Array.of(0)], () => {})).toThrow("goes on after the end")
    for (let cut = 0; cut < nar.length; cut++) expect(() => readNar(nar.subarray(0, cut), () => {})).toThrow("unexpected end-of-file")
  })

  test("beyond the limits are refused by reader and writer alike", () => {
    const nested = (depth: number): FileTree =>
      depth === 0 ? { kind: "symlink", target: "x" } : { kind: "directory", entries: new Map([["a", nested(depth - 1)]]) }
    expect(readNarTree(narOfTree(nested(63)))).toEqual(nested(63))
    expect(() => narOfTree(nested(64))).toThrow("bad archive: NAR directory nesting exceeds maximum depth of 64")
    const wire = (...texts: string[]) =>
      texts.map((text) => `${String.fromCharCode(text.length)}${"\0".repeat(7)}${text}${"\0".repeat((8 - (text.length % 8)) % 8)}`).join("")
    const deep = wire("nix-archive-1") + wire("(", "type", "directory", "entry", "(", "name", "a", "node").repeat(64)
    expect(() => readNar(bytes(deep), () => {})).toThrow("bad archive: NAR directory nesting exceeds maximum depth of 64")
    const entry = (key: string, value: FileTree): FileTree => ({ kind: "directory", entries: new Map([[key, value]]) })
    const link: FileTree = { kind: "symlink", target: "x" }
    for (const bad of ["", ".", "..", "a/b", "a\0", "a".repeat(256)]) {
      expect(() => narOfTree(entry(bad, link)), bad).toThrow("NAR contains invalid file name")
    }
    for (const bad of ["", "a\0", "a".repeat(4096)]) {
      expect(() => narOfTree({ kind: "symlink", target: bad })).toThrow("NAR contains invalid symlink target")
    }
    expect(readNarTree(narOfTree({ kind: "symlink", target: "a".repeat(4095) }))).toMatchObject({ kind: "symlink" })
  })

  test("that claim 2^63 bytes need no memory", () => {
    const nar = narOfTree({ kind: "regular", executable: false, contents: bytes("x") })
    const huge = nar.slice()
    huge.fill(0xff, 88, 96)
    huge[95] = 0x7f
    let seen = 0
    const reader = new NarReader((event) => {
      if (event.kind === "contents") seen += event.bytes.length
    })
    reader.push(huge)
    const chunk = new Uint8Array(1 << 16)
    for (let i = 0; i < 100; i++) reader.push(chunk)
    expect(seen).toBe(100 * chunk.length + huge.length - 96)
    expect(() => reader.finish()).toThrow("unexpected end-of-file")
  })

  test("are not written from events that make none", () => {
    const write = (...events: NarEvent[]) => {
      const writer = new NarWriter(() => {})
      for (const event of events) writer.write(event)
      return writer.finish()
    }
    const file = (key: string | undefined, size: number) => ({ kind: "file", name: key, executable: false, size, offset: 0 }) as const
    const contents = { kind: "contents", bytes: bytes("ab") } as const
    const directory = { kind: "directory", name: undefined } as const
    const end = { kind: "end" } as const
    expect(write(file(undefined, 2), contents)).toBe(120)
    const bad: NarEvent[][] = [
      [],
      [end],
      [contents],
      [directory],
      [file(undefined, 3), contents],
      [file(undefined, 1), contents],
      [file("x", 0)],
      [directory, file(undefined, 0)],
      [directory, file("b", 0), file("a", 0)],
      [directory, file("b", 0), file("b", 0)],
      [directory, file("b", 2), end],
      [directory, file("b", 2), file("c", 0)],
      [directory, end, end],
      [file(undefined, 0), file(undefined, 0)],
    ]
    for (const events of bad) expect(() => write(...events), JSON.stringify(events)).toThrow(FormatError)
  })
})

describeShared("trees and listings as JSON", "conformance/nar-listing", () => {
  test("keep their value", () => {
    for (const file of ["simple", "complex"]) {
      const value = json(`memory-source-accessor/${file}.json`)
      expect(treeToJson(treeFromJson(value))).toEqual(value)
      expect(readNarTree(narOfTree(treeFromJson(value)))).toEqual(treeFromJson(value))
    }
    for (const file of ["deep", "shallow"]) {
      const value = json(`nar-listing/${file}.json`)
      expect(listingToJson(listingFromJson(value))).toEqual(value)
    }
  })

  test("of an archive lead to its files", () => {
    const given = treeFromJson(json("memory-source-accessor/complex.json"))
    const nar = narOfTree(given)
    const listing = listNar(pieces(nar, 13))
    const withoutOffsets = JSON.parse(JSON.stringify(listingToJson(listing), (key, value) => (key === "narOffset" ? undefined : value)))
    expect(withoutOffsets).toEqual(json("nar-listing/deep.json"))
    expect(listingToJson(shallowListing(listing))).toEqual(json("nar-listing/shallow.json"))
    expect(Buffer.from(readFileInNar(nar, listing, "/bar/baz")).toString("latin1")).toBe("good day,\n\0\n\tworld!")
    expect(lsFromJson(lsToJson(listing))).toEqual(listing)
    expect(findInListing(listing, "/bar/quux")).toEqual({ kind: "symlink", target: "/over/there" })
    expect(findInListing(listing, "/foo/x")).toBeUndefined()
    expect(() => readFileInNar(nar, listing, "/bar/none")).toThrow("NAR file does not contain path '/bar/none'")
    expect(() => readFileInNar(nar, listing, "/bar")).toThrow("path '/bar' inside NAR file is not a regular file")
    expect(() => readFileInNar(nar.subarray(0, 400), listing, "/foo")).toThrow("reading invalid NAR bytes range")
    expect(() => lsFromJson({ version: 2, root: {} })).toThrow(FormatError)
    expect(() => listingFromJson({ type: "socket" })).toThrow("unknown type of file 'socket'")
  })
})

describe("references", () => {
  const hash = (char: string) => char.repeat(31)
  const paths = ["a", "b", "c"].map((char) => parseBaseName(`${hash(char)}1-${char}`))

  test("are found wherever the stream is cut, overlapping too", () => {
    const text = bytes(`..${hash("a")}1-a ${hash("b")}0 x${hash("c").slice(5)}`)
    for (let size = 1; size <= text.length; size++) {
      const scanner = new PathScanner(paths)
      for (const piece of pieces(text, size)) scanner.push(piece)
      expect(scanner.found, String(size)).toEqual([paths[0]])
    }
    const overlapping = `${"0".repeat(32)}1`
    const scanner = new ReferenceScanner([overlapping.slice(0, 32), overlapping.slice(1)])
    for (const piece of pieces(bytes(overlapping), 5)) scanner.push(piece)
    expect(scanner.found.size).toBe(2)
  })

  test("are those that a plain search finds", () => {
    const part = fc.string({ unit: fc.constantFrom("0", "1"), minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 4 }),
        fc.string({ unit: fc.constantFrom("0", "1", "e"), maxLength: 40 }),
        fc.integer({ min: 1, max: 40 }),
        (parts, noise, size) => {
          const text = parts.map((one, i) => one.slice(i % 3) + noise).join("")
          const scanner = new ReferenceScanner(parts)
          for (const piece of pieces(bytes(text), size)) scanner.push(piece)
          expect([...scanner.found].sort()).toEqual([...new Set(parts.filter((one) => text.includes(one)))].sort())
        },
      ),
      { seed, numRuns: 500 },
    )
  })

  test("are rewritten wherever the stream is cut", () => {
    const text = `x${hash("a")}1${hash("a")}1 and ${hash("a")}1`
    for (let size = 1; size <= text.length; size++) {
      const out: number[] = []
      const stream = new RewritingStream(`${hash("a")}1`, `${hash("b")}2`, (chunk) => out.push(...chunk))
      for (const piece of pieces(bytes(text), size)) stream.push(piece)
      stream.finish()
      expect(Buffer.from(out).toString("latin1")).toBe(text.replaceAll(`${hash("a")}1`, `${hash("b")}2`))
      expect(stream.matches).toEqual([1, 33, 70])
    }
    expect(() => new RewritingStream("a", "bb", () => {})).toThrow(RangeError)
  })

  test("to oneself count as zeros and places in a hash modulo", () => {
    const hasher = new ModuloHasher("sha256", `${hash("a")}1`)
    for (const piece of pieces(bytes(`x${hash("a")}1y`), 3)) hasher.push(piece)
    expect(printHash(hasher.finish(), "base16")).toBe(
      `sha256:${createHash("sha256")
        .update(`x${"\0".repeat(32)}y|1`)
        .digest("hex")}`,
    )
    const plain = new ModuloHasher("sha256", `${hash("a")}1`)
    plain.push(bytes("abc"))
    expect(printHash(plain.finish(), "base16")).toBe(`sha256:${hexDigest("sha256", "abc")}`)
  })
})
