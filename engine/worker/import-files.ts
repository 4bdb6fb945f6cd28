// Files as a page gives them on their way into the store.

import { ingestFiles, type ListedFile } from "../castore/file-list.ts"
import type { Node } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { aheadOf, contentsOf } from "../fetch/import-files.ts"
import type { ImportFile, ImportProgress } from "./protocol.ts"
import { toBytes } from "./text.ts"

/** Milliseconds between two reports of progress. */
const REPORT = 100

async function listed({ path, data, executable = false }: ImportFile): Promise<ListedFile> {
  const at = toBytes(path)
  if (typeof data === "string") return { kind: "file", path: at, executable, contents: new TextEncoder().encode(data) }
  if (data instanceof Uint8Array) return { kind: "file", path: at, executable, contents: data }
  if (!(data instanceof Blob)) return { kind: "symlink", path: at, target: toBytes(data.symlink) }
  return { kind: "file", path: at, executable, contents: await contentsOf(data, path) }
}

/** Progress that is not told more often than somebody can see. */
export function seldom<T>(tell: (done: T) => void): (done: T) => void {
  let last = 0
  return (done) => {
    const now = performance.now()
    if (now - last < REPORT) return
    last = now
    tell(done)
  }
}

/** Reads files into the castore and gives the root. Throws StoreError. */
export function readFiles(
  files: readonly ImportFile[],
  stores: TreeStores,
  options: { readonly signal: AbortSignal; readonly progress: (done: ImportProgress) => void },
): Promise<Node> {
  return ingestFiles(aheadOf(files, listed), stores, options)
}
