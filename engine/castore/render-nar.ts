// Stored trees as Nix archives, streamed: small files are fetched ahead in batches, large ones piece by piece.
// Snix: store/src/nar/renderer.rs

import { Hasher } from "../formats/hash/digest.ts"
import type { NarEvent } from "../formats/nar/grammar.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import type { BlobStore } from "./blob-store.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import type { Node } from "./node.ts"
import { type WalkOptions, walkContents, walkTree } from "./walk.ts"

/** The stores that a tree is in. */
export interface TreeStores {
  readonly blobs: BlobStore
  readonly directories: DirectoryStore
}

/** The events of the archive, in their order, handed to `handle`; after each awaited step `between` may yield what came out. */
async function* events(stores: TreeStores, root: Node, handle: (event: NarEvent) => void, options: WalkOptions): AsyncGenerator<void> {
  let open = 0
  for await (const { name, depth, node, contents } of walkContents(stores.blobs, stores.directories, root, options)) {
    for (; open > depth; open--) handle({ kind: "end" })
    const entryName = depth === 0 ? undefined : name
    if (node.kind === "directory") {
      handle({ kind: "directory", name: entryName })
      open++
    } else if (node.kind === "symlink") {
      handle({ kind: "symlink", name: entryName, target: node.target })
    } else {
      handle({ kind: "file", name: entryName, executable: node.executable, size: node.size, offset: 0 })
      if (contents instanceof Uint8Array) {
        handle({ kind: "contents", bytes: contents })
      } else {
        let size = 0
        for await (const bytes of contents!.stream()) {
          size += bytes.length
          handle({ kind: "contents", bytes })
          yield
        }
        if (size !== node.size) throw new StoreError("damaged", `the blob ${node.digest} gave ${size} bytes, not ${node.size}`)
      }
    }
    yield
  }
  for (; open > 0; open--) handle({ kind: "end" })
  yield
}

/** The archive of a stored tree, in chunks of up to about a megabyte that belong to the receiver. Throws `absent`, `damaged`, `cancelled`. */
export async function* renderNar(stores: TreeStores, root: Node, options: WalkOptions = {}): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let ready: Uint8Array<ArrayBuffer>[] = []
  const writer = new NarWriter((chunk) => ready.push(chunk.slice()))
  for await (const _ of events(stores, root, (event) => writer.write(event), options)) {
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
  for await (const _ of events(stores, root, (event) => writer.write(event), options));
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

/** The size of a single node's own part of the archive, without its entries. */
function ownSize(node: Node): number {
  if (node.kind === "directory") return nodeSize + padded("directory".length)
  if (node.kind === "symlink") return nodeSize + padded("symlink".length) + padded("target".length) + padded(node.target.length)
  return (
    nodeSize +
    padded("regular".length) +
    (node.executable ? padded("executable".length) + padded(0) : 0) +
    padded("contents".length) +
    padded(node.size)
  )
}

/** The size in bytes of the archive of a stored tree; looks at directories only, not at blobs. */
export async function narSize(directories: DirectoryStore, root: Node, options: WalkOptions = {}): Promise<number> {
  let size = outerSize
  for await (const { depth, name, node } of walkTree(directories, root, options)) {
    size += ownSize(node) + (depth === 0 ? 0 : entrySize + padded(name.length))
  }
  return size
}
