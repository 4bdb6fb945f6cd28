// Nix's experimental features, as far as formats depend on them. A reader takes the set of enabled features;
// by default all are on, because a format library must be able to read everything that exists.
// C++ Nix: libutil/experimental-features.cc

import { fail } from "./error.ts"

/** The experimental features that decide whether a format is accepted. */
export type Feature = "blake3-hashes" | "ca-derivations" | "dynamic-derivations" | "git-hashing" | "impure-derivations"

/** A set of enabled features. Names that no format asks for may be in it too. */
export type Features = ReadonlySet<string>

/** Every feature a format can ask for: the default of all readers. */
export const allFeatures: Features = new Set([
  "blake3-hashes",
  "ca-derivations",
  "dynamic-derivations",
  "git-hashing",
  "impure-derivations",
])

/** Fails with Nix's words (code `missing-feature`) unless `feature` is in `features`; `reason` is put in brackets. */
export function requireFeature(features: Features, feature: Feature, reason = ""): void {
  if (features.has(feature)) return
  const why = reason === "" ? "" : ` (${reason})`
  fail(
    "missing-feature",
    `experimental Nix feature '${feature}' is disabled${why}; add '--extra-experimental-features ${feature}' to enable it`,
  )
}
