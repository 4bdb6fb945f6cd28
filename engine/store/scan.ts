// Which store paths a stored tree mentions: in its files, in the targets of its symlinks and in the names of its entries, which is all
// that Nix finds in the archive. The hash part alone is looked for. C++ Nix: libstore/path-references.cc scanForReferences

import type { B3Digest } from "../castore/digest.ts"
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
  const scanned = new Set<B3Digest>()
  const scanner = new ReferenceScanner(paths.keys())
  /** What does not go on from what was before. */
  const begin = (): void => scanner.push(border)
  const scanText = (text: string): void => {
    if (text.length < 32) return
    begin()
    scanner.push(bytesOfText(text))
  }
  for await (const { name, node, contents } of walkContents(stores.blobs, stores.directories, root, options)) {
    // Once all are found there is nothing more to learn.
    if (scanner.found.size === paths.size) break
    scanText(name)
    if (node.kind === "symlink") scanText(node.target)
    if (node.kind !== "file" || contents === undefined || scanned.has(node.digest)) continue
    scanned.add(node.digest)
    begin()
    if (contents instanceof Uint8Array) scanner.push(contents)
    else
      for await (const bytes of contents.stream()) {
        throwIfCancelled(options.signal)
        scanner.push(bytes)
      }
  }
  return [...scanner.found].map((part) => paths.get(part) as StorePath).sort() // only these were looked for
}

/** A byte that is in no hash part. */
const border = new Uint8Array(1)
