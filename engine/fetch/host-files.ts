// The files that an evaluator's host sees, for fetching: in a tab, `file:` addresses and inputs of type `path` mean the workspace.

import { NixError, Pending } from "../eval/error.ts"
import { canonPath, parentPath } from "../eval/path.ts"
import type { SourceHost } from "../eval/source-import.ts"
import { bytesOfText } from "../store/byte-text.ts"
import type { LocalEntry, LocalFiles } from "./local-files.ts"

/** As many symlinks are followed in one path. */
const maxLinks = 40

export class HostFiles implements LocalFiles {
  readonly #host: () => SourceHost

  /** `host` is asked for when it is needed: it may be made with what this is a part of. */
  constructor(host: () => SourceHost) {
    this.#host = host
  }

  /** Asks until the host has its answer. */
  async #ask<T>(question: (host: SourceHost) => T): Promise<T> {
    for (;;) {
      try {
        return question(this.#host())
      } catch (e) {
        if (!(e instanceof Pending)) throw e
        await e.ready
      }
    }
  }

  async ready(path: string): Promise<void> {
    try {
      await this.#resolve(path)
    } catch (e) {
      // Whoever reads it will say so.
      if (!(e instanceof NixError)) throw e
    }
  }

  async lstat(path: string): Promise<LocalEntry | null> {
    return this.#ask((host) => {
      const type = host.lstat(path)
      return type === null ? null : { type, executable: type === "regular" && host.isExecutable?.(path) === true, mtime: 0 }
    })
  }

  async readDir(path: string): Promise<readonly string[]> {
    return this.#ask((host) => [...host.readDir(path).keys()])
  }

  async readLink(path: string): Promise<string> {
    return this.#ask((host) => host.readLink(path))
  }

  /** The path with its symlinks followed; null if something on it is not there. */
  async #resolve(path: string): Promise<string | null> {
    let done = ""
    const todo = path.split("/").reverse()
    for (let links = 0; todo.length > 0; ) {
      const name = todo.pop() as string
      if (name === "") continue
      const at = canonPath(`${done}/${name}`)
      const type = await this.#ask((host) => host.lstat(at))
      if (type === null) return null
      if (type !== "symlink") {
        done = at
        continue
      }
      if (++links > maxLinks) throw new NixError("error", `infinite symlink recursion in path '${path}'`, 0)
      const target = await this.readLink(at)
      done = target.startsWith("/") ? "" : parentPath(at)
      todo.push(...target.split("/").reverse())
    }
    return done === "" ? "/" : done
  }

  async read(path: string): Promise<AsyncIterable<Uint8Array> | null> {
    const at = await this.#resolve(path)
    if (at === null || (await this.#ask((host) => host.lstat(at))) !== "regular") return null
    const text = await this.#ask((host) => host.readFile(at))
    async function* pieces(): AsyncGenerator<Uint8Array> {
      for (let from = 0; from < text.length; from += pieceSize) yield bytesOfText(text.slice(from, from + pieceSize))
    }
    return pieces()
  }
}

const pieceSize = 1 << 18
