// Files of the user's disk, as browsers give them: from a file picker (File, with a path if a folder was picked), from a folder
// picker (FileSystemDirectoryHandle), from a drop (a list of files and their paths, made by the page). Browsers tell neither
// permissions nor symlinks: files are not executable unless asked to guess, and what a symlink leads to is taken in its place.

import { StoreError } from "../castore/error.ts"
import { ingestFiles, type ListedFile } from "../castore/file-list.ts"
import type { Store } from "../store/store.ts"
import { chunksOf } from "./byte-stream.ts"
import { type Imported, type ImportOptions, imported } from "./import-options.ts"

/** A file and where it belongs: names with slashes between them. */
export interface PlacedFile {
  readonly path: string
  readonly file: File
}

export interface FileImportOptions extends ImportOptions {
  /** Files and folders with these names are left out, wherever they are: `.git`, `node_modules`. Nothing is by default. */
  readonly ignore?: readonly string[]
  /** "scripts": what begins with `#!` can be executed. "none" by default. */
  readonly executables?: "scripts" | "none"
  /** Whether a folder that all files are in is the tree ("lone-folder", the default), or stays. Only importFiles. */
  readonly unwrap?: "lone-folder" | "none"
}

/** A name as a byte string. Throws `invalid` for one that has no UTF-8. */
function byteName(name: string): string {
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(name))
    throw new StoreError("invalid", `the name '${name}' is no valid Unicode text`)
  let bytes = ""
  for (const byte of new TextEncoder().encode(name)) bytes += String.fromCharCode(byte)
  return bytes
}

/** The bytes of a file of the user's, which may be gone by now. */
export async function* fileChunks(file: Blob, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunksOf(file.stream())
  } catch (e) {
    throw unreadable(name, e)
  }
}

/** A file cannot be read: it was removed or changed since it was picked, or the permission is gone. */
export function unreadable(name: string, e: unknown): StoreError {
  return new StoreError("absent", `the file '${name}' cannot be read (any more): ${e instanceof Error ? e.message : String(e)}`, {
    cause: e,
  })
}

/** Files up to this size are read as a whole, and so many of them at once: each costs a browser a trip. */
const whole = 1 << 20
const ahead = 32

async function bytesOf(file: Blob, name: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer())
  } catch (e) {
    throw unreadable(name, e)
  }
}

/** What a tree takes as the contents of a file: all of a small one, the chunks of a large one when they are wanted. */
export async function contentsOf(file: Blob, name: string): Promise<Uint8Array | (() => AsyncIterable<Uint8Array>)> {
  return file.size > whole ? () => fileChunks(file, name) : bytesOf(file, name)
}

async function listed({ path, file }: PlacedFile, executables: FileImportOptions["executables"]): Promise<ListedFile> {
  const contents = await contentsOf(file, path)
  const place = { kind: "file" as const, path: byteName(path), contents }
  if (executables !== "scripts" || file.size < 3) return place
  const [first, second] = contents instanceof Uint8Array ? contents : await bytesOf(file.slice(0, 2), path)
  return { ...place, executable: first === 0x23 && second === 0x21 }
}

/** What comes of the entries, in their order, some of them made ahead. */
export async function* aheadOf<T, U>(entries: AsyncIterable<T> | Iterable<T>, make: (entry: T) => Promise<U>): AsyncGenerator<U> {
  const waiting: Promise<U>[] = []
  for await (const entry of entries) {
    const made = make(entry)
    // It is awaited when it is its turn; whoever stops before does not care.
    made.catch(() => undefined)
    waiting.push(made)
    if (waiting.length >= ahead) yield await (waiting.shift() as Promise<U>)
  }
  for (const made of waiting) yield await made
}

/** Files, and folders by their paths. */
type Entries = AsyncIterable<PlacedFile | string> | Iterable<PlacedFile | string>

async function* kept(files: Entries, ignore: readonly string[]): AsyncGenerator<PlacedFile | string> {
  const ignored = new Set(ignore)
  for await (const entry of files) {
    const path = typeof entry === "string" ? entry : entry.path
    if (!path.split("/").some((name) => ignored.has(name))) yield entry
  }
}

function listedFiles(files: Entries, { ignore = [], executables }: FileImportOptions): AsyncGenerator<ListedFile> {
  return aheadOf(kept(files, ignore), async (entry) =>
    typeof entry === "string" ? { kind: "directory", path: byteName(entry) } : listed(entry, executables),
  )
}

/** The files without the folder that they all are in, if there is one. */
function withoutTop(files: readonly PlacedFile[]): readonly PlacedFile[] {
  const top = files[0]?.path.split("/", 1)[0]
  if (top === undefined || ["", ".", ".."].includes(top) || !files.every(({ path }) => path.startsWith(`${top}/`))) return files
  return files.map(({ path, file }) => ({ path: path.slice(top.length + 1), file }))
}

/** A file of a folder that is not opened yet. */
interface FoundFile {
  readonly path: string
  readonly handle: FileSystemFileHandle
}

async function opened(entry: FoundFile | string): Promise<PlacedFile | string> {
  if (typeof entry === "string") return entry
  const { path, handle } = entry
  try {
    return { path, file: await handle.getFile() }
  } catch (e) {
    throw unreadable(path, e)
  }
}

/** What a folder has in it: files with their paths, and folders (as texts), which may be empty. */
async function* entriesOf(folder: FileSystemDirectoryHandle, ignored: ReadonlySet<string>, at = ""): AsyncGenerator<FoundFile | string> {
  const entries = folder.entries()
  try {
    for await (const [name, handle] of entries) {
      if (ignored.has(name)) continue
      const path = at === "" ? name : `${at}/${name}`
      if (handle.kind === "file") yield { path, handle: handle as FileSystemFileHandle }
      else {
        yield path
        yield* entriesOf(handle as FileSystemDirectoryHandle, ignored, path)
      }
    }
  } catch (e) {
    // What the browser refuses is a DOMException.
    throw e instanceof DOMException ? unreadable(at === "" ? folder.name : at, e) : e
  }
}

async function importListed(store: Store, files: Entries, options: FileImportOptions): Promise<Imported> {
  const { signal, progress, limits } = options
  return store.importing(async (inner) => {
    const node = await ingestFiles(listedFiles(files, options), inner.stores, { signal, progress, limits })
    return imported(inner, node, 0, options)
  })
}

/**
 * Brings in files at their paths; a folder that they all are in is the tree. Throws StoreError: `invalid` for names, doubles and limits,
 * `absent` for files that are gone, `cancelled`, and what the store throws. Nothing is to be seen of it then.
 */
export function importFiles(store: Store, files: readonly PlacedFile[], options: FileImportOptions = {}): Promise<Imported> {
  return importListed(store, options.unwrap === "none" ? files : withoutTop(files), options)
}

/** Files of a picker with the paths that the browser tells. */
export function pickedFiles(files: Iterable<File>): PlacedFile[] {
  return Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }))
}

/** Brings in a folder. Throws as importFiles. */
export function importFolder(store: Store, folder: FileSystemDirectoryHandle, options: FileImportOptions = {}): Promise<Imported> {
  return importListed(store, aheadOf(entriesOf(folder, new Set(options.ignore)), opened), options)
}

/** Brings in one file as a tree that is a file. Throws as importFiles. */
export function importFile(store: Store, file: File, options: FileImportOptions = {}): Promise<Imported> {
  return importListed(store, [{ path: "", file }], { ...options, ignore: [] })
}
