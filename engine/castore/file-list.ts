// Brings in a list of files: what a picker, a drop or a program of the user gives.

import type { Node } from "./node.ts"
import type { TreeStores } from "./render-nar.ts"
import { type IngestOptions, TreeIngest } from "./tree-ingest.ts"

/** A file with its path in the tree: names (byte strings) with slashes between them, "" for a tree that is one file. */
export type ListedFile =
  | {
      readonly kind: "file"
      readonly path: string
      readonly executable?: boolean | undefined
      /** The bytes, or how to read them when it is their turn. */
      readonly contents: Uint8Array | (() => AsyncIterable<Uint8Array> | Promise<Uint8Array>)
    }
  | { readonly kind: "symlink"; readonly path: string; readonly target: string }
  | { readonly kind: "directory"; readonly path: string }

/** Reads files in any order into the stores; gives the root. Throws `invalid`, `cancelled` and what the files or stores throw. */
export async function ingestFiles(
  files: Iterable<ListedFile> | AsyncIterable<ListedFile>,
  stores: TreeStores,
  options: IngestOptions = {},
): Promise<Node> {
  const ingest = new TreeIngest(stores.blobs, stores.directories, options)
  for await (const file of files) {
    if (file.kind === "directory") {
      ingest.directory(file.path)
    } else if (file.kind === "symlink") {
      ingest.symlink(file.path, file.target)
    } else {
      const contents = typeof file.contents === "function" ? await file.contents() : file.contents
      await ingest.file(file.path, file.executable === true, contents)
    }
  }
  return ingest.finish()
}
