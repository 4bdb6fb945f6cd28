// Directories in a folder: directories/ab/…, their canonical bytes.

import { join } from "node:path"
import type { DeletingStore } from "../castore/blob-store.ts"
import type { B3Digest } from "../castore/digest.ts"
import { checkedDirectory } from "../castore/directory.ts"
import { prepareDirectories, recursively } from "../castore/directory-batch.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import type { Directory } from "../castore/node.ts"
import { FolderFiles, type FolderUse } from "./folder-files.ts"

export class FolderDirectoryStore implements DirectoryStore, DeletingStore {
  readonly #files: FolderFiles

  /** `folder` is made when the first directory is written. */
  constructor(folder: string, use: FolderUse = {}) {
    this.#files = new FolderFiles(join(folder, "directories"), use)
  }

  async get(digest: B3Digest): Promise<Directory | null> {
    const bytes = await this.#files.read(digest)
    return bytes === null ? null : checkedDirectory(digest, bytes)
  }

  async getMany(digests: readonly B3Digest[]): Promise<(Directory | null)[]> {
    const stored = await this.#files.readMany(digests)
    return stored.map((bytes, i) => (bytes === null ? null : checkedDirectory(digests[i]!, bytes)))
  }

  getRecursive(root: B3Digest): AsyncIterable<readonly [B3Digest, Directory]> {
    return recursively((digests) => this.getMany(digests), root)
  }

  async putMany(directories: readonly Directory[]): Promise<B3Digest[]> {
    const { distinct, digests } = await prepareDirectories(directories, (wanted) => this.getMany(wanted))
    await this.#files.write(distinct)
    return digests
  }

  async deleteMany(digests: Iterable<B3Digest>): Promise<void> {
    await this.#files.delete([...digests])
    await this.#files.tidy()
  }

  list(): AsyncIterable<readonly B3Digest[]> {
    return this.#files.list()
  }
}
