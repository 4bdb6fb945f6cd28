// What the user picks or drops, as sources to import.

import type { ImportFile, ImportSource, StoreFile } from "../../engine/worker/protocol.ts"

/** Something to import under a name. */
export interface Picked {
  /** The name of the store object, and of the tree in the workspace. */
  readonly name: string
  readonly source: ImportSource
}

const archives = /\.(?:tar|tar\.(?:gz|xz|zst|bz2|br)|tgz|txz|tzst|tbz2?|zip|nar|nar\.(?:gz|xz|zst|bz2|br))$/i

/** A name that a store object may have, made of any. */
export function objectName(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9+\-._?=]/g, "-").slice(0, 200)
  return plain === "" || plain === "." || plain === ".." ? "source" : plain
}

/** One file of the user's: an archive is unpacked, anything else is a file. */
export function pickedFile(file: File): Picked {
  if (archives.test(file.name))
    return { name: objectName(file.name.replace(archives, "")), source: { kind: "archive", file, fileName: file.name } }
  return { name: objectName(file.name), source: { kind: "files", files: [{ path: file.name, data: file }] } }
}

/** The files of a folder, as a file input with `webkitdirectory` gives them. */
export function pickedFolder(files: readonly File[]): Picked | null {
  const [first] = files
  if (first === undefined) return null
  const root = first.webkitRelativePath.split("/")[0] ?? ""
  const list = files.map((file): ImportFile => ({ path: file.webkitRelativePath.slice(root.length + 1), data: file }))
  return { name: objectName(root), source: { kind: "files", files: list } }
}

/** Derivations and their sources, by the names they have in a store. */
export function storeFiles(files: readonly File[]): StoreFile[] {
  return files.map((file) => ({ path: (file.webkitRelativePath || file.name).replace(/^.*?(?=[0-9a-df-np-sv-z]{32}-)/, ""), file }))
}

/** What was dropped: folders by their handles where the browser gives them, else files. */
export async function dropped(transfer: DataTransfer): Promise<Picked[]> {
  // All must be asked for at once: the list is empty after the first wait.
  const items = [...transfer.items].filter(({ kind }) => kind === "file")
  const asked = items.map(async (item): Promise<Picked | null> => {
    const file = item.getAsFile()
    const withHandle = item as { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> }
    const handle = await withHandle.getAsFileSystemHandle?.().catch(() => null)
    if (handle?.kind === "directory")
      return { name: objectName(handle.name), source: { kind: "folder", folder: handle as FileSystemDirectoryHandle } }
    return file === null ? null : pickedFile(file)
  })
  return (await Promise.all(asked)).filter((one) => one !== null)
}

/** Asks for a folder; null if the browser cannot or the user does not want to. */
export async function askFolder(): Promise<Picked | null> {
  const page = window as { showDirectoryPicker?: () => Promise<FileSystemDirectoryHandle> }
  if (page.showDirectoryPicker === undefined) return null
  try {
    const folder = await page.showDirectoryPicker()
    return { name: objectName(folder.name), source: { kind: "folder", folder } }
  } catch {
    return null
  }
}
