// Hashes as text, with Nix's exact leniency.
//
//   prefixed   algo ":" digits        digits in base16, nix32 or Base64: told apart by their number
//   SRI        algo "-" base64
//   bare       digits                 only where the algorithm is known otherwise
//
// C++ Nix: libutil/hash.cc

import { FormatError, fail, unreachable } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { type HashAlgo, hashSize, parseHashAlgo } from "./algo.ts"
import { parseBase16, printBase16 } from "./base16.ts"
import { parseBase64, printBase64 } from "./base64.ts"
import { type Bytes, digest } from "./digest.ts"
import { nix32Length, parseNix32, printNix32 } from "./nix32.ts"

/** A digest and the algorithm that made it. */
export interface Hash {
  readonly algo: HashAlgo
  readonly bytes: Uint8Array
}

/** How digits are written; `sri` is Base64 behind `algo-`. */
export type HashFormat = "base16" | "nix32" | "base64" | "sri"

/** Hashes `data`. */
export function hashBytes(algo: HashAlgo, data: Bytes): Hash {
  return { algo, bytes: digest(algo, data) }
}

/** The digits alone, without the algorithm (`sri` is Base64 here). */
export function printHashDigits(hash: Hash, format: HashFormat): string {
  switch (format) {
    case "base16":
      return printBase16(hash.bytes)
    case "nix32":
      return printNix32(hash.bytes)
    case "base64":
    case "sri":
      return printBase64(hash.bytes)
    default:
      return unreachable(format)
  }
}

/** The hash with its algorithm: `sha256:…`, or `sha256-…` for `sri`. */
export function printHash(hash: Hash, format: HashFormat): string {
  return hash.algo + (format === "sri" ? "-" : ":") + printHashDigits(hash, format)
}

/** True if both are the same digest of the same algorithm. */
export function hashEquals(a: Hash, b: Hash): boolean {
  return a.algo === b.algo && a.bytes.length === b.bytes.length && a.bytes.every((byte, i) => byte === b.bytes[i])
}

function formatOfLength(digits: string, algo: HashAlgo): Exclude<HashFormat, "sri"> {
  const size = hashSize[algo]
  if (digits.length === size * 2) return "base16"
  if (digits.length === nix32Length(size)) return "nix32"
  if (digits.length === Math.ceil(size / 3) * 4) return "base64"
  return fail("bad-hash", `hash '${digits}' has wrong length for hash algorithm '${algo}'`)
}

const encodingName: Readonly<Record<HashFormat, string>> = {
  base16: "base16",
  nix32: "nix32",
  base64: "Base64",
  sri: "SRI",
}

function decode(digits: string, format: HashFormat): Uint8Array {
  switch (format) {
    case "base16":
      return parseBase16(digits)
    case "nix32":
      return parseNix32(digits)
    case "base64":
    case "sri":
      return parseBase64(digits)
    default:
      return unreachable(format)
  }
}

/** The bytes of `digits`, or none where they cannot be decoded: Nix then complains of the length (hash.cc parseLowLevel). */
function decodeOrNothing(digits: string, format: HashFormat): Uint8Array {
  try {
    return decode(digits, format)
  } catch (error) {
    if (error instanceof FormatError) return new Uint8Array(0)
    throw error
  }
}

/** A hash from digits in a known encoding; fails with Nix's words (code `bad-hash`). */
export function parseHashIn(digits: string, algo: HashAlgo, format: HashFormat): Hash {
  const size = hashSize[algo]
  const bytes = decodeOrNothing(digits, format)
  if (bytes.length !== size) {
    fail("bad-hash", `invalid ${encodingName[format]} hash '${digits}', length ${bytes.length} != expected length ${size}`)
  }
  return { algo, bytes }
}

/** A hash from bare digits of a known algorithm; their number tells the encoding. */
export function parseBareHash(digits: string, algo: HashAlgo): Hash {
  return parseHashIn(digits, algo, formatOfLength(digits, algo))
}

/** A hash `algo-base64`, and nothing else. */
export function parseSri(text: string, features: Features = allFeatures): Hash {
  const dash = text.indexOf("-")
  if (dash < 0) fail("bad-hash", `hash '${text}' is not SRI`)
  return parseHashIn(text.slice(dash + 1), parseHashAlgo(text.slice(0, dash), features), "sri")
}

/** A hash in any form, and the form it had. `algo` is the algorithm expected, if one is. */
export function parseHashWithFormat(
  text: string,
  algo?: HashAlgo,
  features: Features = allFeatures,
): { readonly hash: Hash; readonly format: HashFormat } {
  let end = text.indexOf(":")
  let sri = false
  if (end < 0) {
    end = text.indexOf("-")
    sri = end >= 0
  }
  const named = end < 0 ? undefined : parseHashAlgo(text.slice(0, end), features)
  if (named !== undefined && algo !== undefined && named !== algo) {
    fail("bad-hash", `hash '${text}' should have type '${algo}'`)
  }
  const actual = named ?? algo ?? fail("bad-hash", `hash '${text}' does not include a type, nor is the type otherwise known from context`)
  const digits = text.slice(end + 1)
  const format = sri ? "sri" : formatOfLength(digits, actual)
  return { hash: parseHashIn(digits, actual, format), format }
}

/** A hash in any form: SRI, prefixed, or bare where `algo` is given (it must agree with the text). */
export function parseHash(text: string, algo?: HashAlgo, features: Features = allFeatures): Hash {
  return parseHashWithFormat(text, algo, features).hash
}

/** A hash that names its algorithm (`algo:…` or `algo-…`). */
export function parsePrefixedHash(text: string, features: Features = allFeatures): Hash {
  if (!text.includes(":") && !text.includes("-")) fail("bad-hash", `hash '${text}' does not include a type`)
  return parseHash(text, undefined, features)
}

/**
 * A hash, or all zeros for the empty text, which needs `algo`.
 * Nix warns about the empty text; `warn` gets that message.
 */
export function parseHashAllowEmpty(
  text: string,
  algo: HashAlgo | undefined,
  warn: (message: string) => void,
  features: Features = allFeatures,
): Hash {
  if (text !== "") return parseHash(text, algo, features)
  if (algo === undefined) throw new FormatError("bad-hash", "empty hash requires explicit hash algorithm")
  const hash: Hash = { algo, bytes: new Uint8Array(hashSize[algo]) }
  warn(`found empty hash, assuming '${printHash(hash, "sri")}'`)
  return hash
}

/** The format called `name`; `base32` is an old word for `nix32`, for which `warn` gets Nix's message. */
export function parseHashFormat(name: string, warn?: (message: string) => void): HashFormat {
  switch (name) {
    case "base16":
    case "nix32":
    case "base64":
    case "sri":
      return name
    case "base32":
      warn?.('"base32" is a deprecated alias for hash format "nix32".')
      return "nix32"
    default:
      return fail("usage", `unknown hash format '${name}', expect 'base16', 'base32', 'base64', or 'sri'`)
  }
}

/** Rewrites a hash in another format, as `builtins.convertHash`: only `sri` names the algorithm. */
export function convertHash(text: string, algo: HashAlgo | undefined, format: HashFormat, features: Features = allFeatures): string {
  const hash = parseHash(text, algo, features)
  return format === "sri" ? printHash(hash, "sri") : printHashDigits(hash, format)
}

/** Folds a digest to `size` bytes by xor: Nix's shortening of hashes in store paths. */
export function compressHash(bytes: Uint8Array, size: number): Uint8Array {
  const folded = new Uint8Array(size)
  for (let i = 0; i < bytes.length; i++) {
    folded[i % size] = (folded[i % size] as number) ^ (bytes[i] as number) // both indices are in range
  }
  return folded
}
