// What a store knows of an object besides its content, its fingerprint (what is signed), and its JSON in all versions.
//
//   fingerprint  "1;" PATH ";" NARHASH(nix32) ";" NARSIZE ";" REFERENCE,…       full paths
//   JSON 1       full paths, content address and signatures as text
//   JSON 2       base names, content address as an object, signatures as text
//   JSON 3       the same with signatures as objects
//
// C++ Nix: libstore/path-info.cc

import { fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { type Hash, parseSri, printHash } from "../hash/hash.ts"
import { asArray, asBoolean, asObject, asString, asUnsigned, nullableAt, optionalAt, valueAt } from "../json/access.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { makeFixedOutputPath } from "../store-path/compute.ts"
import {
  type ContentAddress,
  contentAddressFromJson,
  contentAddressToJson,
  parseContentAddress,
  printContentAddress,
} from "../store-path/content-address.ts"
import { defaultStoreDir, namePart, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import {
  type PublicKey,
  printSignature,
  type SecretKey,
  type Signature,
  signatureFromJson,
  signatureToJson,
  signText,
  sortSignatures,
  verifyText,
} from "./signature.ts"

/** What is known of an object, without its path. */
export interface UnkeyedPathInfo {
  readonly storeDir: string
  readonly deriver: StorePath | undefined
  readonly narHash: Hash
  /** Size of the archive in bytes; 0 if not known. */
  readonly narSize: number
  /** Sorted, without doubles. May include the path itself. */
  readonly references: readonly StorePath[]
  /** Seconds since 1970; 0 if not known. */
  readonly registrationTime: number
  /** Whether it was built here. */
  readonly ultimate: boolean
  /** Sorted, without doubles. */
  readonly signatures: readonly Signature[]
  readonly ca: ContentAddress | undefined
}

/** What is known of an object. */
export interface PathInfo extends UnkeyedPathInfo {
  readonly path: StorePath
}

/** The versions of the JSON. */
export type PathInfoVersion = 1 | 2 | 3

/** Sorts paths and removes doubles. */
export function sortPaths(paths: Iterable<StorePath>): StorePath[] {
  return [...new Set(paths)].sort()
}

/** The text that signatures of an object sign; fails if the size is not known. */
export function fingerprint(info: Pick<PathInfo, "path" | "narHash" | "narSize" | "references" | "storeDir">): string {
  const { path, narHash, narSize, references, storeDir } = info
  if (narSize === 0) {
    fail("bad-narinfo", `cannot calculate fingerprint of path '${printStorePath(path, storeDir)}' because its size is not known`)
  }
  const refs = references.map((reference) => printStorePath(reference, storeDir)).join(",")
  return `1;${printStorePath(path, storeDir)};${printHash(narHash, "nix32")};${narSize};${refs}`
}

/** The object with one more signature. */
export function signPathInfo<I extends PathInfo>(info: I, key: SecretKey): I {
  return { ...info, signatures: sortSignatures([...info.signatures, signText(key, fingerprint(info))]) }
}

/** True if the path follows from the content address (then no signature is needed). C++ Nix: isContentAddressed. */
export function isContentAddressed(info: PathInfo): boolean {
  const { ca, path, references, storeDir } = info
  if (ca === undefined) return false
  const self = references.includes(path)
  if (ca.method === "text" && self) return false
  const others = references.filter((reference) => reference !== path)
  return makeFixedOutputPath(namePart(path), ca, { others, self }, storeDir) === path
}

/** How many signatures are good; "all" for content-addressed objects. C++ Nix: checkSignatures. */
export function checkSignatures(info: PathInfo, keys: readonly PublicKey[]): number | "all" {
  if (isContentAddressed(info)) return "all"
  const text = fingerprint(info)
  return info.signatures.filter((signature) => verifyText(text, signature, keys)).length
}

/** The JSON form; `impure` adds what is not the same in every store (deriver, time, signatures …). */
export function pathInfoToJson(info: UnkeyedPathInfo, version: PathInfoVersion, part: "pure" | "impure" = "impure"): JsonObject {
  const { storeDir, ca, deriver } = info
  const path = (value: StorePath) => (version === 1 ? printStorePath(value, storeDir) : value)
  const json: { [key: string]: JsonValue } = {
    version,
    storeDir,
    narHash: printHash(info.narHash, "sri"),
    narSize: info.narSize,
    references: info.references.map(path),
    ca: ca === undefined ? null : version === 1 ? printContentAddress(ca) : { ...contentAddressToJson(ca) },
  }
  if (part === "pure") return json
  json["deriver"] = deriver === undefined ? null : path(deriver)
  json["registrationTime"] = info.registrationTime === 0 ? null : info.registrationTime
  json["ultimate"] = info.ultimate
  json["signatures"] = info.signatures.map((signature) => (version === 3 ? signatureToJson(signature) : printSignature(signature)))
  return json
}

/** The version a JSON form says it has; 1 if it says nothing. */
function pathInfoVersion(object: JsonObject): PathInfoVersion {
  const given = optionalAt(object, "version")
  const version = given === undefined ? 1 : asUnsigned(given)
  if (version === 1 || version === 2 || version === 3) return version
  return fail("bad-json", `unsupported path info JSON format version ${version}; supported versions are 1, 2 and 3`)
}

/** Reads any version of the JSON form; `storeDir` is that of version 1, where the form does not tell. */
export function pathInfoFromJson(json: unknown, storeDir: string = defaultStoreDir, features: Features = allFeatures): UnkeyedPathInfo {
  const object = asObject(json)
  const version = pathInfoVersion(object)
  const givenDir = optionalAt(object, "storeDir")
  if (givenDir === undefined && version !== 1) {
    fail("bad-json", "'storeDir' field is required in path info JSON format version 2")
  }
  const path = (value: JsonValue) => (version === 1 ? parseStorePath(asString(value), storeDir) : parseBaseName(asString(value)))
  const ca = valueAt(object, "ca")
  const deriver = nullableAt(object, "deriver")
  const time = nullableAt(object, "registrationTime")
  const ultimate = optionalAt(object, "ultimate")
  const signatures = optionalAt(object, "signatures")
  return {
    storeDir: givenDir === undefined ? storeDir : asString(givenDir),
    narHash: parseSri(asString(valueAt(object, "narHash")), features),
    narSize: asUnsigned(valueAt(object, "narSize")),
    references: sortPaths(asArray(valueAt(object, "references")).map(path)),
    ca: ca === null ? undefined : version === 1 ? parseContentAddress(asString(ca), features) : contentAddressFromJson(ca, features),
    deriver: deriver === null ? undefined : path(deriver),
    registrationTime: time === null ? 0 : asUnsigned(time),
    ultimate: ultimate === undefined ? false : asBoolean(ultimate),
    signatures: signatures === undefined ? [] : sortSignatures(asArray(signatures).map(signatureFromJson)),
  }
}
