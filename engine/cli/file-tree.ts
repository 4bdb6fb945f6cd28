// Files on the disk as they go into archives and hashes.

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import { walkSource } from "../eval/source-import.ts"
import type { NarHandler } from "../formats/nar/grammar.ts"
import { NarWriter } from "../formats/nar/writer.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import { attempt } from "./tree-writer.ts"

/** Walks through the file or folder at an absolute path; the path itself is not followed if it is a symlink. */
export function walkFiles(session: Session, path: string, handle: NarHandler): void {
  if (session.files.lstat(path) === null) throw new NixError("error", `path '${path}' does not exist`, 0)
  walkSource(session.files, path, undefined, handle)
}

/** Writes the archive of the file or folder to `sink`, which copies what it keeps. */
export function dumpFiles(session: Session, path: string, sink: (chunk: Uint8Array) => void): void {
  const writer = new NarWriter(sink)
  walkFiles(session, path, (event) => writer.write(event))
  writer.finish()
}

/** The bytes of a file in pieces. Symlinks are followed; pipes can be read too. */
export function readFilePieces(path: string, sink: (chunk: Uint8Array) => void): void {
  attempt(`opening file '${path}'`, () => {
    const fd = fs.openSync(raw(path), "r")
    const buffer = Buffer.allocUnsafe(1 << 16)
    try {
      for (let size = fs.readSync(fd, buffer); size > 0; size = fs.readSync(fd, buffer)) sink(buffer.subarray(0, size))
    } finally {
      fs.closeSync(fd)
    }
  })
}
