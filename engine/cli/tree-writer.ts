// File trees onto the disk, from the events of an archive. C++ Nix: libutil/fs-sink.cc RestoreSink,
// libstore/posix-fs-canonicalise.cc

import * as fs from "node:fs"
import type { NarEvent } from "../formats/nar/grammar.ts"
import { raw, sysError } from "./host.ts"

/** The time that everything in a store was last changed at: one second after 1970 began. */
const storeTime = 1

/** "plain": permissions as the user's umask has them. "store": read-only, and everything as old as the store says. */
export type TreeStyle = "plain" | "store"

/** The file whose contents are being written; `left` bytes are missing. */
interface OpenFile {
  readonly path: string
  readonly fd: number
  readonly executable: boolean
  left: number
}

/** Writes one tree at a path that does not exist yet: give it events with write(). */
export class TreeWriter {
  readonly #style: TreeStyle
  /** Open directories, the root first; the last element is where the next entry goes. */
  readonly #open: string[] = []
  readonly #root: string
  #file: OpenFile | undefined

  /** `root` is where the tree goes, a byte string. */
  constructor(root: string, style: TreeStyle) {
    this.#root = root
    this.#style = style
  }

  #path(name: string | undefined): string {
    return name === undefined ? this.#root : `${this.#open.at(-1)}/${name}`
  }

  /** Does what the event says. Errors are Nix errors with the system's reason. */
  write(event: NarEvent): void {
    switch (event.kind) {
      case "directory": {
        const path = this.#path(event.name)
        attempt(`creating directory '${path}'`, () => fs.mkdirSync(raw(path)))
        this.#open.push(path)
        return
      }
      case "end": {
        const path = this.#open.pop() as string // the archive is well-formed
        if (this.#style === "store")
          attempt(`changing '${path}'`, () => {
            fs.chmodSync(raw(path), 0o555)
            fs.utimesSync(raw(path), storeTime, storeTime)
          })
        return
      }
      case "symlink": {
        const path = this.#path(event.name)
        attempt(`creating symlink '${path}'`, () => {
          fs.symlinkSync(raw(event.target), raw(path))
          if (this.#style === "store") fs.lutimesSync(raw(path), storeTime, storeTime)
        })
        return
      }
      case "file": {
        const path = this.#path(event.name)
        const fd = attempt(`creating file '${path}'`, () => fs.openSync(raw(path), "wx", event.executable ? 0o777 : 0o666))
        this.#file = { path, fd, executable: event.executable, left: event.size }
        if (event.size === 0) this.#endFile()
        return
      }
      case "contents": {
        const file = this.#file as OpenFile // contents follow their file
        attempt(`writing file '${file.path}'`, () => {
          for (let at = 0; at < event.bytes.length; ) at += fs.writeSync(file.fd, event.bytes, at)
        })
        file.left -= event.bytes.length
        if (file.left === 0) this.#endFile()
      }
    }
  }

  #endFile(): void {
    const file = this.#file as OpenFile // only called while one is open
    this.#file = undefined
    attempt(`writing file '${file.path}'`, () => {
      if (this.#style === "store") {
        fs.fchmodSync(file.fd, file.executable ? 0o555 : 0o444)
        fs.futimesSync(file.fd, storeTime, storeTime)
      }
      fs.closeSync(file.fd)
    })
  }
}

/** Runs something on files; its failure becomes a Nix error. */
export function attempt<T>(what: string, run: () => T): T {
  try {
    return run()
  } catch (e) {
    throw sysError(what, e)
  }
}
