// The hash algorithms Nix knows: names and digest sizes.
// C++ Nix: libutil/hash.cc parseHashAlgo, regularHashSize

import { fail } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"

/** A hash algorithm, by Nix's name. */
export type HashAlgo = "md5" | "sha1" | "sha256" | "sha512" | "blake3"

/** Digest size of each algorithm, in bytes. */
export const hashSize: Readonly<Record<HashAlgo, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64, blake3: 32 }

/** The algorithm called `name`, or undefined; `blake3` needs its experimental feature. */
export function parseHashAlgoOpt(name: string, features: Features = allFeatures): HashAlgo | undefined {
  switch (name) {
    case "blake3":
      requireFeature(features, "blake3-hashes")
      return name
    case "md5":
    case "sha1":
    case "sha256":
    case "sha512":
      return name
    default:
      return undefined
  }
}

/** The algorithm called `name`; fails with Nix's words (code `usage`) for any other. */
export function parseHashAlgo(name: string, features: Features = allFeatures): HashAlgo {
  return (
    parseHashAlgoOpt(name, features) ??
    fail("usage", `unknown hash algorithm '${name}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'`)
  )
}
