// What an evaluation sees of the world: files given as data, trees of the store at paths of their own, the store itself.
// A file that is given inside a tree of the store covers what the tree has at its place.

import type { DirectoryNode, Node } from "../castore/node.ts"
import type { FileType } from "../eval/host.ts"
import { canonPath, lastName, parentPath } from "../eval/path.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"

/** A file given as data. */
export interface TextEntry {
  readonly kind: "text"
  /** A byte string. */
  readonly text: string
  readonly executable: boolean
}

/** A directory that exists because something was put below it. */
export interface OverlayEntry {
  readonly kind: "overlay"
  readonly entries: Map<string, Entry>
  /** What is under it where it has no entry of its own; undefined until somebody has looked. */
  below: DirectoryNode | StoreEntry | ObjectEntry | null | undefined
}

/** The directory of all store objects. */
export interface StoreEntry {
  readonly kind: "store"
}

/** A store object at a path of its own. */
export interface ObjectEntry {
  readonly kind: "object"
  readonly path: StorePath
}

/** What may be at a path. */
export type Entry = Node | TextEntry | OverlayEntry | StoreEntry | ObjectEntry

/** A file given as data: its bytes (a byte string), a program's bytes, or where a symlink leads. */
export type MountedFile = string | { readonly text: string; readonly executable: boolean } | { readonly symlink: string }

/** A tree of the store: its node, or the path of the object. */
export type MountedTree = Node | StorePath

/** Everything that is at a path of its own. Paths are absolute byte strings. */
export class Mounts {
  readonly root: OverlayEntry = directory(null)

  /** With nothing but an empty directory for the store. */
  constructor(storeDir: string) {
    const store = this.#directory(storeDir)
    store.below = { kind: "store" }
  }

  /** Puts a file at a path; its directories are made if they are not there. */
  file(path: string, file: MountedFile): void {
    this.#put(path, entryOf(file))
  }

  /** Puts a tree of the store at a path. What was put below that path before stays visible. */
  tree(path: string, tree: MountedTree): void {
    this.#put(path, typeof tree === "string" ? { kind: "object", path: tree } : tree)
  }

  #put(path: string, entry: Entry): void {
    const at = canonPath(path)
    if (at === "/") {
      if (entry.kind !== "directory" && entry.kind !== "object") throw new RangeError("only a directory can be the root")
      this.root.below = entry
      return
    }
    const dir = this.#directory(parentPath(at))
    const known = dir.entries.get(lastName(at))
    if (known?.kind === "overlay" && (entry.kind === "directory" || entry.kind === "object")) known.below = entry
    else dir.entries.set(lastName(at), entry)
  }

  /** The directory at a path, made (over a tree that is there) if need be. */
  #directory(path: string): OverlayEntry {
    let dir = this.root
    for (const name of path.split("/")) {
      if (name === "") continue
      const known = dir.entries.get(name)
      if (known?.kind === "overlay") {
        dir = known
        continue
      }
      const made = directory(known?.kind === "directory" || known?.kind === "object" ? known : undefined)
      dir.entries.set(name, made)
      dir = made
    }
    return dir
  }
}

function directory(below: OverlayEntry["below"]): OverlayEntry {
  return { kind: "overlay", entries: new Map(), below }
}

function entryOf(file: MountedFile): Entry {
  if (typeof file === "string") return { kind: "text", text: file, executable: false }
  if ("symlink" in file) return { kind: "symlink", target: file.symlink }
  return { kind: "text", text: file.text, executable: file.executable }
}

/** The entries of a tree's directory under those of an overlay, in ascending order. */
export function covered(over: OverlayEntry, below: ReadonlyMap<string, Entry> | null): Map<string, Entry> {
  const names = new Set<string>([...(below?.keys() ?? []), ...over.entries.keys()])
  const merged = new Map<string, Entry>()
  for (const name of [...names].sort()) {
    const entry = over.entries.get(name) ?? below?.get(name)
    if (entry !== undefined) merged.set(name, entry)
  }
  return merged
}

/** Whether an entry may have others in it. */
export function isDirectory(entry: Entry): boolean {
  return entry.kind === "directory" || entry.kind === "overlay" || entry.kind === "store"
}

/** The type that the evaluator sees. */
export function typeOf(entry: Entry): FileType {
  switch (entry.kind) {
    case "text":
    case "file":
      return "regular"
    case "symlink":
      return "symlink"
    case "object":
      throw new RangeError("a mounted object has not been looked up")
    default:
      return "directory"
  }
}

/** The path of an entry of a directory. */
export function entryPath(dir: string, name: string): string {
  return dir === "/" ? `/${name}` : `${dir}/${name}`
}
