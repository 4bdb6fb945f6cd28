// Looking into stored trees: one path, or all of a tree, with directories and small blobs fetched some way ahead.
// Snix: castore/src/directoryservice/{traverse,utils}.rs

import type { BlobReader, BlobStore } from "./blob-store.ts"
import type { B3Digest } from "./digest.ts"
import type { DirectoryStore } from "./directory-store.ts"
import { StoreError } from "./error.ts"
import { avgChunkSize } from "./fast-cdc.ts"
import type { Directory, DirectoryNode, FileNode, Node } from "./node.ts"
import { throwIfCancelled } from "./verified.ts"

/** The node at the end of a path of names below `root`, not following symlinks; null if there is none. Throws `absent`, `damaged`. */
export async function descend(directories: DirectoryStore, root: Node, path: readonly string[]): Promise<Node | null> {
  let node = root
  for (const name of path) {
    if (node.kind !== "directory") return null
    const child: Node | undefined = (await directoryOfNode(directories, node.digest)).get(name)
    if (child === undefined) return null
    node = child
  }
  return node
}

/** A directory that must be there. Throws `absent`, `damaged`. */
export async function directoryOfNode(directories: DirectoryStore, digest: B3Digest): Promise<Directory> {
  const directory = await directories.get(digest)
  if (directory === null) throw absentDirectory(digest)
  return directory
}

function absentDirectory(digest: B3Digest, path?: string): StoreError {
  return new StoreError("absent", `the directory ${digest}${path === undefined ? "" : ` ('${path}')`} is absent`)
}

/** An entry met on a walk. */
export interface WalkEntry {
  /** Names with slashes between them; "" for the root. */
  readonly path: string
  readonly name: string
  /** How many directories are above it; 0 for the root. */
  readonly depth: number
  readonly node: Node
  /** The entries, if it is a directory. */
  readonly directory?: Directory
}

export interface WalkOptions {
  readonly signal?: AbortSignal | undefined
}

/** How many directories are asked for at once. */
const directoriesAhead = 64
/** How many directories that were read are kept, and how many entries are looked through for the next to ask for. */
const directoriesKept = 1024
const entriesAhead = 4096

/**
 * All of a tree: parents before children, entries in ascending order of their names (the order of a NAR). Asks for directories
 * in batches of those it will need next, as far as it knows them. Throws `absent`, `damaged`, `cancelled`.
 */
export async function* walkTree(directories: DirectoryStore, root: Node, options: WalkOptions = {}): AsyncGenerator<WalkEntry> {
  /** What is still to come, the next at the end. */
  const stack: WalkEntry[] = [{ path: "", name: "", depth: 0, node: root }]
  /** Directories that were read, the newest at the end. */
  const known = new Map<B3Digest, Directory>()
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { path, depth, node } = next
    if (node.kind !== "directory") {
      yield next
      continue
    }
    let directory = known.get(node.digest)
    if (directory === undefined) {
      throwIfCancelled(options.signal)
      const wanted = nextDirectories(node, stack, known)
      const found = await directories.getMany(wanted)
      directory = found[0] ?? undefined
      if (directory === undefined) throw absentDirectory(node.digest, path)
      // Others that are absent are found out in their turn.
      wanted.forEach((digest, i) => {
        if (found[i] != null) known.set(digest, found[i])
      })
      for (const digest of known.keys()) {
        if (known.size <= directoriesKept) break
        known.delete(digest)
      }
    }
    yield { ...next, directory }
    for (const [name, child] of [...directory].reverse()) {
      stack.push({ path: path === "" ? name : `${path}/${name}`, name, depth: depth + 1, node: child })
    }
  }
}

/** The digests of `first` and of directories that will be needed after it, in about that order, each once. */
function nextDirectories(first: DirectoryNode, stack: readonly WalkEntry[], known: ReadonlyMap<B3Digest, Directory>): B3Digest[] {
  const wanted = new Set<B3Digest>([first.digest])
  let looks = entriesAhead
  const look = (node: Node): void => {
    if (--looks < 0 || wanted.size >= directoriesAhead || node.kind !== "directory" || wanted.has(node.digest)) return
    const directory = known.get(node.digest)
    if (directory === undefined) {
      wanted.add(node.digest)
      return
    }
    for (const child of directory.values()) {
      if (looks < 0 || wanted.size >= directoriesAhead) return
      look(child)
    }
  }
  for (let i = stack.length - 1; i >= 0 && looks > 0 && wanted.size < directoriesAhead; i--) look(stack[i]!.node)
  return [...wanted]
}

/** An entry with what is in it, if it is a file: all bytes of a small one, a reader of a large one. */
export interface FilledEntry extends WalkEntry {
  readonly contents?: Uint8Array | BlobReader
}

/** Files up to this size are fetched together. */
const smallFile = avgChunkSize
const windowBytes = 4 << 20
const windowEntries = 1024

export interface ContentsOptions extends WalkOptions {
  /** Asked of each entry once, in order and ahead of the walk: whether its contents are wanted. All are by default. */
  readonly wants?: ((entry: WalkEntry) => boolean) | undefined
}

/** As walkTree, with the files' contents: small blobs are fetched in batches while the batch before is being used. */
export async function* walkContents(
  blobs: BlobStore,
  directories: DirectoryStore,
  root: Node,
  options: ContentsOptions = {},
): AsyncGenerator<FilledEntry> {
  const walk = walkTree(directories, root, options)
  const fetchWindow = async (): Promise<{ readonly entry: FilledEntry; readonly large: boolean }[]> => {
    const entries: { readonly entry: WalkEntry; readonly isWanted: boolean }[] = []
    const wanted = new Map<B3Digest, WalkEntry>()
    for (let bytes = 0; entries.length < windowEntries && bytes < windowBytes; ) {
      const { value, done } = await walk.next()
      if (done === true) break
      const isWanted = options.wants?.(value) ?? true
      entries.push({ entry: value, isWanted })
      if (!isWanted || value.node.kind !== "file" || value.node.size > smallFile || wanted.has(value.node.digest)) continue
      wanted.set(value.node.digest, value)
      bytes += value.node.size
    }
    throwIfCancelled(options.signal)
    const digests = [...wanted.keys()]
    const found = digests.length === 0 ? [] : await blobs.getMany(digests)
    const byDigest = new Map(digests.map((digest, i) => [digest, found[i] ?? null]))
    return entries.map(({ entry, isWanted }) => {
      if (!isWanted || entry.node.kind !== "file") return { entry, large: false }
      if (entry.node.size > smallFile) return { entry, large: true }
      const contents = byDigest.get(entry.node.digest)
      if (contents == null) throw absentBlob(entry.node, entry.path)
      if (contents.length !== entry.node.size) throw wrongSize(entry.node, entry.path, contents.length)
      return { entry: { ...entry, contents }, large: false }
    })
  }
  let next = fetchWindow()
  for (;;) {
    const window = await next
    if (window.length === 0) return
    next = fetchWindow()
    next.catch(() => {}) // It is awaited in the next round; until then nobody is.
    for (const { entry, large } of window) {
      if (large && entry.node.kind === "file") {
        throwIfCancelled(options.signal)
        yield { ...entry, contents: await openFile(blobs, entry.node, entry.path) }
      } else {
        yield entry
      }
    }
  }
}

/** A reader of a file's blob, which must be there and have the file's size. Throws `absent`, `damaged`. */
export async function openFile(blobs: BlobStore, node: FileNode, path = ""): Promise<BlobReader> {
  const reader = await blobs.open(node.digest)
  if (reader === null) throw absentBlob(node, path)
  if (reader.size !== node.size) throw wrongSize(node, path, reader.size)
  return reader
}

function absentBlob(node: FileNode, path: string): StoreError {
  return new StoreError("absent", `the blob ${node.digest} of the file '${path}' is absent`)
}

function wrongSize(node: FileNode, path: string, size: number): StoreError {
  return new StoreError(
    "damaged",
    `the blob ${node.digest} of the file '${path}' has ${size} bytes, not ${node.size} as its directory says`,
  )
}
