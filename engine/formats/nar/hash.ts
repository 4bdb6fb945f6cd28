// Hashes of archives, whole and "modulo" the object's own hash part: content-addressed objects that mention their own
// path are hashed with that mention zeroed, followed by where it was ("|" and the position, for each).
// C++ Nix: libstore/references.cc HashModuloSink

import type { HashAlgo } from "../hash/algo.ts"
import { Hasher } from "../hash/digest.ts"
import type { Hash } from "../hash/hash.ts"
import { RewritingStream } from "../reference/rewrite.ts"
import { type FileTree, writeNarTree } from "./tree.ts"

/** The hash of the archive of a tree, and the archive's size in bytes. */
export function hashNarTree(algo: HashAlgo, tree: FileTree): { readonly hash: Hash; readonly size: number } {
  const hasher = new Hasher(algo)
  const size = writeNarTree(tree, (chunk) => hasher.update(chunk))
  return { hash: { algo, bytes: hasher.digest() }, size }
}

/** A hash of a stream in which `modulus` (a hash part) counts as zeros, with the places where it was. */
export class ModuloHasher {
  readonly #hasher: Hasher
  readonly #rewriter: RewritingStream

  constructor(algo: HashAlgo, modulus: string) {
    this.#hasher = new Hasher(algo)
    this.#rewriter = new RewritingStream(modulus, "\0".repeat(modulus.length), (chunk) => this.#hasher.update(chunk))
  }

  /** Takes a chunk. */
  push(chunk: Uint8Array): void {
    this.#rewriter.push(chunk)
  }

  /** Ends the stream and gives the hash. */
  finish(): Hash {
    this.#rewriter.finish()
    for (const position of this.#rewriter.matches) this.#hasher.update(`|${position}`)
    return { algo: this.#hasher.algo, bytes: this.#hasher.digest() }
  }
}
