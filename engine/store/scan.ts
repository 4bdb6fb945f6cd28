// Which store paths a stored tree mentions: in its files, in the targets of its symlinks and in the names of its entries, which is all
// that Nix finds in the archive. The hash part alone is looked for. C++ Nix: libstore/path-references.cc scanForReferences

import type { Node } from "../castore/node.ts"
import type { TreeStores } from "../castore/render-nar.ts"
import { throwIfCancelled } from "../castore/verified.ts"
import { type WalkOptions, walkContents } from "../castore/walk.ts"
import { ReferenceScanner } from "../formats/reference/scan.ts"
import { hashPart, type StorePath } from "../formats/store-path/store-path.ts"
import { bytesOfText } from "./byte-text.ts"

/** The `candidates` that the tree mentions, sorted; the object's own path may be one. Throws `absent`, `damaged`, `cancelled`. */
export async function scanTree(
  stores: TreeStores,
  root: Node,
  candidates: Iterable<StorePath>,
  options: WalkOptions = {},
): Promise<StorePath[]> {
  const paths = new Map<string, StorePath>()
  for (const path of candidates) paths.set(hashPart(path), path)
  const left = new Set(paths.keys())
  const scanned = new Set<string>()
  const found: StorePath[] = []
  const take = (scanner: ReferenceScanner): void => {
    for (const part of scanner.found) if (left.delete(part)) found.push(paths.get(part) as StorePath) // it was among them
  }
  const scanText = (text: string): void => {
    if (text.length < 32) return
    const scanner = new ReferenceScanner(left)
    scanner.push(bytesOfText(text))
    take(scanner)
  }
  for await (const { name, node, contents } of walkContents(stores.blobs, stores.directories, root, options)) {
    // Once all are found there is nothing more to learn.
    if (left.size === 0) break
    scanText(name)
    if (node.kind === "symlink") scanText(node.target)
    if (node.kind !== "file" || contents === undefined || scanned.has(node.digest)) continue
    scanned.add(node.digest)
    const scanner = new ReferenceScanner(left)
    if (contents instanceof Uint8Array) scanner.push(contents)
    else
      for await (const bytes of contents.stream()) {
        throwIfCancelled(options.signal)
        scanner.push(bytes)
      }
    take(scanner)
  }
  return found.sort()
}
