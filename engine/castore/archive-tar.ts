// Brings in tar archives that come in chunks (decompressed), as Nix's tarball fetcher does: entries in any order, the last of a
// name wins, hard links are made at the end, a directory that is alone at the top is taken off where that is asked for.
// C++ Nix: libutil/tarfile.cc unpackTarfileToSink, libfetchers/git-utils.cc GitFileSystemObjectSinkImpl, libfetchers/tarball.cc

import { archivePath, ChunkQueue, type Chunks, type IngestedArchive, type NameRule } from "./archive-entry.ts"
import { StoreError } from "./error.ts"
import type { TreeStores } from "./render-nar.ts"
import { TarReader } from "./tar-reader.ts"
import { type IngestOptions, TreeIngest } from "./tree-ingest.ts"

/** How an archive's top is taken. */
export interface ArchiveOptions extends Omit<IngestOptions, "existing"> {
  /** `lone-directory`: if the archive has one directory at its top and nothing else, that is the tree (Nix's fetchTarball); else `none`. */
  readonly unwrap?: "lone-directory" | "none"
  /** Names that are absolute or have ".." in them; they are refused where nothing is said. */
  readonly names?: NameRule
}

/** Reads a tar archive into the stores. Throws `damaged`, `invalid`, `unsupported`, `cancelled` and what the chunks or stores throw. */
export async function ingestTar(chunks: Chunks, stores: TreeStores, options: ArchiveOptions = {}): Promise<IngestedArchive> {
  const input = new ChunkQueue(chunks)
  try {
    const ingest = new TreeIngest(stores.blobs, stores.directories, { ...options, existing: "replace" })
    const lastModified = await readEntries(new TarReader(input), ingest, options.names)
    await input.drain()
    const node = options.unwrap === "lone-directory" ? await ingest.finishUnwrapped() : await ingest.finish()
    return { node, lastModified }
  } catch (error) {
    await input.close()
    throw error
  }
}

async function readEntries(reader: TarReader, ingest: TreeIngest, rule: NameRule = "refuse"): Promise<number> {
  let lastModified = 0
  const hardlinks = new Map<string, string>()
  for (let entry = await reader.next(); entry !== null; entry = await reader.next()) {
    lastModified = Math.max(lastModified, entry.mtime)
    const path = archivePath(entry.name, rule)
    switch (entry.kind) {
      case "hardlink":
        hardlinks.set(path, archivePath(entry.target, rule))
        break
      case "directory":
        ingest.directory(path)
        break
      case "symlink":
        checkNotTop(path, entry.name)
        ingest.symlink(path, entry.target)
        break
      case "file": {
        checkNotTop(path, entry.name)
        const file = ingest.open(path, (entry.mode & 0o100) !== 0)
        try {
          for (let bytes = await reader.read(); bytes.length > 0; bytes = await reader.read()) await file.write(bytes)
        } catch (error) {
          await file.abort()
          throw error
        }
        await file.close()
      }
    }
  }
  // At the end, as in Nix: a link may stand before the file that it links to.
  for (const [path, target] of hardlinks) {
    // C++ Nix passes over these.
    if (target === "") continue
    const node = ingest.at(target)
    if (node === undefined) throw new StoreError("invalid", `the hard link '${path}' leads to '${target}', which is not in the archive`)
    if (node === "directory" || node.kind === "directory")
      throw new StoreError("invalid", `cannot create a hard link to a directory: '${path}' to '${target}'`)
    if (node.kind === "file") ingest.storedFile(path, node)
    else ingest.symlink(path, node.target)
  }
  return lastModified
}

function checkNotTop(path: string, name: string): void {
  if (path === "") throw new StoreError("invalid", `the archive has a file at its top that has no name of its own: '${name}'`)
}
