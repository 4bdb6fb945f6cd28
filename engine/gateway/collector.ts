// Keeps the store of a gateway under a limit: when there is more, the paths that nobody has asked for the longest go, with what they
// alone need, until four fifths of the limit are left. What was used within the last hour stays, and what builds need that wait or run: clients
// ask for what is there, send the rest and refer to all of it some time later, and requests go on while this goes on.
// C++ Nix: libstore/gc.cc (min-free, max-free)

import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import type { DirectoryStore } from "../castore/directory-store.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { collectGarbage } from "../store/garbage.ts"
import type { ListingInfos, PathInfoStore, StoredPath } from "../store/path-info-store.ts"
import type { Root, Roots } from "../store/roots.ts"
import { Store } from "../store/store.ts"
import { FolderBlobStore } from "./folder-blob-store.ts"
import { FolderDirectoryStore } from "./folder-directory-store.ts"
import { isAbsent } from "./folder-fault.ts"
import { FolderPathInfoStore } from "./folder-path-info-store.ts"
import { FolderPackedArchives } from "./packed-archives.ts"

export interface CollectorOptions {
  /** Of the store; its stores note what is used. */
  readonly folder: string
  /** Bytes of its files. */
  readonly limit: number
  /** Trees that are needed: inputs of builds that have not ended. */
  readonly needed?: () => Iterable<Node>
  /** Milliseconds after its last use that a thing stays. */
  readonly spare?: number
}

export interface Collection {
  /** Bytes of files. */
  readonly before: number
  readonly after: number
  readonly removed: readonly StorePath[]
}

export class Collector {
  readonly #options: CollectorOptions
  readonly #spare: number

  constructor(options: CollectorOptions) {
    this.#options = options
    this.#spare = options.spare ?? 3_600_000
  }

  /** Bytes of all files of the store. */
  async usage(): Promise<number> {
    let bytes = 0
    for (const name of ["blobs", "chunks", "lists", "directories", "infos", "archives"])
      bytes += await sizeOf(join(this.#options.folder, name))
    return bytes
  }

  /** Removes what is too much; undefined if nothing is. Throws StoreError: then less was removed. */
  async collect(): Promise<Collection | undefined> {
    const { limit } = this.#options
    const before = await this.usage()
    if (before <= limit) return undefined
    const removed = await this.#collect()
    return { before, after: await this.usage(), removed }
  }

  async #collect(): Promise<StorePath[]> {
    const { folder, limit } = this.#options
    const infos = new InfosByUse(new FolderPathInfoStore(join(folder, "infos")))
    const use = { spare: this.#spare }
    const store = new Store({ blobs: new FolderBlobStore(folder, use), directories: new FolderDirectoryStore(folder, use), infos })
    const needed: Node[] = []
    for (const node of this.#options.needed?.() ?? []) if (await isComplete(store.stores.directories, node)) needed.push(node)
    const roots = new GivenRoots([...needed, ...(await this.#archives())])
    const keep: StorePath[] = []
    const since = Date.now() - this.#spare
    for await (const batch of infos.list()) for (const info of batch) if (info.registrationTime >= since) keep.push(info.path)
    const collected = await collectGarbage(store, roots, { budget: Math.floor(limit * 0.8), keep })
    return [...collected.removed]
  }

  /** The blobs of archives that were just put; forgets the others: their trees are here, too, and clients get on with those. */
  async #archives(): Promise<Node[]> {
    const archives = new FolderPackedArchives(join(this.#options.folder, "archives"))
    const nodes: Node[] = []
    for await (const [{ name, blob, size }, time] of archives.list()) {
      if (Date.now() - time < this.#spare) nodes.push({ kind: "file", digest: blob, size, executable: false })
      else await archives.delete(name)
    }
    return nodes
  }
}

/** Bytes of all files below a folder. */
async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isAbsent(error)) return []
    throw error
  })
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) bytes += await sizeOf(path)
    else bytes += (await stat(path).catch(() => ({ size: 0 }))).size
  }
  return bytes
}

/** Whether all directories of a tree are here: inputs of a build may not be, and then it will say so. */
async function isComplete(directories: DirectoryStore, node: Node): Promise<boolean> {
  if (node.kind !== "directory") return true
  try {
    let found = 0
    for await (const _ of directories.getRecursive(node.digest)) found++
    return found > 0
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}

class GivenRoots implements Roots {
  readonly #trees: readonly Node[]

  constructor(trees: readonly Node[]) {
    this.#trees = trees
  }

  async list(): Promise<ReadonlyMap<string, Root>> {
    return new Map([["in use", { paths: [], trees: this.#trees }]])
  }

  set(): Promise<void> {
    throw new StoreError("unsupported", "these roots are given")
  }

  delete(): Promise<void> {
    throw new StoreError("unsupported", "these roots are given")
  }
}

/** Path infos whose time is that of their last use, in milliseconds. */
class InfosByUse implements PathInfoStore, ListingInfos {
  readonly #infos: FolderPathInfoStore
  readonly #begun = Date.now()

  constructor(infos: FolderPathInfoStore) {
    this.#infos = infos
  }

  async get(part: string): Promise<StoredPath | null> {
    return (await this.getMany([part]))[0] ?? null
  }

  async getMany(parts: readonly string[]): Promise<(StoredPath | null)[]> {
    const infos = await this.#infos.getMany(parts)
    const result: (StoredPath | null)[] = []
    for (const info of infos) {
      result.push(info === null ? null : { ...info, registrationTime: (await this.#infos.lastUse(hashPart(info.path))) ?? 0 })
    }
    return result
  }

  hashParts(): AsyncIterable<readonly string[]> {
    return this.#infos.hashParts()
  }

  async *list(): AsyncGenerator<readonly StoredPath[]> {
    for await (const parts of this.hashParts()) {
      const infos = await this.getMany(parts)
      yield infos.filter((info) => info !== null)
    }
  }

  /** Throws `unreachable` if one was asked for since this began: something that came since may refer to it. */
  async deleteMany(parts: Iterable<string>): Promise<void> {
    const doomed = [...parts]
    for (const part of doomed) {
      const used = await this.#infos.lastUse(part)
      if (used !== null && used >= this.#begun)
        throw new StoreError("unreachable", "paths that were to be removed were asked for in the meantime")
    }
    await this.#infos.deleteMany(doomed)
  }

  putMany(): Promise<void> {
    throw new StoreError("unsupported", "nothing is written here")
  }
}
