// Files of the browser's private file system: writing one from start to end, reading ranges.
// In a worker a file is written through a synchronous handle, which is twice as fast; elsewhere through a stream.

import { StoreError } from "./error.ts"
import { openingError, storageError } from "./indexed-db-error.ts"

const WHAT = "the browser's private file system"

/** The folder of this name in the private file system, made if it is absent. Rejects with StoreError `denied` or `quota`. */
export async function openPrivateFolder(name: string): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory()
    return await root.getDirectoryHandle(name, { create: true })
  } catch (problem) {
    throw openingError(problem, WHAT)
  }
}

/** Writes one new file. Methods reject with StoreError. */
export class PrivateFileWriter {
  readonly name: string
  readonly #folder: FileSystemDirectoryHandle
  readonly #to: FileSystemSyncAccessHandle | FileSystemWritableFileStream
  #size = 0

  private constructor(folder: FileSystemDirectoryHandle, name: string, to: FileSystemSyncAccessHandle | FileSystemWritableFileStream) {
    this.#folder = folder
    this.name = name
    this.#to = to
  }

  /** Creates the file; nothing else may have its name. */
  static async create(folder: FileSystemDirectoryHandle, name: string): Promise<PrivateFileWriter> {
    try {
      const file = await folder.getFileHandle(name, { create: true })
      const to = "createSyncAccessHandle" in file ? await file.createSyncAccessHandle() : await streamTo(file)
      return new PrivateFileWriter(folder, name, to)
    } catch (problem) {
      throw storageError(problem, WHAT)
    }
  }

  /** Appends bytes. */
  async append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    try {
      if ("flush" in this.#to) {
        const written = this.#to.write(bytes, { at: this.#size })
        if (written !== bytes.length) throw new DOMException(`only ${written} of ${bytes.length} bytes were written`, "QuotaExceededError")
      } else await this.#to.write(bytes)
      this.#size += bytes.length
    } catch (problem) {
      throw storageError(problem, WHAT)
    }
  }

  /** Ends the file; it is on the disk when fulfilled. */
  async close(): Promise<void> {
    try {
      if ("flush" in this.#to) this.#to.flush()
      await this.#to.close()
    } catch (problem) {
      throw storageError(problem, WHAT)
    }
  }

  /** Removes the file again. */
  async abort(): Promise<void> {
    try {
      if ("flush" in this.#to) this.#to.close()
      else await this.#to.abort()
    } catch {
      // It failed before: only that it is gone counts.
    }
    await removePrivateFile(this.#folder, this.name)
  }
}

/** Declared in every library of types, but older browsers lack it. */
async function streamTo(file: FileSystemFileHandle): Promise<FileSystemWritableFileStream> {
  if (!("createWritable" in file)) throw new DOMException("files can be written in workers only", "NotAllowedError")
  return file.createWritable()
}

/** A file as it is now; null if there is none of that name. */
export async function openPrivateFile(folder: FileSystemDirectoryHandle, name: string): Promise<File | null> {
  try {
    return await (await folder.getFileHandle(name)).getFile()
  } catch (problem) {
    if (problem instanceof DOMException && problem.name === "NotFoundError") return null
    throw storageError(problem, WHAT)
  }
}

/** The bytes of a file from `from` to before `to`, fewer if it is shorter. Throws `absent` if it was removed meanwhile. */
export async function readPrivateFile(file: File, from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await file.slice(from, to).arrayBuffer())
  } catch (problem) {
    if (problem instanceof DOMException && (problem.name === "NotFoundError" || problem.name === "NotReadableError"))
      throw new StoreError("absent", `the file ${file.name} of ${WHAT} was removed`, { cause: problem })
    throw storageError(problem, WHAT)
  }
}

/** Removes a file; one that is absent, or that another tab is just reading or writing, is left. */
export async function removePrivateFile(folder: FileSystemDirectoryHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name)
  } catch (problem) {
    if (problem instanceof DOMException && (problem.name === "NotFoundError" || problem.name === "NoModificationAllowedError")) return
    throw storageError(problem, WHAT)
  }
}

/** The names of all files. */
export async function privateFileNames(folder: FileSystemDirectoryHandle): Promise<Set<string>> {
  const names = new Set<string>()
  try {
    for await (const name of folder.keys()) names.add(name)
  } catch (problem) {
    throw storageError(problem, WHAT)
  }
  return names
}
