// The steps by which a store path comes about: what goes in and where it is from, the exact bytes, what comes out, what
// Nix's source calls it, and a shell command that does the same.

import type { HashAlgo } from "../hash/algo.ts"
import type { Bytes } from "../hash/digest.ts"
import type { StorePath } from "../store-path/store-path.ts"
import type { HashedKind } from "./recorder.ts"

/**
 * What a step does. Those of HashedKind hash, `aterm` is `contents` of a derivation's file, `fingerprint` hashes the text that
 * names type, inner digest, store and name; the rest shorten and write: `fold` (32 bytes to 20), `nix32` (bytes to characters),
 * `path` (store, characters, name).
 */
export type StepKind = HashedKind | "aterm" | "fingerprint" | "fold" | "nix32" | "path"

/** A place in a Nix file; line and column count from 1, the column in bytes. */
export interface SourcePosition {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Where an input came from. */
export type Origin =
  /** An attribute given to `derivation`; `index` is the element of a list (`args`). */
  | { readonly kind: "attribute"; readonly name: string; readonly index?: number; readonly position?: SourcePosition }
  /** The result of another step of the same explanation. */
  | { readonly kind: "step"; readonly id: string }
  /** A file or directory that was read. */
  | { readonly kind: "file"; readonly path: string }
  /** The hash that stands for derivations; `Explainer.modulo` explains it. Several if they hash alike. */
  | { readonly kind: "derivation"; readonly drvPaths: readonly StorePath[] }
  /** A store path that is referred to. */
  | { readonly kind: "reference"; readonly path: StorePath }
  /** Left out on purpose: the paths that are being computed. */
  | { readonly kind: "masked" }
  /** Given by whoever asked (a hash in a narinfo, the text of `toFile`), named. */
  | { readonly kind: "given"; readonly name: string }
  /** A setting: the store directory. */
  | { readonly kind: "setting"; readonly name: string }

/** One input of a step. */
export interface StepInput {
  /** What it is: `type`, `name`, `env.src`, `inputDrvs`, `args.0` … */
  readonly name: string
  readonly value: string
  readonly from: Origin
  /** Where it stands in the step's bytes, first and after the last (escapes included); absent if it is all of them or not in them as it is. */
  readonly span?: readonly [number, number]
}

/** One step. Texts are byte strings. */
export interface Step {
  /** Unique in its explanation: `masked-modulo`, `fold:out`. */
  readonly id: string
  readonly kind: StepKind
  /** What is done, for people. */
  readonly title: string
  /** What it is called in C++ Nix. */
  readonly source: string
  readonly inputs: readonly StepInput[]
  /** The bytes that are hashed (or folded, or written in other characters). */
  readonly bytes: Bytes
  /** How they are hashed, if they are. */
  readonly algo: HashAlgo | undefined
  /** Digests in hexadecimal, else the text. */
  readonly result: string
  /** A command for `sh` that prints the result. */
  readonly shell: string
}

/** The steps in order: no step needs a later one. */
export interface Explanation {
  readonly steps: readonly Step[]
  /** What it leads to: by name (`drvPath`, `out`, `path`, `modulo`) the step whose result it is. */
  readonly results: ReadonlyMap<string, string>
}

interface Description {
  readonly title: string
  readonly source: string
}

/** For each kind what is done, and by what in C++ Nix 2.36. */
export const stepDescriptions: Readonly<Record<StepKind, Description>> = {
  contents: { title: "hash of the contents", source: "hashString (libutil/hash.cc), called by Store::addToStoreFromDump" },
  aterm: { title: "hash of the finished derivation", source: "infoForDerivation (libstore/derivations.cc)" },
  nar: {
    title: "hash of the archive (NAR)",
    source: "hashPath (libutil/file-content-address.cc), SourceAccessor::dumpPath (libutil/archive.cc)",
  },
  flat: { title: "hash of the file's bytes", source: "hashPath (libutil/file-content-address.cc)" },
  "fixed-content": {
    title: "inner fingerprint of fixed content",
    source: "StoreDirConfig::makeFixedOutputPath (libstore/store-dir-config.cc)",
  },
  "masked-modulo": {
    title: "hash of the derivation, own outputs left out, inputs replaced by hashes",
    source: "unparseModulo, hash (libstore/derivation/modulo.cc)",
  },
  modulo: { title: "hash that stands for the derivation as an input", source: "hashInput (libstore/derivation/modulo.cc)" },
  "fixed-modulo": { title: "hash that stands for the fixed output as an input", source: "hashInput (libstore/derivation/modulo.cc)" },
  placeholder: {
    title: "hash for a placeholder",
    source: "hashPlaceholder (libstore/derivations.cc), DownstreamPlaceholder (libstore/downstream-placeholder.cc)",
  },
  fingerprint: { title: "hash of the fingerprint", source: "StoreDirConfig::makeStorePath (libstore/store-dir-config.cc)" },
  fold: { title: "folded to 20 bytes by xor", source: "compressHash (libutil/hash.cc)" },
  nix32: { title: "written in Nix's base 32, last byte first", source: "BaseNix32::encode (libutil/base-nix-32.cc)" },
  path: { title: "store directory, hash and name", source: "StoreDirConfig::printStorePath (libstore/store-dir-config.cc)" },
}
