// The evaluator's host on Node: the real file system, environment and standard error.

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import type { FileType, Host } from "../eval/host.ts"

/** Text from the outside world (UTF-8) as a byte string. */
export function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1")
}

/** A byte-string path as Node takes it. */
export function raw(path: string): Buffer {
  return Buffer.from(path, "latin1")
}

function typeOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): FileType {
  return entry.isFile() ? "regular" : entry.isDirectory() ? "directory" : entry.isSymbolicLink() ? "symlink" : "unknown"
}

const reasons: Record<string, string> = {
  ENOENT: "No such file or directory",
  ENOTDIR: "Not a directory",
  EISDIR: "Is a directory",
  EACCES: "Permission denied",
  ELOOP: "Too many levels of symbolic links",
  EEXIST: "File exists",
  ENOTEMPTY: "Directory not empty",
  EPERM: "Operation not permitted",
  EROFS: "Read-only file system",
  ENOSPC: "No space left on device",
  EINVAL: "Invalid argument",
  ENAMETOOLONG: "File name too long",
}

/** A system error in Nix's words (C++ Nix: SysError). */
export function sysError(what: string, e: unknown): NixError {
  const code = (e as NodeJS.ErrnoException).code ?? "unknown error"
  return new NixError("error", `${what}: ${reasons[code] ?? code}`, 0)
}

export class NodeHost implements Host {
  readonly storeDir: string
  readonly cwd: string
  private readonly env: NodeJS.ProcessEnv
  private readonly types = new Map<string, FileType>()
  private readonly write: (line: string) => void

  /** Relative search path entries start at `cwd`; `write` gets finished lines (bytes) for standard error. */
  constructor(cwd: string, env: NodeJS.ProcessEnv, write: (line: string) => void) {
    this.cwd = cwd
    this.env = env
    this.storeDir = env["NIX_STORE_DIR"] ?? env["NIX_STORE"] ?? "/nix/store"
    this.write = write
  }

  /** Where on the disk a path is read: under its own name. */
  at(path: string): string {
    return path
  }

  lstat(path: string): FileType | null {
    return this.typeAt(this.at(path))
  }

  /** The type of an entry of the disk. */
  protected typeAt(path: string): FileType | null {
    // Every path that is read has its ancestors looked at; Nix remembers types for a whole evaluation too.
    let type: FileType | null | undefined = this.types.get(path)
    if (type === undefined) {
      type = this.lookAt(path)
      // What is not there may still be written, into a store folder for one.
      if (type !== null) this.types.set(path, type)
    }
    return type
  }

  private lookAt(path: string): FileType | null {
    try {
      const stat = fs.lstatSync(raw(path), { throwIfNoEntry: false })
      return stat === undefined ? null : typeOf(stat)
    } catch (e) {
      const code = (e as NodeJS.ErrnoException).code
      if (code === "ENOENT" || code === "ENOTDIR") return null
      throw sysError(`getting status of '${path}'`, e)
    }
  }

  readLink(path: string): string {
    try {
      return fs.readlinkSync(raw(this.at(path)), { encoding: "buffer" }).toString("latin1")
    } catch (e) {
      throw sysError(`reading symbolic link '${path}'`, e)
    }
  }

  readFile(path: string): string {
    try {
      return fs.readFileSync(raw(this.at(path)), "latin1")
    } catch (e) {
      throw sysError(`opening file '${path}'`, e)
    }
  }

  isExecutable(path: string): boolean {
    try {
      return (fs.lstatSync(raw(this.at(path))).mode & 0o100) !== 0
    } catch (e) {
      throw sysError(`getting status of '${path}'`, e)
    }
  }

  readDir(path: string): ReadonlyMap<string, FileType> {
    try {
      const entries = new Map<string, FileType>()
      // The type declarations do not know that `encoding: "buffer"` gives Buffer names with file types too.
      const list = fs.readdirSync(raw(this.at(path)), { withFileTypes: true, encoding: "buffer" }) as unknown as fs.Dirent<Buffer>[]
      for (const entry of list) entries.set((entry.name as unknown as Buffer).toString("latin1"), typeOf(entry))
      return entries
    } catch (e) {
      throw sysError(`opening directory '${path}'`, e)
    }
  }

  getEnv(name: string): string {
    const value = this.env[Buffer.from(name, "latin1").toString("utf8")]
    return value === undefined ? "" : Buffer.from(value, "utf8").toString("latin1")
  }

  now(): number {
    return Date.now() / 1000
  }

  log(line: string): void {
    this.write(line)
  }
}
