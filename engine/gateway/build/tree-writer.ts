// Writes stored trees to the file system, as a store has them: read-only, times of 1970. Names are bytes.

import { type FileHandle, lutimes, mkdir, open, symlink, utimes } from "node:fs/promises"
import type { TreeStores } from "../../castore/render-nar.ts"
import { walkContents } from "../../castore/walk.ts"

/** A path of bytes, of a byte string. */
export function rawPath(path: string): Buffer {
  return Buffer.from(path, "latin1")
}

/** Writes a tree to `path` (a byte string), where nothing is yet. Throws StoreError and what the system does. */
export async function writeTree(
  stores: TreeStores,
  root: Parameters<typeof walkContents>[2],
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const folders: string[] = []
  for await (const { path: below, node, contents } of walkContents(stores.blobs, stores.directories, root, { signal })) {
    const target = below === "" ? path : `${path}/${below}`
    if (node.kind === "directory") {
      await mkdir(rawPath(target), 0o755)
      folders.push(target)
    } else if (node.kind === "symlink") {
      await symlink(rawPath(node.target), rawPath(target))
      await lutimes(rawPath(target), 1, 1)
    } else {
      const file = await open(rawPath(target), "wx", node.executable ? 0o555 : 0o444)
      try {
        await fill(file, contents!)
        await file.utimes(1, 1)
      } finally {
        await file.close()
      }
    }
  }
  // Children first: a folder that is read-only takes no more.
  for (const folder of folders.reverse()) {
    await utimes(rawPath(folder), 1, 1)
    await chmodFolder(folder)
  }
}

async function chmodFolder(folder: string): Promise<void> {
  const handle = await open(rawPath(folder), "r")
  try {
    await handle.chmod(0o555)
  } finally {
    await handle.close()
  }
}

async function fill(file: FileHandle, contents: Uint8Array | { stream(): AsyncIterable<Uint8Array> }): Promise<void> {
  if (contents instanceof Uint8Array) {
    await file.writeFile(contents)
    return
  }
  for await (const piece of contents.stream()) await file.write(piece)
}
