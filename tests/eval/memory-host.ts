// A host in memory for tests: files, symlinks, environment and log lines. Texts are byte strings.
import { NixError } from "../../engine/eval/error.ts"
import type { FileType, Host, ImportRequest } from "../../engine/eval/host.ts"

/** A symlink to a target. */
export interface Link {
  readonly link: string
}

/** The bytes of a text as a byte string. */
export function bytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1")
}

/** A host whose files are given by absolute path; directories are there where files are below them. */
export class MemoryHost implements Host {
  readonly storeDir = "/nix/store"
  readonly cwd = "/pwd"
  readonly lines: string[] = []
  readonly env: Record<string, string>
  /** What was asked to be put into the store. */
  readonly added: ImportRequest[] = []
  addToStore?: (request: ImportRequest) => string
  private readonly files: Map<string, string | Link>

  constructor(files: Readonly<Record<string, string | Link>> = {}, env: Readonly<Record<string, string>> = {}) {
    this.files = new Map(Object.entries(files))
    this.env = env
  }

  lstat(path: string): FileType | null {
    const file = this.files.get(path)
    if (file !== undefined) return typeof file === "string" ? "regular" : "symlink"
    const dir = path === "/" ? "/" : `${path}/`
    if (dir === "/") return "directory"
    for (const name of this.files.keys()) if (name.startsWith(dir)) return "directory"
    return null
  }

  readLink(path: string): string {
    return (this.files.get(path) as Link).link
  }

  readFile(path: string): string {
    const file = this.files.get(path)
    if (typeof file !== "string") throw new NixError("error", `path '${path}' does not exist`, 0)
    return file
  }

  readDir(path: string): ReadonlyMap<string, FileType> {
    const dir = path === "/" ? "/" : `${path}/`
    const entries = new Map<string, FileType>()
    for (const name of this.files.keys()) {
      if (!name.startsWith(dir)) continue
      const entry = name.slice(dir.length).split("/")[0] as string
      entries.set(entry, this.lstat(dir + entry) as FileType)
    }
    return entries
  }

  getEnv(name: string): string {
    return this.env[name] ?? ""
  }

  now(): number {
    return 1_700_000_000
  }

  log(line: string): void {
    this.lines.push(line)
  }
}
