// Content addresses: how the content of a store object was hashed, and the hash.
//
//   "text:" hash | "fixed:" [ "r:" | "git:" ] hash          hash = algo ":" digits (written in nix32)
//
// C++ Nix: libstore/content-address.cc

import { fail, unreachable } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"
import { type HashAlgo, parseHashAlgo } from "../hash/algo.ts"
import { type Hash, parseBareHash, parseSri, printHash } from "../hash/hash.ts"

/** What is hashed: the file's bytes (`flat`, `text`), the NAR, or the git object. */
export type ContentAddressMethod = "flat" | "nar" | "text" | "git"

/** A method and the hash of the content. */
export interface ContentAddress {
  readonly method: ContentAddressMethod
  readonly hash: Hash
}

/** The method called `name` (`flat`, `nar`, `text`, `git`), as `outputHashMode` and JSON have it. */
export function parseMethod(name: string, features: Features = allFeatures): ContentAddressMethod {
  switch (name) {
    case "text":
    case "flat":
    case "nar":
      return name
    case "git":
      requireFeature(features, "git-hashing")
      return name
    default:
      return fail("usage", `Unknown file ingestion method '${name}', expect \`flat\`, \`nar\`, or \`git\``)
  }
}

/** The prefix before the algorithm in a derivation's output: "", `r:`, `text:`, `git:`. */
export function methodPrefix(method: ContentAddressMethod): string {
  switch (method) {
    case "flat":
      return ""
    case "nar":
      return "r:"
    case "text":
      return "text:"
    case "git":
      return "git:"
    default:
      return unreachable(method)
  }
}

/** A method and an algorithm as a derivation's output has them: `r:sha256`. */
export function printMethodAlgo(method: ContentAddressMethod, algo: HashAlgo): string {
  return methodPrefix(method) + algo
}

/** Reads `r:sha256`. */
export function parseMethodAlgo(
  text: string,
  features: Features = allFeatures,
): { readonly method: ContentAddressMethod; readonly algo: HashAlgo } {
  let method: ContentAddressMethod = "flat"
  let rest = text
  for (const candidate of ["nar", "git", "text"] as const) {
    const prefix = methodPrefix(candidate)
    if (!text.startsWith(prefix)) continue
    if (candidate === "git") requireFeature(features, "git-hashing")
    method = candidate
    rest = text.slice(prefix.length)
    break
  }
  return { method, algo: parseHashAlgo(rest, features) }
}

/** A method and an algorithm as content addresses begin: `fixed:r:sha256`, `text:sha256`. */
export function printAddressPrefix(method: ContentAddressMethod, algo: HashAlgo): string {
  return (method === "text" ? "text:" : `fixed:${methodPrefix(method)}`) + algo
}

/** The content address as text, as in narinfos and the database. */
export function printContentAddress(address: ContentAddress): string {
  return (address.method === "text" ? "text:" : `fixed:${methodPrefix(address.method)}`) + printHash(address.hash, "nix32")
}

/** Splits `fixed:r:sha256:REST` into method, algorithm and REST. */
function readAddressPrefix(text: string, features: Features): { method: ContentAddressMethod; algo: HashAlgo; rest: string } {
  const colon = text.indexOf(":")
  if (colon < 0) fail("bad-content-address", `not a content address because it is not in the form '<prefix>:<rest>': ${text}`)
  const prefix = text.slice(0, colon)
  let rest = text.slice(colon + 1)
  let method: ContentAddressMethod = "text"
  if (prefix === "fixed") {
    method = "flat"
    if (rest.startsWith("r:")) method = "nar"
    else if (rest.startsWith("git:")) {
      requireFeature(features, "git-hashing")
      method = "git"
    }
    rest = rest.slice(methodPrefix(method).length)
  } else if (prefix !== "text") {
    fail("bad-content-address", `content address prefix '${prefix}' is unrecognized. Recogonized prefixes are 'text' or 'fixed'`)
  }
  const second = rest.indexOf(":")
  if (second < 0) fail("bad-content-address", `content address hash must be in form '<algo>:<hash>', but found: ${rest}`)
  return { method, algo: parseHashAlgo(rest.slice(0, second), features), rest: rest.slice(second + 1) }
}

/** Reads a content address. */
export function parseContentAddress(text: string, features: Features = allFeatures): ContentAddress {
  const { method, algo, rest } = readAddressPrefix(text, features)
  return { method, hash: parseBareHash(rest, algo) }
}

/** Reads the part before the digits: `fixed:r:sha256`. */
export function parseAddressPrefix(
  text: string,
  features: Features = allFeatures,
): { readonly method: ContentAddressMethod; readonly algo: HashAlgo } {
  const { method, algo } = readAddressPrefix(`${text}:`, features)
  return { method, algo }
}

/** The JSON form: `{ hash, method }`, the hash as SRI. */
export function contentAddressToJson(address: ContentAddress): { readonly hash: string; readonly method: string } {
  return { hash: printHash(address.hash, "sri"), method: address.method }
}

/** Reads the JSON form. */
export function contentAddressFromJson(json: unknown, features: Features = allFeatures): ContentAddress {
  if (typeof json !== "object" || json === null) return fail("bad-json", "expected a content address as a JSON object")
  const { hash, method } = json as { hash?: unknown; method?: unknown } // fields are checked next
  if (typeof method !== "string") return fail("bad-json", "expected a content address with a string 'method'")
  if (typeof hash !== "string") return fail("bad-json", "expected a content address with a string 'hash'")
  return { method: parseMethod(method, features), hash: parseSri(hash, features) }
}
