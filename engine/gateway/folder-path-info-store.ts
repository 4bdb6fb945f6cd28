// Path infos in a folder, one file each: FOLDER/xx/HASHPART with the bytes of path-info-record.ts, xx the first two characters.
// Whoever reads (another process, too) sees an old one or a new one, never a part.

import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { inParallel } from "../castore/rpc-companion.ts"
import { hashPart } from "../formats/store-path/store-path.ts"
import { checkStoredPath } from "../store/path-info-check.ts"
import { pathInfoFromRecord, pathInfoToRecord } from "../store/path-info-record.ts"
import type { ListingInfos, PathInfoStore, StoredPath } from "../store/path-info-store.ts"
import { freshName, syncFolder, writeDurably } from "./durable-file.ts"
import { asStoreError, isAbsent } from "./folder-fault.ts"
import { type FolderUse, UseNotes } from "./folder-files.ts"

/** Files open at once. */
const width = 16

const goodHashPart = /^[0-9a-df-np-sv-z]{32}$/

export class FolderPathInfoStore implements PathInfoStore, ListingInfos {
  readonly #folder: string
  readonly #notes: UseNotes | undefined

  /** The folder is made when something is written. */
  constructor(folder: string, use: Pick<FolderUse, "noted"> = {}) {
    this.#folder = folder
    this.#notes = use.noted === true ? new UseNotes() : undefined
  }

  #file(part: string): string {
    return join(this.#folder, part.slice(0, 2), part)
  }

  async get(part: string): Promise<StoredPath | null> {
    if (!goodHashPart.test(part)) return null
    const file = this.#file(part)
    let bytes: Uint8Array
    try {
      await this.#notes?.note(file)
      bytes = await readFile(file)
    } catch (error) {
      if (isAbsent(error)) return null
      throw asStoreError(error, `reading ${file}`)
    }
    return pathInfoFromRecord(part, bytes)
  }

  /** When an info was last written or, where uses are noted, asked for, in milliseconds since 1970; null if it is absent. */
  async lastUse(part: string): Promise<number | null> {
    try {
      return (await stat(this.#file(part))).mtimeMs
    } catch (error) {
      if (isAbsent(error)) return null
      throw asStoreError(error, `looking at ${this.#file(part)}`)
    }
  }

  getMany(parts: readonly string[]): Promise<(StoredPath | null)[]> {
    return inParallel(parts, width, (part) => this.get(part))
  }

  async putMany(infos: readonly StoredPath[]): Promise<void> {
    for (const info of infos) checkStoredPath(info)
    const written = new Map<string, string>()
    try {
      // All are written before the first is renamed: what can fail has then succeeded for all of them.
      await inParallel(infos, width, async (info) => {
        const file = this.#file(hashPart(info.path))
        const fresh = freshName(file)
        written.set(fresh, file)
        await mkdir(dirname(file), { recursive: true })
        await writeDurably(fresh, pathInfoToRecord(info))
      })
      for (const [fresh, file] of written) await rename(fresh, file)
      await inParallel([...new Set([...written.values()].map((file) => dirname(file)))], width, syncFolder)
    } catch (error) {
      await inParallel([...written.keys()], width, (fresh) => rm(fresh, { force: true }))
      throw asStoreError(error, `writing path infos to ${this.#folder}`)
    }
  }

  async *list(): AsyncGenerator<readonly StoredPath[]> {
    for await (const parts of this.hashParts()) {
      const infos = await this.getMany(parts)
      const here = infos.filter((info) => info !== null)
      if (here.length > 0) yield here
    }
  }

  async *hashParts(): AsyncGenerator<readonly string[]> {
    for (const folder of await namesIn(this.#folder)) {
      if (folder.length !== 2) continue
      const parts = (await namesIn(join(this.#folder, folder))).filter((name) => goodHashPart.test(name))
      if (parts.length > 0) yield parts
    }
  }

  async deleteMany(parts: Iterable<string>): Promise<void> {
    const good = [...parts].filter((part) => goodHashPart.test(part))
    try {
      await inParallel(good, width, (part) => rm(this.#file(part), { force: true }))
    } catch (error) {
      throw asStoreError(error, `removing path infos from ${this.#folder}`)
    }
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (isAbsent(error)) return []
    throw asStoreError(error, `reading ${folder}`)
  }
}
