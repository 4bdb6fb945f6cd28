// Files that are on the disk when they are there: written under another name, made durable and renamed, so that whoever reads
// (another process, too) sees the old one or the new one, never a part.

import { randomBytes } from "node:crypto"
import { type FileHandle, open, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"

/** A name beside `file` for what is being written. */
export function freshName(file: string): string {
  return `${file}.${randomBytes(8).toString("hex")}.new`
}

/** Writes a file that is not there yet; its bytes are on the disk afterwards, its name not yet. */
export async function writeDurably(file: string, bytes: Uint8Array): Promise<void> {
  await withFile(file, "wx", async (handle) => {
    await handle.writeFile(bytes)
    await handle.sync()
  })
}

/** Makes a file, or puts these bytes in the place of the old ones. Its folder must be there. */
export async function replaceDurably(file: string, bytes: Uint8Array): Promise<void> {
  const fresh = freshName(file)
  try {
    await writeDurably(fresh, bytes)
    await rename(fresh, file)
  } catch (error) {
    await rm(fresh, { force: true })
    throw error
  }
  await syncFolder(dirname(file))
}

/** Makes the names in a folder durable. */
export function syncFolder(path: string): Promise<void> {
  return withFile(path, "r", (handle) => handle.sync())
}

async function withFile(file: string, flags: string, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(file, flags)
  try {
    await work(handle)
  } finally {
    await handle.close()
  }
}
