// Trees from one store to another, by what the other has not: inputs on their way to an endpoint, outputs on their way back.

import type { BlobStore } from "../castore/blob-store.ts"
import type { B3Digest } from "../castore/digest.ts"
import type { DirectoryStore } from "../castore/directory-store.ts"
import { StoreError } from "../castore/error.ts"
import type { Directory, FileNode, Node } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { batches } from "../castore/rpc-companion.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { openFile } from "../castore/walk.ts"

export interface TransferOptions {
  readonly signal?: AbortSignal | undefined
  /** Bytes of contents that were sent, and that have to be in all. */
  readonly progress?: ((done: number, all: number) => void) | undefined
  /** Where directories are looked for before they are asked of the source. */
  readonly near?: DirectoryStore | undefined
}

/** What trees consist of. */
export interface TreeParts {
  /** Parents before children. */
  readonly directories: ReadonlyMap<B3Digest, Directory>
  readonly files: ReadonlyMap<B3Digest, FileNode>
}

/** Directories asked for at once. */
const wave = 512
/** Files up to this size go in batches of that size. */
const small = 1 << 20
const batch = { items: 1000, bytes: 4 << 20 }

/** All directories and files of some trees, each once. Throws `absent`, `damaged`, `cancelled`. */
export async function treeParts(source: DirectoryStore, roots: Iterable<Node>, options: TransferOptions = {}): Promise<TreeParts> {
  const found = new Map<B3Digest, Directory>()
  const files = new Map<B3Digest, FileNode>()
  const seen = new Set<B3Digest>()
  const next: B3Digest[] = []
  const look = (node: Node): void => {
    if (node.kind === "file") files.set(node.digest, node)
    if (node.kind !== "directory" || seen.has(node.digest)) return
    seen.add(node.digest)
    next.push(node.digest)
  }
  for (const root of roots) look(root)
  while (next.length > 0) {
    throwIfCancelled(options.signal)
    const digests = next.splice(0, wave)
    const directories = await nearFirst(source, options.near, digests)
    for (const [i, digest] of digests.entries()) {
      const directory = directories[i]
      if (directory == null) throw new StoreError("absent", `the directory ${digest} is absent`)
      found.set(digest, directory)
      for (const node of directory.values()) look(node)
    }
  }
  return { directories: found, files }
}

async function nearFirst(
  source: DirectoryStore,
  near: DirectoryStore | undefined,
  digests: readonly B3Digest[],
): Promise<readonly (Directory | null)[]> {
  if (near === undefined) return source.getMany(digests)
  const here = await near.getMany(digests)
  const absent = digests.filter((_, i) => here[i] == null)
  const there = absent.length === 0 ? [] : await source.getMany(absent)
  const fetched = new Map(absent.map((digest, i) => [digest, there[i] ?? null]))
  return digests.map((digest, i) => here[i] ?? fetched.get(digest) ?? null)
}

/** Brings what `to` lacks of the trees from `from`: contents first, then directories. Throws `absent`, `damaged`, `cancelled`, `unreachable`, `quota`. */
export async function transferTrees(from: TreeStores, to: TreeStores, roots: Iterable<Node>, options: TransferOptions = {}): Promise<void> {
  const { directories, files } = await treeParts(from.directories, roots, options)
  const missing = await to.blobs.missing(files.keys())
  const wanted = [...missing].map((digest) => files.get(digest) as FileNode) // only these were asked for
  const all = wanted.reduce((sum, { size }) => sum + size, 0)
  let done = 0
  const tell = (bytes: number): void => {
    done += bytes
    options.progress?.(done, all)
  }
  if (wanted.length > 0) tell(0)
  const few = wanted.filter(({ size }) => size <= small)
  for (const group of batches(few, ({ size }) => size, batch)) {
    throwIfCancelled(options.signal)
    const contents = await from.blobs.getMany(group.map(({ digest }) => digest))
    const bytes = group.map(({ digest, size }, i) => {
      const found = contents[i]
      if (found == null) throw new StoreError("absent", `the blob ${digest} is absent`)
      if (found.length !== size) throw new StoreError("damaged", `the blob ${digest} has ${found.length} bytes, not ${size}`)
      return found
    })
    await to.blobs.putMany(bytes)
    tell(bytes.reduce((sum, { length }) => sum + length, 0))
  }
  for (const file of wanted) if (file.size > small) await transferLarge(from.blobs, to.blobs, file, tell, options.signal)
  throwIfCancelled(options.signal)
  // Children before parents.
  const order = childrenFirst(directories)
  for (let at = 0; at < order.length; at += wave) await to.directories.putMany(order.slice(at, at + wave))
}

async function transferLarge(
  from: BlobStore,
  to: BlobStore,
  file: FileNode,
  tell: (bytes: number) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const writer = to.write()
  try {
    for await (const bytes of (await openFile(from, file)).stream()) {
      throwIfCancelled(signal)
      await writer.write(bytes)
      tell(bytes.length)
    }
    const digest = await writer.close()
    if (digest !== file.digest) throw new StoreError("damaged", `the blob ${file.digest} arrived as ${digest}`)
  } catch (error) {
    await writer.abort()
    throw error
  }
}

/** Directories in an order in which those that are in others come before them. */
function childrenFirst(directories: ReadonlyMap<B3Digest, Directory>): Directory[] {
  const order: Directory[] = []
  const entered = new Set<B3Digest>()
  const stack: { readonly digest: B3Digest; readonly leaving: boolean }[] = []
  for (const root of directories.keys()) {
    stack.push({ digest: root, leaving: false })
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const directory = directories.get(top.digest)
      if (directory === undefined) continue
      if (top.leaving) {
        order.push(directory)
        continue
      }
      if (entered.has(top.digest)) continue
      entered.add(top.digest)
      stack.push({ digest: top.digest, leaving: true })
      for (const node of directory.values()) if (node.kind === "directory") stack.push({ digest: node.digest, leaving: false })
    }
  }
  return order
}
