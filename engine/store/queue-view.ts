// The stores as if all that waits in the write queue were written already: for those who walk through trees.

import { BytesReader } from "../castore/blob-reader.ts"
import type { BlobStore } from "../castore/blob-store.ts"
import type { B3Digest } from "../castore/digest.ts"
import { recursively } from "../castore/directory-batch.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import type { Stores } from "./stores.ts"
import type { WriteQueue } from "./write-queue.ts"

/** What is in the queue is taken from there, the rest from the stores. What is written goes to the stores. */
export function withQueue({ blobs, directories }: Stores, queue: WriteQueue): TreeStores {
  const blobView: BlobStore = {
    async missing(digests) {
      return blobs.missing([...digests].filter((digest) => queue.blob(digest) === undefined))
    },
    async open(digest) {
      const bytes = queue.blob(digest)
      return bytes === undefined ? blobs.open(digest) : new BytesReader(bytes)
    },
    getMany: (digests) =>
      layered(
        digests,
        (digest) => queue.blob(digest),
        (rest) => blobs.getMany(rest),
      ),
    async chunks(digest) {
      return queue.blob(digest) === undefined ? blobs.chunks(digest) : []
    },
    putMany: (contents) => blobs.putMany(contents),
    write: () => blobs.write(),
  }
  const directoryView: DirectoryStore = {
    async get(digest) {
      return queue.directory(digest) ?? directories.get(digest)
    },
    getMany: (digests) =>
      layered(
        digests,
        (digest) => queue.directory(digest),
        (rest) => directories.getMany(rest),
      ),
    getRecursive: (root) => recursively((digests) => directoryView.getMany(digests), root),
    putMany: (all) => directories.putMany(all),
  }
  return { blobs: blobView, directories: directoryView }
}

async function layered<T>(
  digests: readonly B3Digest[],
  near: (digest: B3Digest) => T | undefined,
  far: (digests: readonly B3Digest[]) => Promise<readonly (T | null)[]>,
): Promise<(T | null)[]> {
  const found: (T | null)[] = digests.map((digest) => near(digest) ?? null)
  const rest = digests.filter((_, i) => found[i] === null)
  if (rest.length === 0) return found
  const others = await far(rest)
  let next = 0
  return found.map((item) => item ?? others[next++] ?? null)
}
