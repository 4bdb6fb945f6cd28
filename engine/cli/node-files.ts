// The files of this machine for fetching: `file:` addresses and inputs of type `path`.

import * as fs from "node:fs"
import type { LocalEntry, LocalFiles } from "../fetch/local-files.ts"
import { type NodeHost, raw, sysError } from "./host.ts"

export class NodeFiles implements LocalFiles {
  readonly #host: NodeHost
  /** Where a path is read. */
  readonly #at: (path: string) => string

  /** `host` sees the files by their own paths. */
  constructor(host: NodeHost, at: (path: string) => string = (path) => path) {
    this.#host = host
    this.#at = at
  }

  async lstat(path: string): Promise<LocalEntry | null> {
    const at = this.#at(path)
    const type = this.#host.lstat(at)
    if (type === null) return null
    const stat = fs.lstatSync(raw(at))
    return { type, executable: (stat.mode & 0o100) !== 0, mtime: Math.floor(stat.mtimeMs / 1000) }
  }

  async readDir(path: string): Promise<readonly string[]> {
    return [...this.#host.readDir(this.#at(path)).keys()]
  }

  async readLink(path: string): Promise<string> {
    return this.#host.readLink(this.#at(path))
  }

  async read(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    const at = raw(this.#at(path))
    try {
      const stat = fs.statSync(at)
      if (stat.isDirectory()) return null
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return null
      throw sysError(`opening file '${path}'`, e)
    }
    return fs.createReadStream(at)
  }
}
