// Files of one kind (blobs, chunks, directories) in a folder, each named by its digest:
//
//   KIND/ab/ab34…   the bytes of the item; "ab" are the first two digits, so that no folder gets too long
//   KIND/tmp/…      what is being written; renamed when it is on the disk
//
// Whoever finds a file finds all of it. Another process may use the same folder.

import { randomUUID } from "node:crypto"
import { access, type FileHandle, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises"
import { join } from "node:path"
import { type B3Digest, digestFromHex } from "../castore/digest.ts"
import { syncFolder } from "./durable-file.ts"
import { asStoreError, isAbsent } from "./folder-fault.ts"

/** How many operations on files are under way at once. */
const atOnce = 16
/** How many files that are being written are open at once. */
const filesAtOnce = 64

/** One batch has as many items and bytes, or is one call's. */
const batch = { items: 256, bytes: 8 << 20 }

/** How it is known what is in use, for whoever removes the rest (collector.ts). */
export interface FolderUse {
  /** Whether a file that is asked for gets the time of that; not each time, but often enough. */
  readonly noted?: boolean
  /** Milliseconds after its last use that an item is not removed. */
  readonly spare?: number
}

/** Milliseconds in which an item's use is noted once. */
const noteAgain = 10 * 60_000

/** Notes the use of files as their time of modification. */
export class UseNotes {
  readonly #noted = new Set<string>()
  #since = 0

  /** Throws what the system does: if the file is gone, that. */
  async note(path: string): Promise<void> {
    const now = Date.now()
    if (now - this.#since > noteAgain) {
      this.#noted.clear()
      this.#since = now
    }
    if (this.#noted.has(path)) return
    await utimes(path, now / 1000, now / 1000)
    this.#noted.add(path)
  }
}

interface FileItem {
  readonly digest: B3Digest
  readonly bytes: Uint8Array
}

/** A call of write() that waits for its turn. */
interface Writing {
  readonly items: readonly FileItem[]
  readonly resolve: () => void
  readonly reject: (problem: unknown) => void
}

export class FolderFiles {
  readonly #folder: string
  readonly #shards = new Set<string>()
  readonly #notes: UseNotes | undefined
  readonly #spare: number
  #waiting: Writing[] = []
  #isWriting = false

  /** `folder` is made when the first file is written. */
  constructor(folder: string, use: FolderUse = {}) {
    this.#folder = folder
    this.#notes = use.noted === true ? new UseNotes() : undefined
    this.#spare = use.spare ?? 0
  }

  #pathOf(digest: B3Digest): string {
    return join(this.#folder, digest.slice(0, 2), digest)
  }

  /** The bytes of an item, not checked; null if it is absent. */
  async read(digest: B3Digest): Promise<Uint8Array | null> {
    const path = this.#pathOf(digest)
    try {
      // First: whoever removes what is not in use then lets it be.
      await this.#notes?.note(path)
      return await readFile(path)
    } catch (problem) {
      if (isAbsent(problem)) return null
      throw asStoreError(problem, `'${path}'`)
    }
  }

  /** As read(), for many at once, in the order asked. */
  readMany(digests: readonly B3Digest[]): Promise<(Uint8Array | null)[]> {
    return inTurns(digests, (digest) => this.read(digest))
  }

  async has(digest: B3Digest): Promise<boolean> {
    const path = this.#pathOf(digest)
    try {
      await this.#notes?.note(path)
      await access(path)
      return true
    } catch (problem) {
      if (isAbsent(problem)) return false
      throw asStoreError(problem, `'${path}'`)
    }
  }

  /** Those of the digests that are absent. */
  async missing(digests: readonly B3Digest[]): Promise<B3Digest[]> {
    const here = await inTurns(digests, (digest) => this.has(digest))
    return digests.filter((_, i) => !here[i])
  }

  /** Writes items, all or (unless the machine stops in the middle) none; on the disk when fulfilled. A damaged one is replaced. */
  async write(items: readonly FileItem[]): Promise<void> {
    if (items.length === 0) return
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ items, resolve, reject })
      if (!this.#isWriting) void this.#writeWaiting()
    })
  }

  /** Writes all that waits; never rejects. What came while a batch was written goes to the disk together: that takes no longer. */
  async #writeWaiting(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const calls = this.#nextBatch()
      try {
        await this.#write(calls.flatMap(({ items }) => items))
        for (const { resolve } of calls) resolve()
      } catch (problem) {
        // One call's fault is not the others'.
        if (calls.length === 1) calls[0]!.reject(problem)
        else for (const { items, resolve, reject } of calls) await this.#write(items).then(resolve, reject)
      }
    }
    this.#isWriting = false
  }

  #nextBatch(): Writing[] {
    let [count, items, bytes] = [0, 0, 0]
    for (const writing of this.#waiting) {
      items += writing.items.length
      for (const item of writing.items) bytes += item.bytes.length
      if (count > 0 && (items > batch.items || bytes > batch.bytes)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  /** Each step for many files at once, so that the disk has to be waited for a few times only. */
  async #write(items: readonly FileItem[]): Promise<void> {
    const distinct = [...new Map(items.map((item) => [item.digest, item])).values()]
    const temporaries = new Map<string, B3Digest>()
    try {
      await this.#ensure(["tmp"])
      for (let from = 0; from < distinct.length; from += filesAtOnce) {
        await this.#writeFiles(distinct.slice(from, from + filesAtOnce), temporaries)
      }
      const shards = new Set<string>()
      for (const digest of temporaries.values()) shards.add(digest.slice(0, 2))
      await this.#ensure(shards)
      await inTurns([...temporaries], ([temporary, digest]) => rename(temporary, this.#pathOf(digest)))
      temporaries.clear()
      await inTurns([...shards], (shard) => syncFolder(join(this.#folder, shard)))
    } catch (problem) {
      for (const temporary of temporaries.keys()) await rm(temporary, { force: true })
      throw asStoreError(problem, `'${this.#folder}'`)
    }
  }

  /** Writes those that are absent or damaged under other names, which `temporaries` gets. */
  async #writeFiles(items: readonly FileItem[], temporaries: Map<string, B3Digest>): Promise<void> {
    const files: FileHandle[] = []
    try {
      await inTurns(items, async ({ digest, bytes }) => {
        const stored = await this.read(digest)
        if (stored !== null && Buffer.compare(stored, bytes) === 0) return
        const temporary = join(this.#folder, "tmp", `${process.pid}-${randomUUID()}`)
        temporaries.set(temporary, digest)
        const file = await open(temporary, "wx")
        files.push(file)
        await file.writeFile(bytes)
      })
      await inTurns(files, (file) => file.datasync())
    } finally {
      await inTurns(files, (file) => file.close())
    }
  }

  async #ensure(folders: Iterable<string>): Promise<void> {
    const unknown = [...folders].filter((folder) => !this.#shards.has(folder))
    if (unknown.length === 0) return
    const made = await inTurns(unknown, (folder) => mkdir(join(this.#folder, folder), { recursive: true }))
    if (made.some((path) => path !== undefined)) await syncFolder(this.#folder)
    for (const folder of unknown) this.#shards.add(folder)
  }

  /** Removes items, but none that was just in use; what is absent is no error. */
  async delete(digests: readonly B3Digest[]): Promise<void> {
    try {
      await inTurns(digests, async (digest) => {
        const path = this.#pathOf(digest)
        if (this.#spare > 0 && Date.now() - ((await stat(path).catch(() => null))?.mtimeMs ?? 0) < this.#spare) return
        await rm(path, { force: true })
      })
    } catch (problem) {
      throw asStoreError(problem, `'${this.#folder}'`)
    }
  }

  /** Removes what writers left that died. */
  async tidy(): Promise<void> {
    for (const name of await this.#names("tmp")) {
      if (!isAlive(Number.parseInt(name, 10))) await rm(join(this.#folder, "tmp", name), { force: true })
    }
  }

  /** The digests of all items, in batches. */
  async *list(): AsyncGenerator<B3Digest[]> {
    for (const shard of await this.#names("")) {
      if (!/^[0-9a-f]{2}$/.test(shard)) continue
      const names = await this.#names(shard)
      const digests = names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map(digestFromHex)
      if (digests.length > 0) yield digests
    }
  }

  async #names(folder: string): Promise<string[]> {
    const path = join(this.#folder, folder)
    try {
      return await readdir(path)
    } catch (problem) {
      if (isAbsent(problem)) return []
      throw asStoreError(problem, `'${path}'`)
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (problem) {
    // It lives, and is somebody else's.
    return problem instanceof Error && "code" in problem && problem.code === "EPERM"
  }
}

/** As Promise.all over `work`, but only `atOnce` at a time; waits for those under way before it fails. */
async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += atOnce) {
    const settled = await Promise.allSettled(items.slice(from, from + atOnce).map(work))
    for (const outcome of settled) {
      if (outcome.status === "rejected") throw outcome.reason
      results.push(outcome.value)
    }
  }
  return results
}
