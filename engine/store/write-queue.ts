// What evaluation has put into the store and what is not written yet. Evaluation cannot wait, so a path is computed at once, its
// object can be read at once, and it is written in batches later: contents first, then directories, then what makes them known
// (path infos), so that whoever is stopped in between leaves nothing behind that could be read wrongly.

import { type B3Digest, b3 } from "../castore/digest.ts"
import { directoryNode } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import type { Directory, DirectoryNode, FileNode } from "../castore/node.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { bytesOfText } from "./byte-text.ts"
import type { StoredPath } from "./path-info-store.ts"
import type { StoreLock } from "./store-lock.ts"
import type { Stores } from "./stores.ts"
import { type TextObject, textPathInfo } from "./text-object.ts"

/** Bytes of contents that go into one batch. */
const BATCH = 4 * 2 ** 20

/** What waits to be written. */
interface Waiting {
  readonly texts: Map<StorePath, TextObject>
  readonly blobs: Map<B3Digest, Uint8Array>
  /** Children before parents. */
  readonly directories: Map<B3Digest, Directory>
  readonly infos: Map<StorePath, StoredPath>
  bytes: number
}

function nothing(): Waiting {
  return { texts: new Map(), blobs: new Map(), directories: new Map(), infos: new Map(), bytes: 0 }
}

export interface QueueOptions {
  readonly storeDir: string
  readonly now: () => number
  readonly bound: number
  /** Held while writing. */
  readonly lock: StoreLock
  readonly written: (infos: readonly StoredPath[]) => void
}

export class WriteQueue {
  readonly #stores: Stores
  /** Bytes that may wait before evaluation has to. */
  readonly #bound: number
  readonly #storeDir: string
  /** Seconds since 1970, for the time of registration. */
  readonly #now: () => number
  readonly #lock: StoreLock
  readonly #written: (infos: readonly StoredPath[]) => void
  #waiting = nothing()
  /** What is being written; null if nothing is. */
  #writing: Waiting | null = null
  #flushing: Promise<void> | null = null
  #fault: StoreError | null = null

  /** `written` is told what has become known to the store. */
  constructor(stores: Stores, { storeDir, now, bound, lock, written }: QueueOptions) {
    this.#stores = stores
    this.#storeDir = storeDir
    this.#now = now
    this.#bound = bound
    this.#lock = lock
    this.#written = written
  }

  /** Why the last try to write failed; what was not written is kept here and can be read. Null if it succeeded. */
  get fault(): StoreError | null {
    return this.#fault
  }

  /** Whether so much waits that evaluation should too. Not after a fault: waiting would not help. */
  get full(): boolean {
    return this.#waiting.bytes > this.#bound && this.#fault === null
  }

  /** Bytes that wait or are being written. */
  get bytes(): number {
    return this.#waiting.bytes + (this.#writing?.bytes ?? 0)
  }

  get empty(): boolean {
    const { texts, blobs, directories, infos } = this.#waiting
    return this.#writing === null && texts.size + blobs.size + directories.size + infos.size === 0
  }

  /** A text with its store path. */
  addText(path: StorePath, text: TextObject): void {
    if (this.text(path) !== undefined) return
    this.#waiting.texts.set(path, text)
    this.#waiting.bytes += text.contents.length
  }

  /** The contents of a file. */
  addFile(text: string, executable: boolean): FileNode {
    const bytes = bytesOfText(text)
    const digest = b3(bytes)
    if (this.blob(digest) === undefined) {
      this.#waiting.blobs.set(digest, bytes)
      this.#waiting.bytes += bytes.length
    }
    return { kind: "file", digest, size: bytes.length, executable }
  }

  /** A directory; the directories in it have been added before, or are in the store. Throws StoreError `invalid`. */
  addDirectory(directory: Directory): DirectoryNode {
    const node = directoryNode(directory)
    if (this.directory(node.digest) === undefined) {
      this.#waiting.directories.set(node.digest, directory)
      this.#waiting.bytes += 100 * directory.size
    }
    return node
  }

  /** An object whose contents are in the store or have been added before. */
  addInfo(info: StoredPath): void {
    if (this.info(info.path) !== undefined) return
    this.#waiting.infos.set(info.path, info)
    this.#waiting.bytes += 500
  }

  text(path: StorePath): TextObject | undefined {
    return this.#waiting.texts.get(path) ?? this.#writing?.texts.get(path)
  }

  blob(digest: B3Digest): Uint8Array | undefined {
    return this.#waiting.blobs.get(digest) ?? this.#writing?.blobs.get(digest)
  }

  directory(digest: B3Digest): Directory | undefined {
    return this.#waiting.directories.get(digest) ?? this.#writing?.directories.get(digest)
  }

  info(path: StorePath): StoredPath | undefined {
    return this.#waiting.infos.get(path) ?? this.#writing?.infos.get(path)
  }

  /** The objects that can be read here: the full infos of trees, the names of texts. */
  paths(): StorePath[] {
    const parts = [this.#waiting, this.#writing ?? nothing()]
    return [...new Set(parts.flatMap(({ texts, infos }) => [...texts.keys(), ...infos.keys()]))]
  }

  /** Writes all that was added before. Throws StoreError; then everything still waits, and may be tried again. */
  async flush(): Promise<void> {
    // What was added while another flush runs is not in it.
    while (this.#flushing !== null) await this.#flushing.catch(() => {})
    if (this.empty) return
    this.#flushing = this.#write()
    try {
      await this.#flushing
    } finally {
      this.#flushing = null
    }
  }

  async #write(): Promise<void> {
    const writing = this.#waiting
    this.#writing = writing
    this.#waiting = nothing()
    try {
      await this.#lock.shared(() => this.#writeAll(writing))
      this.#fault = null
    } catch (e) {
      if (e instanceof StoreError) this.#fault = e
      this.#putBack(writing)
      throw e
    } finally {
      this.#writing = null
    }
  }

  async #writeAll({ texts, blobs, directories, infos }: Waiting): Promise<void> {
    for (const batch of batches(blobs.values(), (bytes) => bytes.length)) await this.#stores.blobs.putMany(batch)
    if (directories.size > 0) await this.#stores.directories.putMany([...directories.values()])
    // Evaluating again makes the same texts: only those that are not there are written.
    const unknown = await this.#unknown([...texts.keys()])
    for (const batch of batches(unknown, (path) => (texts.get(path) as TextObject).contents.length)) {
      const contents = batch.map((path) => bytesOfText((texts.get(path) as TextObject).contents))
      const digests = await this.#stores.blobs.putMany(contents)
      const made = batch.map((path, i) => {
        const at = { path, digest: digests[i] as B3Digest, bytes: contents[i] as Uint8Array }
        return textPathInfo(at, (texts.get(path) as TextObject).references, this.#storeDir, this.#now())
      })
      await this.#stores.infos.putMany(made)
      this.#written(made)
    }
    const objects = await this.#unknown([...infos.keys()])
    if (objects.length === 0) return
    const made = objects.map((path) => infos.get(path) as StoredPath)
    await this.#stores.infos.putMany(made)
    this.#written(made)
  }

  /** Those of the paths that the store does not know. */
  async #unknown(paths: readonly StorePath[]): Promise<StorePath[]> {
    if (paths.length === 0) return []
    const known = await this.#stores.infos.getMany(paths.map(hashPart))
    return paths.filter((_, i) => known[i] === null)
  }

  #putBack(writing: Waiting): void {
    const newer = this.#waiting
    this.#waiting = {
      texts: new Map([...writing.texts, ...newer.texts]),
      blobs: new Map([...writing.blobs, ...newer.blobs]),
      directories: new Map([...writing.directories, ...newer.directories]),
      infos: new Map([...writing.infos, ...newer.infos]),
      bytes: writing.bytes + newer.bytes,
    }
  }
}

/** Cuts a sequence into pieces of about BATCH bytes. */
function* batches<T>(all: Iterable<T>, size: (item: T) => number): Generator<T[]> {
  let batch: T[] = []
  let bytes = 0
  for (const item of all) {
    batch.push(item)
    bytes += size(item) + 500
    if (bytes < BATCH) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
