// A small tree for the tests of damage and migration: many small blobs, one in chunks, directories over them.
import { type B3Digest, b3 } from "../../engine/castore/digest.ts"
import { directoryDigest, directoryNode, directoryOf } from "../../engine/castore/directory.ts"
import { IndexedDbBlobStore } from "../../engine/castore/indexed-db-blob-store.ts"
import { IndexedDbDirectoryStore } from "../../engine/castore/indexed-db-directory-store.ts"
import type { Directory, Node } from "../../engine/castore/node.ts"
import { bytesOf, randomBytes, writeBlob } from "../castore/contract.ts"
import { dropDatabase, freshDatabase } from "./castore-database.ts"
import { dumpDatabase } from "./castore-dump.ts"

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

/** What the golden databases hold. */
export function goldenSample(): Sample {
  // The large blob repeats itself, so that the golden file is small.
  return sampleOf(12, 200, new Uint8Array(900_000).fill(7))
}

/** Stores a sample whose last blob is the large one. */
export async function storeSample(blobs: IndexedDbBlobStore, tree: IndexedDbDirectoryStore, sample: Sample): Promise<void> {
  await blobs.putMany([...sample.blobs.values()].filter((bytes) => bytes.length < 1000))
  await writeBlob(blobs, [...sample.blobs.values()].at(-1)!)
  await tree.putMany(sample.directories)
}

/** The golden database of the present version, as text. */
export async function makeGolden(): Promise<string> {
  const database = await freshDatabase()
  await storeSample(new IndexedDbBlobStore(database), new IndexedDbDirectoryStore(database), goldenSample())
  const dump = await dumpDatabase(database.name)
  await dropDatabase(database)
  return JSON.stringify(dump)
}
