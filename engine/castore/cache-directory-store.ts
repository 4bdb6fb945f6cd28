// Directories of a far store kept in a near one. A store holds whole trees only (children before parents), so that reading a
// directory that is not near brings all below it, in one stream.
// Snix: castore/src/directoryservice/combinators.rs Cache

import type { B3Digest } from "./digest.ts"
import { recursively } from "./directory-batch.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import { nearAnswers, type ReportFault } from "./near.ts"
import type { Directory } from "./node.ts"

const batchSize = 4096

export class CacheDirectoryStore implements DirectoryStore {
  readonly #near: DirectoryStore
  readonly #far: DirectoryStore
  readonly #report: ReportFault
  /** What is being fetched, by its root. */
  readonly #fetching = new Map<B3Digest, Promise<Directory | null>>()

  /** What is written goes to `near` alone. That `near` cannot be filled or is damaged is no fault of a reading: it is reported. */
  constructor(near: DirectoryStore, far: DirectoryStore, report: ReportFault) {
    this.#near = near
    this.#far = far
    this.#report = report
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    return (await this.getMany([digest]))[0] ?? null
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const found = await nearAnswers(this.#near, digests, (keys) => this.#near.getMany(keys), this.#report)
    for (let i = 0; i < digests.length; i++) found[i] ??= await this.#fetch(digests[i]!)
    return found
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    return this.#near.putMany(directories)
  }

  #fetch(root: B3Digest): Promise<Directory | null> {
    const under = this.#fetching.get(root)
    if (under !== undefined) return under
    const fetching = this.#fill(root).finally(() => this.#fetching.delete(root))
    this.#fetching.set(root, fetching)
    return fetching
  }

  /** Brings a tree of directories near; gives its root. */
  async #fill(root: B3Digest): Promise<Directory | null> {
    const tree = new Map<B3Digest, Directory>()
    try {
      for await (const [digest, directory] of this.#far.getRecursive(root)) tree.set(digest, directory)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code === "cancelled") throw error
      // Something below is wrong: the root itself may be sound.
      const directory = tree.get(root) ?? (await this.#far.get(root))
      if (directory === null) throw error
      this.#report(error)
      return directory
    }
    try {
      const ordered = childrenFirst(tree, root)
      for (let from = 0; from < ordered.length; from += batchSize) await this.#near.putMany(ordered.slice(from, from + batchSize))
    } catch (error) {
      this.#report(error)
    }
    return tree.get(root) ?? null
  }
}

/** The directories of a tree, children before parents, each once. */
function childrenFirst(tree: ReadonlyMap<B3Digest, Directory>, root: B3Digest): Directory[] {
  const ordered: Directory[] = []
  const seen = new Set<B3Digest>()
  // With a stack of its own: what others store may be nested deeply.
  const stack: { readonly digest: B3Digest; readonly done: boolean }[] = [{ digest: root, done: false }]
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const directory = tree.get(top.digest)
    if (directory === undefined) continue
    if (top.done) {
      ordered.push(directory)
      continue
    }
    if (seen.has(top.digest)) continue
    seen.add(top.digest)
    stack.push({ digest: top.digest, done: true })
    for (const node of directory.values())
      if (node.kind === "directory" && !seen.has(node.digest)) stack.push({ digest: node.digest, done: false })
  }
  return ordered
}
