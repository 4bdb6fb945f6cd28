// The inputs of builds as files: each tree is written once and shared by all builds, which see it read-only. What no gateway has
// used for some time is removed when one starts. (A tree's own times are those of a store, so its use is noted beside it.)

import { randomUUID } from "node:crypto"
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type B3Digest, b3 } from "../../castore/digest.ts"
import { entryToBytes } from "../../castore/directory.ts"
import type { Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { removeTree } from "./remove-tree.ts"
import { writeTree } from "./tree-writer.ts"

/** Milliseconds after which a tree that was not used is removed. */
const unusedFor = 14 * 24 * 3_600_000

export class InputCache {
  readonly #stores: TreeStores
  readonly folder: string
  readonly #writing = new Map<B3Digest, Promise<string>>()

  constructor(stores: TreeStores, folder: string) {
    this.#stores = stores
    this.folder = folder
  }

  /** Makes the folder; removes what was being written when a gateway died, and what was not used for long. No build may run. */
  async open(now = Date.now(), keepFor = unusedFor): Promise<void> {
    this.#writing.clear()
    await mkdir(join(this.folder, "used"), { recursive: true })
    for (const name of await readdir(this.folder)) {
      if (name === "used") continue
      const use = await stat(join(this.folder, "used", name)).catch(() => null)
      if (use !== null && now - use.mtimeMs < keepFor) continue
      await removeTree(join(this.folder, name))
      await rm(join(this.folder, "used", name), { force: true })
    }
  }

  /** The path of a tree's files. Throws StoreError `absent`, `damaged`, and what the system does. */
  path(node: Node): Promise<string> {
    const key = b3(entryToBytes(node))
    let path = this.#writing.get(key)
    if (path === undefined) {
      path = this.#write(key, node)
      this.#writing.set(key, path)
      // What failed may be tried again.
      path.catch(() => this.#writing.delete(key))
    }
    return path
  }

  async #write(key: B3Digest, node: Node): Promise<string> {
    const path = join(this.folder, key)
    await writeFile(join(this.folder, "used", key), "")
    if (
      await stat(path).then(
        () => true,
        () => false,
      )
    )
      return path
    const fresh = `${path}.${randomUUID()}`
    try {
      await writeTree(this.#stores, node, fresh)
      await rename(fresh, path)
    } catch (error) {
      await rm(fresh, { recursive: true, force: true })
      throw error
    }
    return path
  }
}
