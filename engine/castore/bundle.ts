// A tree in one file: every blob and directory of it once, so that the digest of the root checks all of it.
//
//   bundle = "thunkpad-bundle 1\n" root "\n" deflate(part*)
//   root   = 64 hexadecimal digits: the digest of the root directory
//   part   = kind length bytes
//   kind   = "b" (a blob) | "d" (the canonical bytes of a directory)
//   length = 4 bytes, the high one first
//
// Blobs come first, then directories, children before parents. Nothing names a part: it is found by the digest of its bytes, so a
// changed byte is a part that is missing, and a part that nothing refers to is refused.

import { deflateSync, Inflate } from "fflate"
import { joinBytes } from "../formats/bytes.ts"
import { type B3Digest, b3, digestFromHex } from "./digest.ts"
import { directoryFromBytes, directorySize, directoryToBytes } from "./directory.ts"
import { StoreError } from "./error.ts"
import type { DirectoryNode } from "./node.ts"
import type { TreeStores } from "./render-nar.ts"
import { walkContents } from "./walk.ts"

const MAGIC = "thunkpad-bundle 1\n"
const HEAD = MAGIC.length + 65
const BLOB = 0x62
const DIRECTORY = 0x64

/** Whether bytes begin like a bundle of any version. */
export function looksLikeBundle(bytes: Uint8Array): boolean {
  return textAt(bytes, 0, 16) === MAGIC.slice(0, 16)
}

/** The bundle of a tree, the same bytes for the same tree. Throws `absent`, `damaged`. */
export async function writeBundle(stores: TreeStores, root: DirectoryNode): Promise<Uint8Array<ArrayBuffer>> {
  const blobs = new Map<B3Digest, Uint8Array>()
  const directories = new Map<B3Digest, Uint8Array>()
  for await (const { node, directory, contents } of walkContents(stores.blobs, stores.directories, root)) {
    if (node.kind === "file" && contents !== undefined && !blobs.has(node.digest))
      blobs.set(node.digest, contents instanceof Uint8Array ? contents : await contents.read(0, contents.size))
    if (directory !== undefined && node.kind === "directory") {
      // Parents are met before children: what is met again goes to the end.
      directories.delete(node.digest)
      directories.set(node.digest, directoryToBytes(directory))
    }
  }
  const parts = [
    ...[...blobs.values()].map((bytes) => part(BLOB, bytes)),
    ...[...directories.values()].reverse().map((bytes) => part(DIRECTORY, bytes)),
  ]
  const body = deflateSync(joinBytes(parts), { level: 9 })
  return joinBytes([new TextEncoder().encode(`${MAGIC}${root.digest}\n`), body])
}

function part(kind: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(bytes.length + 5)
  whole[0] = kind
  new DataView(whole.buffer).setUint32(1, bytes.length)
  whole.set(bytes, 5)
  return whole
}

/**
 * Reads a bundle into stores and gives its root. Throws `damaged` where the bytes are not what the digest of the root stands for,
 * `unsupported` for a later version, `invalid` for what is no bundle, or has more than `most` allows.
 */
export async function readBundle(
  bytes: Uint8Array,
  stores: TreeStores,
  most: { readonly bytes: number; readonly entries: number },
): Promise<DirectoryNode> {
  if (!looksLikeBundle(bytes)) throw new StoreError("invalid", "this is no bundle")
  if (textAt(bytes, 0, MAGIC.length) !== MAGIC) throw new StoreError("unsupported", "this bundle is of a later version")
  const digest = textAt(bytes, MAGIC.length, 64)
  if (!/^[0-9a-f]{64}$/.test(digest) || textAt(bytes, HEAD - 1, 1) !== "\n") throw new StoreError("damaged", "the bundle has no digest")
  const root = digestFromHex(digest)
  const blobs = new Map<B3Digest, Uint8Array>()
  const directories = new Map<B3Digest, Uint8Array>()
  for (const { kind, contents } of partsOf(unpacked(bytes.subarray(HEAD), most.bytes))) {
    const found = kind === BLOB ? blobs : directories
    const name = b3(contents)
    if (found.has(name)) throw new StoreError("damaged", `the bundle has a part twice: ${name}`)
    found.set(name, contents)
  }
  const top = directories.get(root)
  if (top === undefined) throw new StoreError("damaged", `the bundle does not contain the directory ${root} that it is named after`)
  await stores.blobs.putMany([...blobs.values()])
  // Whatever refers to a directory that is absent was changed, or that directory was.
  const read = [...directories.values()].map(directoryFromBytes)
  try {
    await stores.directories.putMany(read)
  } catch (e) {
    throw e instanceof StoreError && e.code === "invalid" ? new StoreError("damaged", e.message, { cause: e }) : e
  }
  const node: DirectoryNode = { kind: "directory", digest: root, size: directorySize(directoryFromBytes(top)) }
  // The sizes were checked when the directories were put: a small bundle cannot stand for an endless tree.
  if (node.size > most.entries) throw new StoreError("invalid", `the bundle has ${node.size} files and folders, more than ${most.entries}`)
  await checkWhole(stores, node, new Set([...blobs.keys(), ...directories.keys()]))
  return node
}

/** Throws `damaged` unless all of a tree is there and all of `parts` are in it. */
async function checkWhole(stores: TreeStores, root: DirectoryNode, parts: Set<B3Digest>): Promise<void> {
  try {
    for await (const { node } of walkContents(stores.blobs, stores.directories, root))
      if (node.kind !== "symlink") parts.delete(node.digest)
  } catch (e) {
    throw e instanceof StoreError && e.code === "absent"
      ? new StoreError("damaged", `the bundle is not what its digest stands for: ${e.message}`, { cause: e })
      : e
  }
  for (const unused of parts) throw new StoreError("damaged", `the bundle has a part that nothing in it refers to: ${unused}`)
}

/** Unpacks in pieces, so that a small file that claims to be a large one is noticed in time. */
function unpacked(packed: Uint8Array, most: number): Uint8Array {
  const pieces: Uint8Array[] = []
  let size = 0
  let ended = false
  const inflate = new Inflate((piece, final) => {
    size += piece.length
    if (size > most) throw new StoreError("invalid", `the bundle unpacks to more than ${most} bytes`)
    pieces.push(piece)
    if (final) ended = true
  })
  const step = 65_536
  try {
    for (let at = 0; at < packed.length; at += step) inflate.push(packed.subarray(at, at + step), at + step >= packed.length)
  } catch (e) {
    throw e instanceof StoreError ? e : new StoreError("damaged", "the bundle cannot be unpacked", { cause: e })
  }
  if (!ended) throw new StoreError("damaged", "the bundle ends too early")
  return joinBytes(pieces)
}

function* partsOf(bytes: Uint8Array): Generator<{ readonly kind: number; readonly contents: Uint8Array }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at] as number
    const length = at + 5 <= bytes.length ? view.getUint32(at + 1) : Number.POSITIVE_INFINITY
    if (at + 5 + length > bytes.length) throw new StoreError("damaged", "the bundle ends within a part")
    if (kind !== BLOB && kind !== DIRECTORY) throw new StoreError("damaged", `the bundle has a part of an unknown kind: ${kind}`)
    yield { kind, contents: bytes.subarray(at + 5, at + 5 + length) }
    at += 5 + length
  }
}

function textAt(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
