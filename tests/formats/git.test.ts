// Git objects and their hashes.
import { readFileSync } from "node:fs"
import { beforeAll, describe, expect, test } from "vitest"
import { FormatError } from "../../engine/formats/error.ts"
import {
  type GitAlgo,
  gitAlgo,
  gitContentHash,
  hashBlob,
  hashGitTree,
  hashTree,
  parseGitObject,
  parseLsTree,
  printLsTree,
  printTree,
} from "../../engine/formats/git/object.ts"
import { printBase16 } from "../../engine/formats/hash/base16.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"
import { printHash } from "../../engine/formats/hash/hash.ts"
import type { FileTree } from "../../engine/formats/nar/tree.ts"
import { describeShared } from "../shared.ts"

beforeAll(initHashes)

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "latin1"))

describeShared("objects of Nix's tests", "conformance/git", (folder) => {
  test("trees read and write", () => {
    for (const algo of ["sha1", "sha256"] as GitAlgo[]) {
      const file = new Uint8Array(readFileSync(`${folder}/tree-${algo}.bin`))
      const text = readFileSync(`${folder}/tree-${algo}.txt`, "latin1")
      const object = parseGitObject(file, algo)
      if (object.kind !== "tree") throw new Error("not a tree")
      expect(printTree(object.entries)).toBe(Buffer.from(file).toString("latin1"))
      expect(printLsTree(object.entries).trimEnd()).toBe(text.trimEnd())
      expect(parseLsTree(text)).toEqual(object.entries)
    }
  })

  test("blobs read, and have git's hash", () => {
    const contents = new Uint8Array(readFileSync(`${folder}/hello-world.bin`))
    const object = parseGitObject(new Uint8Array(readFileSync(`${folder}/hello-world-blob.bin`)), "sha1")
    expect(object).toEqual({ kind: "blob", contents })
    expect(printBase16(hashBlob("sha1", contents))).toBe("63ddb340119baf8492d2da53af47e8c7cfcd5eb2")
  })
})

describe("git hashes", () => {
  test("of trees are those of git", () => {
    expect(printBase16(hashTree("sha1", new Map()))).toBe("4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    const file = (text: string, executable = false): FileTree => ({ kind: "regular", executable, contents: bytes(text) })
    const directory = (entries: Record<string, FileTree>): FileTree => ({ kind: "directory", entries: new Map(Object.entries(entries)) })
    const tree = directory({
      "a.b": file("1"),
      a: directory({ x: file("2", true) }),
      "a-b": file("3"),
      l: { kind: "symlink", target: "a" },
    })
    // git write-tree of these files.
    expect(printBase16(hashGitTree("sha1", tree).hash)).toBe("dcefc562d179e50eeddde05a5d6c04899c540bd0")
    expect(printHash(gitContentHash("sha1", file("hello\n")), "base16")).toBe("sha1:ce013625030ba8dba906f756967f9e9ca394464a")
    expect(() => gitAlgo("md5")).toThrow("Unsupported hash algorithm for git trees: md5")
  })

  test("need good objects", () => {
    const refuse = (text: string) => () => parseGitObject(bytes(text), "sha1")
    const hash = "x".repeat(20)
    expect(refuse("blub 1\0x")).toThrow("input doesn't look like a Git object")
    expect(refuse("")).toThrow("input doesn't look like a Git object")
    expect(refuse("blob 2\0x")).toThrow("git object says it has 2 bytes but has 1")
    expect(refuse("blob x\0x")).toThrow("git object has the size 'x'")
    expect(refuse("blob 1")).toThrow("unexpected end-of-file")
    expect(refuse(`tree 27\x00160000 a${hash}`)).toThrow(FormatError)
    expect(refuse(`tree 29\x00160000 a\0${hash}`)).toThrow("Unknown Git permission: 160000")
    expect(refuse(`tree 31\x00100644 a/b\0${hash}`)).toThrow("invalid file name 'a/b'")
    expect(refuse(`tree 58\x00100644 a\0${hash}100644 a\0${hash}`)).toThrow("contains 'a' twice")
    expect(refuse(`tree 20\x00100644 a\0${hash.slice(9)}`)).toThrow("unexpected end-of-file")
    expect(() => printTree(new Map([["..", { mode: "regular", hash: bytes(hash) }]]))).toThrow(FormatError)
    expect(() => parseLsTree("x")).toThrow("'x' is not a line of git ls-tree")
  })
})
