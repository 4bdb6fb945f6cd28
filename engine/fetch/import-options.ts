// What all imports of the user's data share: progress, an end before the end, what comes out.

import type { Node } from "../castore/node.ts"
import type { IngestLimits } from "../castore/tree-ingest.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import type { Store } from "../store/store.ts"

/** How far an import is. */
export interface ImportProgress {
  /** Files, symlinks and directories so far. */
  readonly entries: number
  /** Bytes of their contents so far. */
  readonly bytes: number
}

export interface ImportOptions {
  readonly signal?: AbortSignal | undefined
  readonly progress?: ((progress: ImportProgress) => void) | undefined
  readonly limits?: Partial<IngestLimits> | undefined
  /** Makes the tree a store object of this name, as `nix-store --add` does. Without, nothing but the tree's node refers to it. */
  readonly name?: string
}

/** A tree that was brought in. */
export interface Imported {
  readonly node: Node
  /** The store object, if a name was given. */
  readonly path: StorePath | null
  /** Time of the newest entry of an archive, in seconds since 1970; 0 where there is none. */
  readonly lastModified: number
}

/** Makes the tree an object if a name was given. */
export async function imported(store: Store, node: Node, lastModified: number, { name, signal }: ImportOptions): Promise<Imported> {
  const path = name === undefined ? null : await store.addTree(node, name, { signal })
  return { node, path, lastModified }
}
