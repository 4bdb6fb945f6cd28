// The listing of a stored tree's archive (`.ls`): where each file begins in it is counted, the archive is not made for it.
// C++ Nix: libutil/nar-listing.cc; the grammar is that of formats/nar/grammar.ts

import type { DirectoryStore } from "../castore/directory-store.ts"
import type { Node } from "../castore/node.ts"
import { walkTree } from "../castore/walk.ts"
import type { NarListing } from "../formats/nar/listing.ts"

/** Bytes of a string in an archive: its length, itself, zeros up to a multiple of eight. */
function padded(length: number): number {
  return 8 + Math.ceil(length / 8) * 8
}

const close = padded(1)
/** `( type`, before the name of the type. */
const nodeStart = padded(1) + padded(4)

/** Bytes of `entry ( name NAME node`. */
function entryStart(name: string): number {
  return padded(5) + padded(1) + padded(4) + padded(name.length) + padded(4)
}

/** The listing of a tree. Throws `absent`, `damaged`. */
export async function listTree(directories: DirectoryStore, root: Node): Promise<NarListing> {
  const top = new Map<string, NarListing>()
  /** The directories around, the outermost first; before them the place of the root. */
  const open: Map<string, NarListing>[] = [top]
  let offset = padded("nix-archive-1".length)
  for await (const { depth, name, node } of walkTree(directories, root)) {
    // Each directory that has ended has two brackets, those of its node and of its entry.
    for (; open.length > depth + 1; open.pop()) offset += 2 * close
    if (depth > 0) offset += entryStart(name)
    const siblings = open[depth]!
    offset += nodeStart
    if (node.kind === "directory") {
      const entries = new Map<string, NarListing>()
      siblings.set(name, { kind: "directory", entries })
      open.push(entries)
      offset += padded("directory".length)
      continue
    }
    if (node.kind === "symlink") {
      siblings.set(name, { kind: "symlink", target: node.target })
      offset += padded("symlink".length) + padded("target".length) + padded(node.target.length)
    } else {
      offset += padded("regular".length) + (node.executable ? padded("executable".length) + padded(0) : 0) + padded("contents".length)
      siblings.set(name, { kind: "regular", executable: node.executable, size: node.size, offset: offset + 8 })
      offset += padded(node.size)
    }
    offset += close + (depth > 0 ? close : 0)
  }
  return top.get("")!
}
