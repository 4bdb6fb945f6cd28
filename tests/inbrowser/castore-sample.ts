// A small tree for the tests of damage and migration: many small blobs, one in chunks, directories over them.
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { directoryDigest, directoryNode, directoryOf } from "../../engine/castore/directory.ts"
import type { Directory, Node } from "../../engine/castore/node.ts"
import { bytesOf, randomBytes } from "../castore/contract.ts"

export interface Sample {
  readonly blobs: ReadonlyMap<B3Digest, Uint8Array>
  /** Children before parents. */
  readonly directories: readonly Directory[]
  readonly root: B3Digest
}

/** `count` small blobs of up to `largest` bytes and one large blob that is divided. */
export function sampleOf(count: number, largest: number, large: Uint8Array): Sample {
  const blobs = new Map<B3Digest, Uint8Array>()
  const directories: Directory[] = []
  const folders: [string, Node][] = []
  for (let from = 0; from < count; from += 10) {
    const files: [string, Node][] = []
    for (let i = from; i < Math.min(from + 10, count); i++) {
      const bytes = i % 3 === 0 ? bytesOf(`text of file ${i}\n`) : randomBytes(1 + ((i * 7919) % largest), i + 1)
      blobs.set(b3(bytes), bytes)
      files.push([`file-${i}`, { kind: "file", digest: b3(bytes), size: bytes.length, executable: i % 2 === 0 }])
    }
    const folder = directoryOf(files)
    directories.push(folder)
    folders.push([`folder-${from}`, directoryNode(folder)])
  }
  blobs.set(b3(large), large)
  folders.push(["large", { kind: "file", digest: b3(large), size: large.length, executable: false }])
  folders.push(["link", { kind: "symlink", target: "folder-0/file-1" }])
  const root = directoryOf(folders)
  directories.push(root)
  return { blobs, directories, root: directoryDigest(root) }
}
