// Files as a page gives them on their way into the store: several are read at once, because each costs the browser a trip.

import { ingestFiles, type ListedFile } from "../castore/file-list.ts"
import type { Node } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import type { ImportFile, ImportProgress } from "./protocol.ts"
import { toBytes } from "./text.ts"

/** Blobs read at once, and the largest that are read as a whole, in bytes. */
const AHEAD = 32
const WHOLE = 2 ** 20
/** Milliseconds between two reports of progress. */
const REPORT = 100

async function* pieces(blob: Blob): AsyncGenerator<Uint8Array> {
  const reader = blob.stream().getReader()
  try {
    for (let piece = await reader.read(); piece.done !== true; piece = await reader.read()) yield piece.value
  } finally {
    reader.releaseLock()
  }
}

async function listed({ path, data, executable = false }: ImportFile): Promise<ListedFile> {
  const at = toBytes(path)
  if (typeof data === "string") return { kind: "file", path: at, executable, contents: new TextEncoder().encode(data) }
  if (data instanceof Uint8Array) return { kind: "file", path: at, executable, contents: data }
  if (!(data instanceof Blob)) return { kind: "symlink", path: at, target: toBytes(data.symlink) }
  if (data.size > WHOLE) return { kind: "file", path: at, executable, contents: () => pieces(data) }
  return { kind: "file", path: at, executable, contents: new Uint8Array(await data.arrayBuffer()) }
}

/** The files in their order, some of them read ahead. */
async function* readAhead(files: readonly ImportFile[]): AsyncGenerator<ListedFile> {
  const waiting: Promise<ListedFile>[] = []
  let next = 0
  for (;;) {
    while (waiting.length < AHEAD && next < files.length) {
      const file = listed(files[next++] as ImportFile)
      // It is awaited when it is its turn; whoever stops before does not care.
      file.catch(() => {})
      waiting.push(file)
    }
    const first = waiting.shift()
    if (first === undefined) return
    yield await first
  }
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
  return ingestFiles(readAhead(files), stores, options)
}
