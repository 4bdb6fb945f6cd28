// Removing what builds leave: folders may be read-only, names are bytes.

import { chmod, readdir, rm } from "node:fs/promises"
import { rawPath } from "./tree-writer.ts"

/** Removes a file or folder with all in it, whatever its permissions; what is absent is no error. `path` is a byte string. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(rawPath(path), { recursive: true, force: true })
  } catch {
    // Whoever is not root may not remove from read-only folders.
    await openUp(path)
    await rm(rawPath(path), { recursive: true, force: true })
  }
}

async function openUp(path: string): Promise<void> {
  await chmod(rawPath(path), 0o700)
  for (const entry of await readdir(rawPath(path), { withFileTypes: true, encoding: "latin1" as BufferEncoding })) {
    if (entry.isDirectory()) await openUp(`${path}/${entry.name}`)
  }
}
