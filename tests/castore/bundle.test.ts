// Bundles: a tree in one file, there and back; whatever is changed in it is noticed.

import { deflateSync, inflateSync } from "fflate"
import { beforeAll, expect, test } from "vitest"
import { looksLikeBundle, readBundle, writeBundle } from "../../engine/castore/bundle.ts"
import { b3 } from "../../engine/castore/digest.ts"
import { directoryNode, directoryOf, directoryToBytes } from "../../engine/castore/directory.ts"
import { StoreError } from "../../engine/castore/error.ts"
import { ingestFiles } from "../../engine/castore/file-list.ts"
import { MemoryBlobStore } from "../../engine/castore/memory-blob-store.ts"
import { MemoryDirectoryStore } from "../../engine/castore/memory-directory-store.ts"
import type { DirectoryNode, Node } from "../../engine/castore/node.ts"
import { walkContents } from "../../engine/castore/walk.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"

beforeAll(initHashes)

const inMemory = () => ({ blobs: new MemoryBlobStore(), directories: new MemoryDirectoryStore() })
const most = { bytes: 2 ** 24, entries: 1000 }
const HEAD = "thunkpad-bundle 1\n".length + 65

async function bundled(files: Readonly<Record<string, string>>): Promise<{ root: DirectoryNode; bytes: Uint8Array }> {
  const stores = inMemory()
  const listed = Object.entries(files).map(([path, text]) => ({ kind: "file" as const, path, contents: Buffer.from(text) }))
  const root = await ingestFiles([...listed, { kind: "symlink", path: "link", target: "a" }], stores)
  if (root.kind !== "directory") throw new Error("no directory")
  return { root, bytes: await writeBundle(stores, root) }
}

const big = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)).toString("latin1")
const sample = { a: "one\n", "lib/a": "one\n", "lib/deep/b": "two", "other/deep/b": "two", empty: "", big }

const packed = (root: string, body: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`thunkpad-bundle 1\n${root}\n`), deflateSync(body)])
const part = (kind: string, bytes: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([Buffer.from(kind), length, bytes])
}

async function codeOf(bytes: Uint8Array): Promise<string> {
  try {
    await readBundle(bytes, inMemory(), most)
    return "read"
  } catch (e) {
    expect(e).toBeInstanceOf(StoreError)
    return (e as StoreError).code
  }
}

test("a tree comes back as it was, equal parts once, and the same tree gives the same bytes", async () => {
  const { root, bytes } = await bundled(sample)
  expect(looksLikeBundle(bytes)).toBe(true)
  const stores = inMemory()
  expect(await readBundle(bytes, stores, most)).toEqual(root)
  const found: Record<string, string> = {}
  for await (const { path, node, contents } of walkContents(stores.blobs, stores.directories, root)) {
    if (node.kind === "symlink") found[path] = `-> ${node.target}`
    if (contents !== undefined)
      found[path] = Buffer.from(contents instanceof Uint8Array ? contents : await contents.read(0, contents.size)).toString()
  }
  expect(found).toEqual({ ...sample, big: Buffer.from(big).toString(), link: "-> a" })
  const reversed = await bundled(Object.fromEntries(Object.entries(sample).reverse()))
  expect(Buffer.compare(reversed.bytes, bytes)).toBe(0)
  expect(
    Buffer.from(inflateSync(bytes.subarray(HEAD)))
      .toString("latin1")
      .split("one\n").length,
  ).toBe(2)
})

test("a bundle made earlier opens as it did", async () => {
  // Never changed: somebody has the file.
  const kept = Buffer.from(
    [
      "dGh1bmtwYWQtYnVuZGxlIDEKODc4YmVkZWMxZDdlOGY0Y2MwNjVjNmM4MmQwMWZjNmQyYjQwYjc0MmFkMmNkYzk0YzViMWIzOWFhMzBjZWVlNQ",
      "pLYmBgYDQCkcKZuQX5RSUKevo5mUn6iXp5mRVcKUBxXSFtLlYwV0ih0W520UTH559b1y9YdOG+XY555xP1/0/WvQ/LCos+8emfrQQjSEcalyYX",
      "M9AQIYVTGp52Ex3SYhsVyiPbqyUyz12aZr4j++nfXQdK7NedU+WRYBTS4+LITczMg5i/aHv9xy3v/SRFjjD3bH7Dkm9z69npiky5qxuWTPua6f",
      "wrQUJYipOLJSczL1uIMREA",
    ].join(""),
    "base64",
  )
  const { root } = await bundled({ "main.nix": "import ./lib/a.nix\n", "lib/a.nix": "2" })
  expect(await readBundle(kept, inMemory(), most)).toEqual(root)
})

test("every byte that is changed, and every missing end, is noticed", async () => {
  const { bytes, root } = await bundled({ "main.nix": "1 + 1\n", "lib/a.nix": "2" })
  const body = inflateSync(bytes.subarray(HEAD))
  for (let at = 0; at < body.length; at++) {
    const changed = body.slice()
    changed[at] = (changed[at] as number) ^ 1
    expect(["damaged", "invalid"], `byte ${at}`).toContain(await codeOf(packed(root.digest, changed)))
  }
  for (let at = 0; at < bytes.length; at++) expect(await codeOf(bytes.subarray(0, at)), `cut at ${at}`).not.toBe("read")
  expect(await codeOf(packed(b3(Buffer.from("another")), body))).toBe("damaged")
})

test("what is no bundle, of a later version, or has parts that do not belong to it is refused", async () => {
  const { bytes, root } = await bundled({ "main.nix": "1" })
  expect(await codeOf(Buffer.from("PK zip"))).toBe("invalid")
  expect(await codeOf(Buffer.from(Buffer.from(bytes).toString("latin1").replace("bundle 1", "bundle 2"), "latin1"))).toBe("unsupported")
  const body = inflateSync(bytes.subarray(HEAD))
  expect(await codeOf(packed(root.digest, Buffer.concat([body, part("b", Buffer.from("stowaway"))])))).toBe("damaged")
  expect(await codeOf(packed(root.digest, Buffer.concat([body, part("x", Buffer.from(""))])))).toBe("damaged")
})

test("bombs end early: one that unpacks to much, and one that stands for an endless tree", async () => {
  expect(await codeOf(packed("0".repeat(64), part("b", Buffer.alloc(2 ** 25))))).toBe("invalid")
  const blob = Buffer.from("x")
  let parts: Buffer[] = [part("b", blob)]
  let node: Node = { kind: "file", digest: b3(blob), size: 1, executable: false }
  for (let level = 0; level < 40; level++) {
    const directory = directoryOf([
      ["a", node],
      ["b", node],
    ])
    parts = [...parts, part("d", directoryToBytes(directory))]
    node = directoryNode(directory)
  }
  expect(await codeOf(packed((node as DirectoryNode).digest, Buffer.concat(parts)))).toBe("invalid")
})
