// Garbage collection: removes what no root keeps, the least recently added first if there is a budget, and contents that nothing
// refers to. Path infos go first, so that whoever is stopped in between leaves no object without its contents.
// C++ Nix: libstore/gc.cc collectGarbage

import type { DeletingStore } from "../castore/blob-store.ts"
import type { B3Digest } from "../castore/digest.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import { StoreError } from "../castore/error.ts"
import type { Node } from "../castore/node.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import type { ListingInfos, StoredPath } from "./path-info-store.ts"
import type { Roots } from "./roots.ts"
import type { Store } from "./store.ts"

export interface GarbageOptions {
  /** How many bytes of contents, live ones included, may stay; 0 by default: all that is not live goes. */
  readonly budget?: number | undefined
  /** More that is live: what an evaluation at work refers to. */
  readonly keep?: Iterable<StorePath> | undefined
  /** Only tells what would be removed. */
  readonly dryRun?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Collected {
  readonly removed: readonly StorePath[]
  /** Paths that a root keeps, and others that the budget had room for. */
  readonly live: number
  readonly kept: number
  /** Bytes of contents that stay, and of those that went with the removed paths. What belonged to no path is not counted. */
  readonly keptBytes: number
  readonly freedBytes: number
  /** Roots of paths that are not in the store. */
  readonly stale: readonly (readonly [root: string, path: StorePath])[]
}

/**
 * Collects garbage, while no import is under way. Throws `damaged` or `absent` if something live, or a root, cannot be read: it has to be
 * repaired or given up before; `unsupported` if the stores cannot remove; `cancelled`, before anything was removed.
 */
export function collectGarbage(store: Store, roots: Roots, options: GarbageOptions = {}): Promise<Collected> {
  const blobs = deleting(store.stores.blobs)
  const directories = deleting(store.stores.directories)
  return store.lock.exclusive(async () => {
    const { infos, damaged } = await readInfos(store)
    const { live, trees, stale } = await findLive(store, infos, damaged, roots, options)
    const marks = new Marks(store.stores.directories, options.signal)
    await marks.add([...[...live].map((path) => infos.get(path)!.node), ...trees])
    const kept = await keepMore(infos, live, marks, options)
    const removed = [...infos.keys()].filter((path) => !live.has(path) && !kept.has(path))
    const freed = new Marks(store.stores.directories, options.signal, marks)
    for (const path of removed) await freed.tryAdd(infos.get(path)!.node)
    throwIfCancelled(options.signal)
    if (options.dryRun !== true) {
      await store.stores.infos.deleteMany([...removed.map(hashPart), ...damaged])
      await sweep(directories, marks.directories)
      await sweep(blobs, marks.blobs)
    }
    return { removed, live: live.size, kept: kept.size, keptBytes: marks.bytes, freedBytes: freed.bytes, stale }
  })
}

function deleting<T extends object>(store: T): T & DeletingStore {
  if ("deleteMany" in store && "list" in store) return store as T & DeletingStore // just looked
  throw new StoreError("unsupported", "nothing can be removed from this store")
}

/** All infos, and the hash parts of those that cannot be read. */
async function readInfos(store: Store): Promise<{ infos: Map<StorePath, StoredPath>; damaged: string[] }> {
  const infos = new Map<StorePath, StoredPath>()
  const damaged: string[] = []
  const source = store.stores.infos
  if (!("hashParts" in source)) {
    for await (const batch of source.list()) for (const info of batch) infos.set(info.path, info)
    return { infos, damaged }
  }
  const read = async (parts: readonly string[]): Promise<void> => {
    try {
      for (const info of await source.getMany(parts)) if (info !== null) infos.set(info.path, info)
    } catch (error) {
      if (!(error instanceof StoreError && error.code === "damaged")) throw error
      if (parts.length === 1) damaged.push(...parts)
      else for (const half of [parts.slice(0, parts.length >> 1), parts.slice(parts.length >> 1)]) await read(half)
    }
  }
  for await (const parts of (source as typeof source & ListingInfos).hashParts()) await read(parts)
  return { infos, damaged }
}

async function findLive(
  store: Store,
  infos: ReadonlyMap<StorePath, StoredPath>,
  damaged: readonly string[],
  roots: Roots,
  options: GarbageOptions,
): Promise<{ live: Set<StorePath>; trees: Node[]; stale: (readonly [string, StorePath])[] }> {
  const broken = new Set(damaged)
  const live = new Set<StorePath>()
  const trees: Node[] = []
  const stale: (readonly [string, StorePath])[] = []
  const work: StorePath[] = [...(options.keep ?? [])]
  for (const [name, root] of await roots.list()) {
    trees.push(...root.trees)
    work.push(...root.paths)
    for (const path of root.paths) if (!infos.has(path) && !broken.has(hashPart(path))) stale.push([name, path])
  }
  for (let path = work.pop(); path !== undefined; path = work.pop()) {
    if (live.has(path)) continue
    if (broken.has(hashPart(path)))
      throw new StoreError("damaged", `what is known of '${store.print(path)}', which is in use, is damaged: repair it first`)
    const info = infos.get(path)
    if (info === undefined) continue
    live.add(path)
    work.push(...info.references)
  }
  return { live, trees, stale }
}

/** Keeps what was added last, with all it refers to, as far as the budget goes. */
async function keepMore(
  infos: ReadonlyMap<StorePath, StoredPath>,
  live: ReadonlySet<StorePath>,
  marks: Marks,
  { budget = 0 }: GarbageOptions,
): Promise<Set<StorePath>> {
  const kept = new Set<StorePath>()
  if (budget <= marks.bytes) return kept
  const candidates = [...infos.values()].filter(({ path }) => !live.has(path)).sort((a, b) => b.registrationTime - a.registrationTime)
  for (const { path } of candidates) {
    if (kept.has(path)) continue
    const group = missingClosure(infos, path, (other) => live.has(other) || kept.has(other))
    if (group === null) continue
    const nodes = group.map((member) => infos.get(member)!.node)
    if (!(await marks.addWithin(nodes, budget))) continue
    for (const member of group) kept.add(member)
  }
  return kept
}

/** The path and what it refers to, without what `isKept` and what is behind that; null if something is not in the store. */
function missingClosure(
  infos: ReadonlyMap<StorePath, StoredPath>,
  root: StorePath,
  isKept: (path: StorePath) => boolean,
): StorePath[] | null {
  const group = new Set<StorePath>([root])
  for (const path of group) {
    const info = infos.get(path)
    if (info === undefined) return null
    for (const reference of info.references) if (!isKept(reference)) group.add(reference)
  }
  return [...group]
}

/** Directories asked for at once. */
const BATCH = 256

/** The contents and directories that some trees need. */
class Marks {
  readonly directories = new Set<B3Digest>()
  readonly blobs = new Set<B3Digest>()
  bytes = 0
  readonly #store: DirectoryStore
  readonly #signal: AbortSignal | undefined
  readonly #before: Marks | undefined

  /** Counts only what is not in `before`. */
  constructor(store: DirectoryStore, signal: AbortSignal | undefined, before?: Marks) {
    this.#store = store
    this.#signal = signal
    this.#before = before
  }

  /** Adds trees. Throws `absent` and `damaged` if a directory of theirs cannot be read. */
  async add(nodes: readonly Node[]): Promise<void> {
    await this.#walk(nodes, Number.POSITIVE_INFINITY)
  }

  /** Adds a tree as far as it can be read. */
  async tryAdd(node: Node): Promise<void> {
    try {
      await this.add([node])
    } catch (error) {
      if (!(error instanceof StoreError && (error.code === "absent" || error.code === "damaged"))) throw error
    }
  }

  /** Adds trees if they can be read and there are at most `budget` bytes with them; says whether it did. */
  async addWithin(nodes: readonly Node[], budget: number): Promise<boolean> {
    const trial = new Marks(this.#store, this.#signal, this)
    try {
      if (!(await trial.#walk(nodes, budget - this.bytes))) return false
    } catch (error) {
      if (error instanceof StoreError && (error.code === "absent" || error.code === "damaged")) return false
      throw error
    }
    for (const digest of trial.directories) this.directories.add(digest)
    for (const digest of trial.blobs) this.blobs.add(digest)
    this.bytes += trial.bytes
    return true
  }

  async #walk(nodes: readonly Node[], most: number): Promise<boolean> {
    let wanted: B3Digest[] = []
    const look = (node: Node): void => {
      if (node.kind === "symlink") return
      if (node.kind === "directory") {
        if (this.directories.has(node.digest) || this.#before?.directories.has(node.digest) === true) return
        this.directories.add(node.digest)
        wanted.push(node.digest)
      } else if (!this.blobs.has(node.digest) && this.#before?.blobs.has(node.digest) !== true) {
        this.blobs.add(node.digest)
        this.bytes += node.size
      }
    }
    for (const node of nodes) look(node)
    while (wanted.length > 0 && this.bytes <= most) {
      throwIfCancelled(this.#signal)
      const batch = wanted.slice(0, BATCH)
      wanted = wanted.slice(BATCH)
      const found = await this.#store.getMany(batch)
      for (const [i, digest] of batch.entries()) {
        const directory = found[i]
        if (directory == null) throw new StoreError("absent", `the directory ${digest} is absent`)
        for (const child of directory.values()) look(child)
      }
    }
    return this.bytes <= most
  }
}

async function sweep(store: DeletingStore, marked: ReadonlySet<B3Digest>): Promise<void> {
  const doomed: B3Digest[] = []
  for await (const digests of store.list()) for (const digest of digests) if (!marked.has(digest)) doomed.push(digest)
  await store.deleteMany(doomed)
}
