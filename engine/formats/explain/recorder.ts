// How the hashing pipeline hands out its intermediates: the functions that compute store paths and derivation hashes take
// a recorder as their last argument and tell it what they have just computed. Without one they do nothing more than before.

import type { HashAlgo } from "../hash/algo.ts"
import type { Bytes } from "../hash/digest.ts"
import type { StorePath } from "../store-path/store-path.ts"

/**
 * What was hashed:
 * `contents`       a text, a derivation's file
 * `nar`, `flat`    a source, as an archive or as one file's bytes
 * `fixed-content`  `fixed:out:…:`, for content that is not a NAR with SHA-256
 * `masked-modulo`  a derivation for its output paths
 * `modulo`         a derivation where it is an input
 * `fixed-modulo`   a fixed output where it is an input
 * `placeholder`    what stands for a path not known yet
 */
export type HashedKind = "contents" | "nar" | "flat" | "fixed-content" | "masked-modulo" | "modulo" | "fixed-modulo" | "placeholder"

/** A store path, with everything between its parts and it. */
export interface StorePathMade {
  readonly type: string
  /** The inner digest, in hexadecimal. */
  readonly hex: string
  readonly name: string
  readonly storeDir: string
  readonly preimage: string
  readonly hash: Uint8Array
  /** The hash folded to 20 bytes. */
  readonly folded: Uint8Array
  readonly path: StorePath
}

/** Gets the intermediates, in the order in which they are computed. */
export interface Recorder {
  /** `hex` is the digest of `bytes`. */
  hashed(kind: HashedKind, algo: HashAlgo, bytes: Bytes, hex: string): void
  storePath(made: StorePathMade): void
  /** In the text hashed next, `hex` stands for `output` of the derivation at `drvPath`. */
  input(drvPath: StorePath, output: string, hex: string): void
}
