// Files of one kind (blobs, chunks, directories) in a folder, each named by its digest:
//
//   KIND/ab/ab34…   the bytes of the item; "ab" are the first two digits, so that no folder gets too long
//   KIND/tmp/…      what is being written; renamed when it is on the disk
//
// Whoever finds a file finds all of it. Another process may use the same folder.

import { randomUUID } from "node:crypto"
import { access, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { type B3Digest, digestFromHex } from "../castore/digest.ts"
import { Slots } from "../store/slots.ts"
import { syncFolder } from "./durable-file.ts"
import { asStoreError, isAbsent } from "./folder-fault.ts"

/** How many files are open at once. */
const atOnce = 16

/** How many batches are written at once: one less than Node has threads for files, so that those who read are not kept waiting. */
const writersAtOnce = 3

interface FileItem {
  readonly digest: B3Digest
  readonly bytes: Uint8Array
}

export class FolderFiles {
  readonly #folder: string
  readonly #shards = new Set<string>()
  readonly #writers = new Slots(writersAtOnce)

  /** `folder` is made when the first file is written. */
  constructor(folder: string) {
    this.#folder = folder
  }

  #pathOf(digest: B3Digest): string {
    return join(this.#folder, digest.slice(0, 2), digest)
  }

  /** The bytes of an item, not checked; null if it is absent. */
  async read(digest: B3Digest): Promise<Uint8Array | null> {
    const path = this.#pathOf(digest)
    try {
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
    if (items.length > 0) await this.#writers.use(() => this.#write(items))
  }

  async #write(items: readonly FileItem[]): Promise<void> {
    const distinct = [...new Map(items.map((item) => [item.digest, item])).values()]
    const temporaries = new Map<string, B3Digest>()
    try {
      await this.#ensure(["tmp"])
      await inTurns(distinct, async ({ digest, bytes }) => {
        const stored = await this.read(digest)
        if (stored !== null && Buffer.compare(stored, bytes) === 0) return
        const temporary = join(this.#folder, "tmp", `${process.pid}-${randomUUID()}`)
        temporaries.set(temporary, digest)
        await this.#writeFile(temporary, bytes)
      })
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

  async #writeFile(path: string, bytes: Uint8Array): Promise<void> {
    const file = await open(path, "wx")
    try {
      await file.writeFile(bytes)
      await file.datasync()
    } finally {
      await file.close()
    }
  }

  async #ensure(folders: Iterable<string>): Promise<void> {
    const unknown = [...folders].filter((folder) => !this.#shards.has(folder))
    if (unknown.length === 0) return
    const made = await inTurns(unknown, (folder) => mkdir(join(this.#folder, folder), { recursive: true }))
    if (made.some((path) => path !== undefined)) await syncFolder(this.#folder)
    for (const folder of unknown) this.#shards.add(folder)
  }

  /** Removes items; what is absent is no error. */
  async delete(digests: readonly B3Digest[]): Promise<void> {
    try {
      await inTurns(digests, (digest) => rm(this.#pathOf(digest), { force: true }))
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
