// The worker of the storage's page: imports trees and says what of them can be read.
import { expose } from "comlink"
import { get, set } from "idb-keyval"
import { b3 } from "../../engine/castore/digest.ts"
import { StoreError } from "../../engine/castore/error.ts"
import type { Node } from "../../engine/castore/node.ts"
import { openStorage, type Storage } from "../../engine/castore/storage.ts"
import { TreeIngest } from "../../engine/castore/tree-ingest.ts"
import { initHashes } from "../../engine/formats/hash/digest.ts"

/** What was found of a tree. */
export interface Findings {
  /** Whether its import was finished. */
  readonly committed: boolean
  readonly right: number
  readonly wrong: number
  readonly damaged: number
  readonly absent: number
}

export class StorageWorker {
  #opening: Promise<Storage> | undefined

  #storage(): Promise<Storage> {
    this.#opening ??= initHashes().then(() => openStorage({ name: "storage-page" }))
    return this.#opening
  }

  async describe(): Promise<{ isDurable: boolean; notice: string | null }> {
    const { isDurable, notice } = await this.#storage()
    return { isDurable, notice }
  }

  /** Imports the tree of a number; the code of the fault, "done" without one. */
  async importTree(seed: number, largest: number): Promise<string> {
    const storage = await this.#storage()
    const { blobs, directories, database } = storage
    try {
      return await storage.lock.shared(async () => {
        const ingest = new TreeIngest(blobs, directories)
        // Folder by folder, so that there are many transactions between which it can end.
        const files = treeOf(seed, largest)
        for (const folder of ["folder-0", "folder-1", "folder-2", "folder-3"]) {
          const part = new TreeIngest(blobs, directories)
          for (const [path, bytes] of files) {
            if (path.startsWith(`${folder}/`)) await part.file(path.slice(folder.length + 1), false, bytes)
          }
          ingest.tree(folder, await part.finish())
        }
        const root = await ingest.finish()
        if (database !== null) await set(`tree-${seed}`, root, database.use("roots"))
        await storage.importCommitted()
        return "done"
      })
    } catch (problem) {
      if (problem instanceof StoreError) return `${problem.code}: ${problem.message}`
      throw problem
    }
  }

  /** Reads all blobs that the tree of a number has, and its directories if it was finished. */
  async verify(seed: number, largest: number): Promise<Findings> {
    const { blobs, directories, database } = await this.#storage()
    const found = { right: 0, wrong: 0, damaged: 0, absent: 0 }
    const files = treeOf(seed, largest).map(([, bytes]) => ({ digest: b3(bytes), bytes }))
    const missing = await blobs.missing(files.map(({ digest }) => digest))
    for (const { digest, bytes } of files) {
      if (missing.has(digest)) {
        found.absent++
        continue
      }
      await tally(found, async () => {
        const reader = await blobs.open(digest)
        if (reader === null) return null
        const read = await reader.read(0, reader.size)
        return sameBytes(read, bytes)
      })
    }
    const root = database === null ? undefined : await get<Node>(`tree-${seed}`, database.use("roots"))
    if (root?.kind === "directory") {
      await tally(found, async () => {
        let count = 0
        for await (const _ of directories.getRecursive(root.digest)) count++
        return count === 0 ? null : count === 5
      })
    }
    return { committed: root !== undefined, ...found }
  }

  async tidy(): Promise<void> {
    await (await this.#storage()).tidy()
  }
}

async function tally(found: { right: number; wrong: number; damaged: number; absent: number }, read: () => Promise<boolean | null>) {
  try {
    const right = await read()
    if (right === null) found.absent++
    else if (right) found.right++
    else found.wrong++
  } catch (problem) {
    if (!(problem instanceof StoreError) || (problem.code !== "damaged" && problem.code !== "absent")) throw problem
    found[problem.code]++
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Forty small files in four folders, one that is divided, and one of `largest` bytes; other bytes for each number. */
function treeOf(seed: number, largest: number): [path: string, bytes: Uint8Array][] {
  const files: [string, Uint8Array][] = []
  for (let i = 0; i < 40; i++) files.push([`folder-${i % 4}/file-${i}`, noise(1 + ((i * 397) % 6000), seed * 100 + i)])
  files.push(["folder-0/divided", noise(300_000, seed * 100 + 50)])
  files.push(["folder-1/largest", noise(largest, seed * 100 + 51)])
  return files
}

function noise(size: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4))
  let state = Math.imul(seed, 2654435761) | 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return new Uint8Array(words.buffer, 0, size)
}

expose(new StorageWorker())
postMessage("ready")
