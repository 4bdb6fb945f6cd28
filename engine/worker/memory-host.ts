// The evaluator's host over files given as data: what a tab has before it has a store.

import { NixError } from "../eval/error.ts"
import type { FileType, Host } from "../eval/host.ts"
import { canonPath } from "../eval/path.ts"

/** A file: its bytes, or where a symlink leads. */
export type MemoryFile = string | { readonly symlink: string }

/** A tree of files in memory; directories exist through their files. */
export class MemoryHost implements Host {
  readonly storeDir = "/nix/store"
  readonly cwd: string
  lines: string[] = []
  private readonly files = new Map<string, MemoryFile>()
  private readonly dirs = new Map<string, Map<string, FileType>>([
    ["/", new Map([["nix", "directory"]])],
    ["/nix", new Map([["store", "directory"]])],
    // There is a store, but nothing in it yet.
    ["/nix/store", new Map()],
  ])
  private readonly env: Readonly<Record<string, string>>

  constructor(files: ReadonlyMap<string, MemoryFile>, env: Readonly<Record<string, string>> = {}, cwd = "/") {
    this.env = env
    this.cwd = cwd
    for (const [path, file] of files) this.add(canonPath(path), file)
  }

  private add(path: string, file: MemoryFile): void {
    this.files.set(path, file)
    let child = path
    let type: FileType = typeof file === "string" ? "regular" : "symlink"
    while (child !== "/") {
      const slash = child.lastIndexOf("/")
      const dir = slash === 0 ? "/" : child.slice(0, slash)
      let entries = this.dirs.get(dir)
      const known = entries !== undefined
      if (entries === undefined) {
        entries = new Map()
        this.dirs.set(dir, entries)
      }
      entries.set(child.slice(slash + 1), type)
      if (known) break
      child = dir
      type = "directory"
    }
  }

  lstat(path: string): FileType | null {
    const file = this.files.get(path)
    if (file !== undefined) return typeof file === "string" ? "regular" : "symlink"
    return this.dirs.has(path) ? "directory" : null
  }
  readLink(path: string): string {
    const file = this.files.get(path)
    if (typeof file === "object") return file.symlink
    throw new NixError("error", `reading symbolic link '${path}': Invalid argument`, 0)
  }
  readFile(path: string): string {
    const file = this.files.get(path)
    if (typeof file !== "string") throw new NixError("error", `opening file '${path}': No such file or directory`, 0)
    return file
  }
  readDir(path: string): ReadonlyMap<string, FileType> {
    const entries = this.dirs.get(path)
    if (entries === undefined) throw new NixError("error", `opening directory '${path}': No such file or directory`, 0)
    return entries
  }
  getEnv(name: string): string {
    return this.env[name] ?? ""
  }
  now(): number {
    return Date.now() / 1000
  }
  log(line: string): void {
    this.lines.push(line)
  }
}
