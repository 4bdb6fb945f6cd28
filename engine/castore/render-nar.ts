// Stored trees as Nix archives, streamed: small files are fetched ahead in batches, large ones piece by piece.
// Snix: store/src/nar/renderer.rs

import { Hasher } from "../formats/hash/digest.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import type { BlobReader, BlobStore } from "./blob-store.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { FileNode, Node } from "./node.ts"
import { type WalkEntry, type WalkOptions, walkContents, walkTree } from "./walk.ts"

/** The stores that a tree is in. */
export interface TreeStores {
  readonly blobs: BlobStore
  readonly directories: DirectoryStore
}

/** Writes the archive's events to `writer`, and yields whenever something may have come out. The bytes before `from` may be wrong. */
async function* write(stores: TreeStores, root: Node, writer: NarWriter, from: number, options: WalkOptions): AsyncGenerator<void> {
  let offset = outerSize
  // The end of each entry, or a little more: what comes after the entries of a directory is counted with the directory itself.
  const wants = ({ node, name, depth }: WalkEntry): boolean => {
    offset += sizeInArchive(node, name, depth)
    return offset > from
  }
  let open = 0
  for await (const { name, depth, node, contents } of walkContents(stores.blobs, stores.directories, root, { ...options, wants })) {
    for (; open > depth; open--) writer.write({ kind: "end" })
    const entryName = depth === 0 ? undefined : name
    if (node.kind === "directory") {
      writer.write({ kind: "directory", name: entryName })
      open++
    } else if (node.kind === "symlink") {
      writer.write({ kind: "symlink", name: entryName, target: node.target })
    } else {
      writer.write({ kind: "file", name: entryName, executable: node.executable, size: node.size, offset: 0 })
      if (contents instanceof Uint8Array) writer.write({ kind: "contents", bytes: contents })
      else yield* writeLarge(node, contents, writer, from)
    }
    yield
  }
  for (; open > 0; open--) writer.write({ kind: "end" })
  yield
}

const zeros = new Uint8Array(1 << 20)

/** Writes the contents of a file as far as they are wanted; zeros in place of what is before `from`. */
async function* writeLarge(node: FileNode, reader: BlobReader | undefined, writer: NarWriter, from: number): AsyncGenerator<void> {
  const skipped = reader === undefined ? node.size : Math.min(node.size, Math.max(0, from - writer.size))
  if (writer.size + skipped > from && skipped > 0) throw new RangeError("contents that are wanted were not fetched")
  for (let left = skipped; left > 0; left -= zeros.length) writer.write({ kind: "contents", bytes: zeros.subarray(0, left) })
  if (reader === undefined) return
  let size = skipped
  for await (const bytes of reader.stream(skipped)) {
    size += bytes.length
    writer.write({ kind: "contents", bytes })
    yield
  }
  if (size !== node.size) throw new StoreError("damaged", `the blob ${node.digest} gave ${size} bytes, not ${node.size}`)
}

/** The archive of a stored tree, in chunks of up to about a megabyte that belong to the receiver. Throws `absent`, `damaged`, `cancelled`. */
export function renderNar(stores: TreeStores, root: Node, options: WalkOptions = {}): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return renderNarFrom(stores, root, 0, options)
}

/** The archive from byte `from` on. Blobs that are wholly before it are not read. */
export async function* renderNarFrom(
  stores: TreeStores,
  root: Node,
  from: number,
  options: WalkOptions = {},
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let ready: Uint8Array<ArrayBuffer>[] = []
  let offset = 0
  const writer = new NarWriter((chunk) => {
    const skipped = Math.max(0, from - offset)
    offset += chunk.length
    if (skipped < chunk.length) ready.push(chunk.slice(skipped))
  })
  for await (const _ of write(stores, root, writer, from, options)) {
    if (ready.length === 0) continue
    const chunks = ready
    ready = []
    yield* chunks
  }
  writer.finish()
  yield* ready
}

/** The size in bytes and the SHA-256 of the archive of a stored tree. Throws `absent`, `damaged`, `cancelled`. */
export async function hashNar(
  stores: TreeStores,
  root: Node,
  options: WalkOptions = {},
): Promise<{ readonly size: number; readonly sha256: Uint8Array }> {
  const hasher = new Hasher("sha256")
  const writer = new NarWriter((chunk) => hasher.update(chunk))
  for await (const _ of write(stores, root, writer, 0, options));
  return { size: writer.finish(), sha256: hasher.digest() }
}

/** Bytes of a string in an archive. */
function padded(length: number): number {
  return 8 + Math.ceil(length / 8) * 8
}

// The words around each kind of node, each with its length and padding.
const outerSize = padded("nix-archive-1".length)
const nodeSize = padded(1) + padded(4) + padded(1) // ( type … )
const entrySize = padded(5) + padded(1) + padded(4) + padded(4) + padded(1) // entry ( name … node … )

/** The size of a node's own part of the archive, without its entries. */
function sizeInArchive(node: Node, name: string, depth: number): number {
  const around = nodeSize + (depth === 0 ? 0 : entrySize + padded(name.length))
  if (node.kind === "directory") return around + padded("directory".length)
  if (node.kind === "symlink") return around + padded("symlink".length) + padded("target".length) + padded(node.target.length)
  const executable = node.executable ? padded("executable".length) + padded(0) : 0
  return around + padded("regular".length) + executable + padded("contents".length) + padded(node.size)
}

/** The size in bytes of the archive of a stored tree; looks at directories only, not at blobs. */
export async function narSize(directories: DirectoryStore, root: Node, options: WalkOptions = {}): Promise<number> {
  let size = outerSize
  for await (const { depth, name, node } of walkTree(directories, root, options)) size += sizeInArchive(node, name, depth)
  return size
}
