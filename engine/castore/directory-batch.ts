// What every store of directories does before it writes: check a batch, give each its bytes and digest.
// Snix: castore/src/directoryservice/order_validator.rs

import { type B3Digest, b3 } from "./digest.ts"
import { directorySize, directoryToBytes } from "./directory.ts"
import { StoreError } from "./error.ts"
import type { Directory } from "./node.ts"

/** A directory ready to be stored. */
export interface PreparedDirectory {
  readonly digest: B3Digest
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly directory: Directory
}

export interface PreparedBatch {
  /** Each different directory once, children before parents. */
  readonly distinct: readonly PreparedDirectory[]
  /** The digests of the directories as they were given. */
  readonly digests: B3Digest[]
}

/**
 * Checks a batch: children before parents, the sizes that parents tell. `stored` answers for children that are not in the batch
 * (DirectoryStore.getMany of the store itself). Throws `invalid`.
 */
export async function prepareDirectories(
  directories: readonly Directory[],
  stored: (digests: readonly B3Digest[]) => Promise<readonly (Directory | null)[]>,
): Promise<PreparedBatch> {
  const sizes = new Map<B3Digest, number>()
  const distinct: PreparedDirectory[] = []
  const digests: B3Digest[] = []
  const outside = new Map<B3Digest, { readonly name: string; readonly size: number }>()
  for (const directory of directories) {
    const bytes = directoryToBytes(directory)
    const digest = b3(bytes)
    digests.push(digest)
    if (sizes.has(digest)) continue
    for (const [name, node] of directory) {
      if (node.kind !== "directory") continue
      const size = sizes.get(node.digest) ?? outside.get(node.digest)?.size
      if (size === undefined) outside.set(node.digest, { name, size: node.size })
      else if (size !== node.size) throw wrongSize(name, node.size, size)
    }
    sizes.set(digest, directorySize(directory))
    distinct.push({ digest, bytes, directory })
  }
  const wanted = [...outside.keys()]
  if (wanted.length === 0) return { distinct, digests }
  const found = await stored(wanted)
  wanted.forEach((digest, i) => {
    const { name, size } = outside.get(digest)!
    const child = found[i]
    if (child == null) {
      throw new StoreError(
        "invalid",
        `the directory '${name}' (${digest}) is neither stored nor given before the directory that contains it`,
      )
    }
    const actual = directorySize(child)
    if (actual !== size) throw wrongSize(name, size, actual)
  })
  return { distinct, digests }
}

function wrongSize(name: string, told: number, actual: number): StoreError {
  return new StoreError(
    "invalid",
    `the directory '${name}' has ${actual} entries in and below it, not ${told} as the directory that contains it says`,
  )
}

/** All directories below `root` by means of getMany: parents before children, each once. What every store can use as getRecursive. */
export async function* recursively(
  getMany: (digests: readonly B3Digest[]) => Promise<readonly (Directory | null)[]>,
  root: B3Digest,
): AsyncGenerator<readonly [B3Digest, Directory]> {
  const seen = new Set<B3Digest>([root])
  let wave: B3Digest[] = [root]
  while (wave.length > 0) {
    const next: B3Digest[] = []
    for (let from = 0; from < wave.length; from += waveSize) {
      const digests = wave.slice(from, from + waveSize)
      const directories = await getMany(digests)
      for (let i = 0; i < digests.length; i++) {
        const digest = digests[i]!
        const directory = directories[i]
        if (directory == null) {
          if (digest === root) return
          throw new StoreError("absent", `the directory ${digest}, which is below ${root}, is absent`)
        }
        yield [digest, directory]
        for (const node of directory.values()) {
          if (node.kind !== "directory" || seen.has(node.digest)) continue
          seen.add(node.digest)
          next.push(node.digest)
        }
      }
    }
    wave = next
  }
}

/** How many directories are asked for at once. */
const waveSize = 256
