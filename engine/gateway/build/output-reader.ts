// Brings what a build left into the store. The build has ended, so nothing changes any more; but what is there may be anything:
// devices, sockets, loops of hard links, files that nobody may read. Only files, directories and symlinks are taken, nothing is
// followed. C++ Nix: libstore/posix-fs-canonicalise.cc

import { constants } from "node:fs"
import { chmod, lstat, open, readdir, readlink } from "node:fs/promises"
import { StoreError } from "../../castore/error.ts"
import type { Node } from "../../castore/node.ts"
import type { TreeStores } from "../../castore/render-nar.ts"
import { TreeIngest } from "../../castore/tree-ingest.ts"
import { BuildFailure, type BuildLimits } from "./executor.ts"
import { rawPath } from "./tree-writer.ts"

/** An output, and where it is: `path` below the folder `root` of the machine, which is ours. */
export interface OutputPlace {
  /** As in the request, for messages. */
  readonly name: string
  readonly root: string
  readonly path: string
}

/** The tree of an output. Throws BuildFailure, and what the store does. */
export async function readOutput(stores: TreeStores, { name, root, path }: OutputPlace, limits: BuildLimits): Promise<Node> {
  // A builder may have put a symlink where a folder should be.
  const parts = path.split("/")
  for (let i = 1; i < parts.length; i++) {
    const folder = await lstatOrNull(`${root}/${parts.slice(0, i).join("/")}`)
    if (folder?.isDirectory() !== true) throw new BuildFailure("output-rejected", `builder failed to produce output path '/${name}'`)
  }
  const ingest = new TreeIngest(stores.blobs, stores.directories, {
    limits: { bytes: limits.outputBytes, entries: limits.outputEntries },
  })
  try {
    await add(ingest, `${root}/${path}`, "", name)
    return await ingest.finish()
  } catch (error) {
    if (error instanceof StoreError && error.code === "invalid") {
      throw new BuildFailure("output-rejected", `the output '/${name}' cannot be taken: ${error.message}`, { cause: error })
    }
    throw error
  }
}

async function add(ingest: TreeIngest, path: string, below: string, name: string): Promise<void> {
  const found = await lstatOrNull(path)
  if (found === null) throw new BuildFailure("output-rejected", `builder failed to produce output path '/${name}'`)
  if (found.isSymbolicLink()) {
    const target = await readlink(rawPath(path), { encoding: "latin1" as BufferEncoding })
    return ingest.symlink(below, target)
  }
  if (found.isFile()) return addFile(ingest, path, below, (found.mode & 0o100) !== 0)
  if (!found.isDirectory()) {
    throw new BuildFailure("output-rejected", `the output '/${name}' has something else than files in it: '${below}'`)
  }
  ingest.directory(below)
  // Nix gives everybody leave to read, too.
  if ((found.mode & 0o500) !== 0o500) await chmod(rawPath(path), 0o755)
  for (const child of (await readdir(rawPath(path), { encoding: "latin1" })).sort()) {
    await add(ingest, `${path}/${child}`, below === "" ? child : `${below}/${child}`, name)
  }
}

async function addFile(ingest: TreeIngest, path: string, below: string, executable: boolean): Promise<void> {
  const file = await openReadable(path)
  try {
    await ingest.file(below, executable, chunksOf(file))
  } finally {
    await file.close()
  }
}

async function* chunksOf(file: Awaited<ReturnType<typeof open>>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: new Uint8Array(256 << 10) })
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
  }
}

async function openReadable(path: string): ReturnType<typeof open> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW
  try {
    return await open(rawPath(path), flags)
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error) || error.code !== "EACCES") throw error
    await chmod(rawPath(path), 0o600)
    return open(rawPath(path), flags)
  }
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(rawPath(path))
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return null
    throw error
  }
}
