// Files of the user's as texts of a workspace: picked, dropped one by one, or dropped as folders.

import { pathProblem } from "./workspace/workspace.ts"

/** What was read, by path; and the names of what was no text, or too large. */
export interface ReadFiles {
  readonly files: Record<string, string>
  readonly skipped: readonly string[]
}

/** Larger files belong into the store. */
const LARGEST = 2 * 2 ** 20
const MOST = 500

/** Files from a file input. */
export function readPicked(list: Iterable<File>, folder: string): Promise<ReadFiles> {
  return readAll([...list].map((file) => ({ path: folder + (file.webkitRelativePath || file.name), file: async () => file })))
}

/** What was dropped, folders with everything in them. */
export async function readDropped(transfer: DataTransfer, folder: string): Promise<ReadFiles> {
  // Entries have to be taken at once: after the event they are gone.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.() ?? null).filter((entry) => entry !== null)
  if (entries.length === 0) return readPicked(transfer.files, folder)
  const found: Found[] = []
  for (const entry of entries) await walk(entry, folder, found)
  return readAll(found)
}

interface Found {
  readonly path: string
  readonly file: () => Promise<File>
}

async function walk(entry: FileSystemEntry, folder: string, found: Found[]): Promise<void> {
  const path = folder + entry.name
  if (found.length > MOST) return
  if (entry.isFile) {
    found.push({ path, file: () => new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)) })
    return
  }
  // A folder that nobody writes by hand.
  if (entry.name === ".git" || entry.name === "node_modules") return
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  while (true) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const child of some) await walk(child, `${path}/`, found)
  }
}

async function readAll(found: readonly Found[]): Promise<ReadFiles> {
  const files: Record<string, string> = {}
  const skipped: string[] = []
  for (const { path, file } of found.slice(0, MOST)) {
    const text = pathProblem(path) === null ? await textOf(await file()) : null
    if (text === null) skipped.push(path)
    else files[path] = text
  }
  for (const { path } of found.slice(MOST)) skipped.push(path)
  return { files, skipped }
}

/** The text of a file; null if it is none. */
async function textOf(file: File): Promise<string | null> {
  if (file.size > LARGEST) return null
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer())
  } catch {
    return null
  }
}
