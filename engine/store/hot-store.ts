// What of a store is at hand: the evaluator needs answers at once, the stores give theirs later. Shared by the runs of a session:
// decoded directories, texts of files, path infos, hashes of archives, and what waits to be written.

import type { B3Digest } from "../castore/digest.ts"
import { StoreError } from "../castore/error.ts"
import type { Directory, FileNode, Node } from "../castore/node.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { textOfBytes } from "./byte-text.ts"
import { HotCache } from "./hot-cache.ts"
import type { StoredPath } from "./path-info-store.ts"
import { LocalLock, type StoreLock } from "./store-lock.ts"
import type { Stores } from "./stores.ts"
import type { NarDigest } from "./text-object.ts"
import { WriteQueue } from "./write-queue.ts"

export interface HotStoreOptions {
  readonly storeDir: string
  /** Seconds since 1970. */
  readonly now: () => number
  /** Imports share it, garbage collection has it alone. */
  readonly lock?: StoreLock
  /** Bytes of directories, and of texts, that are kept. */
  readonly directoryBytes?: number
  readonly textBytes?: number
  /** Bytes that may wait to be written before evaluation has to wait for them. */
  readonly queueBytes?: number
}

/** Files up to this size are read in batches, in bytes. */
const SMALL = 2 ** 20
/** Infos kept. */
const INFOS = 100_000

export class HotStore {
  readonly stores: Stores
  readonly storeDir: string
  readonly queue: WriteQueue
  readonly now: () => number
  readonly #directories: HotCache<B3Digest, Directory>
  readonly #texts: HotCache<B3Digest, string>
  readonly #infos = new HotCache<StorePath, StoredPath>(INFOS)
  readonly #nars = new HotCache<string, NarDigest>(INFOS)

  constructor(stores: Stores, options: HotStoreOptions) {
    this.stores = stores
    this.storeDir = options.storeDir
    this.now = options.now
    this.queue = new WriteQueue(stores, {
      storeDir: options.storeDir,
      now: options.now,
      bound: options.queueBytes ?? 24 * 2 ** 20,
      lock: options.lock ?? new LocalLock(),
      written: (infos) => {
        for (const info of infos) this.noteInfo(info)
      },
    })
    this.#directories = new HotCache(options.directoryBytes ?? 64 * 2 ** 20)
    this.#texts = new HotCache(options.textBytes ?? 96 * 2 ** 20)
  }

  /** A directory, if it is at hand. */
  directory(digest: B3Digest): Directory | undefined {
    return this.#directories.get(digest) ?? this.queue.directory(digest)
  }

  /** The contents of a file as a byte string, if they are at hand. */
  text(node: FileNode): string | undefined {
    if (node.size === 0) return ""
    const text = this.#texts.get(node.digest)
    if (text !== undefined) return text
    const bytes = this.queue.blob(node.digest)
    return bytes === undefined ? undefined : textOfBytes(bytes)
  }

  hasDirectory(digest: B3Digest): boolean {
    return this.#directories.has(digest)
  }

  hasText(digest: B3Digest): boolean {
    return this.#texts.has(digest)
  }

  /** What is known of a store path, if it is at hand. */
  info(path: StorePath): StoredPath | undefined {
    return this.#infos.get(path) ?? this.queue.info(path)
  }

  noteInfo(info: StoredPath): void {
    this.#infos.set(info.path, info, 1)
    this.noteNar(info.node, info)
  }

  /** The hash of a node's archive, if it was computed before. */
  nar(node: Node): NarDigest | undefined {
    return this.#nars.get(nodeKey(node))
  }

  noteNar(node: Node, { narHash, narSize }: NarDigest): void {
    this.#nars.set(nodeKey(node), { narHash, narSize }, 1)
  }

  /**
   * Reads directories that are not at hand; `wanted` is the first of them. Throws StoreError `absent` if that one is, `damaged` if
   * one is.
   */
  async readDirectories(wanted: B3Digest, others: readonly B3Digest[], pin: boolean): Promise<void> {
    const digests = [...others, wanted]
    let found: readonly (Directory | null)[]
    try {
      found = await this.stores.directories.getMany(digests)
    } catch (e) {
      // Another one may be the damaged one.
      if (others.length === 0 || !isDamaged(e)) throw e
      return this.readDirectories(wanted, [], pin)
    }
    for (let i = 0; i < digests.length; i++) {
      const directory = found[i]
      if (directory == null) continue
      this.#directories.set(digests[i] as B3Digest, directory, 200 + 150 * directory.size)
    }
    const directory = found.at(-1)
    if (directory == null) throw new StoreError("absent", `the directory ${wanted} is absent`)
    if (pin) this.#directories.pin(wanted, directory)
  }

  /** The same for the contents of files, whose sizes are known; the others have to be small. */
  async readTexts(wanted: FileNode, others: readonly FileNode[], pin: boolean): Promise<void> {
    const files = wanted.size <= SMALL ? [...others, wanted] : others
    let found: readonly (Uint8Array | null)[]
    try {
      found = await this.stores.blobs.getMany(files.map(({ digest }) => digest))
    } catch (e) {
      if (others.length === 0 || !isDamaged(e)) throw e
      return this.readTexts(wanted, [], pin)
    }
    for (let i = 0; i < files.length; i++) {
      const bytes = found[i]
      if (bytes == null) continue
      this.#texts.set((files[i] as FileNode).digest, textOfBytes(bytes), bytes.length + 100)
    }
    if (wanted.size > SMALL) this.#texts.set(wanted.digest, await this.#readLarge(wanted), wanted.size + 100)
    const text = this.#texts.get(wanted.digest)
    if (text === undefined) throw new StoreError("absent", `the contents of a file, the blob ${wanted.digest}, are absent`)
    if (pin) this.#texts.pin(wanted.digest, text)
  }

  async #readLarge(file: FileNode): Promise<string> {
    const reader = await this.stores.blobs.open(file.digest)
    if (reader === null) throw new StoreError("absent", `the contents of a file, the blob ${file.digest}, are absent`)
    const parts: string[] = []
    for await (const bytes of reader.stream()) parts.push(textOfBytes(bytes))
    return parts.join("")
  }

  /** Reads infos; absent ones are left out. */
  async readInfos(paths: readonly StorePath[]): Promise<StoredPath[]> {
    const found = await this.stores.infos.getMany(paths.map(hashPart))
    const infos: StoredPath[] = []
    for (let i = 0; i < paths.length; i++) {
      const info = found[i]
      // The same hash with another name is another path, which is not there.
      if (info == null || info.path !== paths[i]) continue
      this.noteInfo(info)
      infos.push(info)
    }
    return infos
  }

  /** Forgets infos of paths that were removed from the store. */
  forget(paths: Iterable<StorePath>): void {
    for (const path of paths) this.#infos.delete(path)
  }

  /** Lets go of what a run needed twice. */
  unpin(): void {
    this.#directories.unpin()
    this.#texts.unpin()
  }

  /** Forgets all that was read; what waits to be written stays. */
  clear(): void {
    this.#directories.clear()
    this.#texts.clear()
    this.#infos.clear()
  }
}

function isDamaged(e: unknown): boolean {
  return e instanceof StoreError && e.code === "damaged"
}

/** A text that is different for different nodes. */
function nodeKey(node: Node): string {
  if (node.kind === "symlink") return `symlink ${node.target}`
  return node.kind === "file" && node.executable ? `program ${node.digest}` : `${node.kind} ${node.digest}`
}
