// Copies trees from one pair of stores to another: what is there already is not sent. Blobs go before the directories that name
// them, and those before their parents, so that whoever finds a directory finds all below it.

import type { BlobStore } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import { StoreError } from "./error.ts"
import { avgChunkSize } from "./fast-cdc.ts"
import type { Directory, Node } from "./node.ts"
import type { TreeStores } from "./render-nar.ts"
import { throwIfCancelled } from "./verified.ts"
import type { WalkOptions } from "./walk.ts"

/** Small blobs that travel together: bytes and number. */
const batchBytes = 4 << 20
const batchBlobs = 1024
const batchDirectories = 1024

/** How much was sent. */
export interface CopiedTrees {
  readonly blobs: number
  readonly bytes: number
  readonly directories: number
}

/** Copies trees. Throws `absent` if one is not complete, `cancelled`, and what the stores throw. */
export async function copyTrees(from: TreeStores, to: TreeStores, roots: Iterable<Node>, options: WalkOptions = {}): Promise<CopiedTrees> {
  const directories = new Map<B3Digest, Directory>()
  const files = new Map<B3Digest, number>()
  const note = (node: Node): void => {
    if (node.kind === "file") files.set(node.digest, node.size)
  }
  const tops: B3Digest[] = []
  for (const root of roots) {
    note(root)
    if (root.kind !== "directory") continue
    tops.push(root.digest)
    if (directories.has(root.digest)) continue
    for await (const [digest, directory] of from.directories.getRecursive(root.digest)) {
      throwIfCancelled(options.signal)
      directories.set(digest, directory)
      for (const node of directory.values()) note(node)
    }
    if (!directories.has(root.digest)) throw new StoreError("absent", `the directory ${root.digest} is absent`)
  }
  const { blobs, bytes } = await copyBlobs(from.blobs, to.blobs, files, options)
  const ordered = childrenFirst(tops, directories)
  const sent = await copyDirectories(to, ordered, options)
  return { blobs, bytes, directories: sent }
}

async function copyBlobs(
  from: BlobStore,
  to: BlobStore,
  files: ReadonlyMap<B3Digest, number>,
  { signal }: WalkOptions,
): Promise<{ blobs: number; bytes: number }> {
  const missing = await to.missing(files.keys())
  let bytes = 0
  let batch: B3Digest[] = []
  let batched = 0
  const send = async (): Promise<void> => {
    if (batch.length === 0) return
    throwIfCancelled(signal)
    const found = await from.getMany(batch)
    const here = found.map((blob, i) => blob ?? absent(batch[i]!))
    await to.putMany(here)
    batch = []
    batched = 0
  }
  for (const digest of missing) {
    const size = files.get(digest)!
    bytes += size
    if (size > avgChunkSize) {
      await copyLarge(from, to, digest, signal)
      continue
    }
    batch.push(digest)
    batched += size
    if (batched >= batchBytes || batch.length >= batchBlobs) await send()
  }
  await send()
  return { blobs: missing.size, bytes }
}

function absent(digest: B3Digest): never {
  throw new StoreError("absent", `the blob ${digest} is absent`)
}

async function copyLarge(from: BlobStore, to: BlobStore, digest: B3Digest, signal: AbortSignal | undefined): Promise<void> {
  const reader = (await from.open(digest)) ?? absent(digest)
  const writer = to.write()
  try {
    for await (const piece of reader.stream()) {
      throwIfCancelled(signal)
      await writer.write(piece)
    }
    const written = await writer.close()
    if (written !== digest) throw new StoreError("damaged", `the blob ${digest} gave bytes with the digest ${written}`)
  } catch (error) {
    await writer.abort()
    throw error
  }
}

async function copyDirectories(
  to: TreeStores,
  ordered: readonly (readonly [B3Digest, Directory])[],
  { signal }: WalkOptions,
): Promise<number> {
  let sent = 0
  for (let at = 0; at < ordered.length; at += batchDirectories) {
    throwIfCancelled(signal)
    const part = ordered.slice(at, at + batchDirectories)
    const found = await to.directories.getMany(part.map(([digest]) => digest))
    const missing = part.filter((_, i) => found[i] === null).map(([, directory]) => directory)
    if (missing.length > 0) await to.directories.putMany(missing)
    sent += missing.length
  }
  return sent
}

/** The directories below some, children before parents, each once. */
function childrenFirst(tops: readonly B3Digest[], directories: ReadonlyMap<B3Digest, Directory>): (readonly [B3Digest, Directory])[] {
  const ordered: (readonly [B3Digest, Directory])[] = []
  const done = new Set<B3Digest>()
  const stack = tops.map((digest) => ({ digest, entered: false }))
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { digest, entered } = next
    if (done.has(digest)) continue
    const directory = directories.get(digest)!
    if (entered) {
      done.add(digest)
      ordered.push([digest, directory])
      continue
    }
    stack.push({ digest, entered: true })
    for (const node of directory.values()) if (node.kind === "directory") stack.push({ digest: node.digest, entered: false })
  }
  return ordered
}
