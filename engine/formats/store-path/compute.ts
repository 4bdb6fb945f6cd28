// Computing store paths. All of them are
//
//   HASH = nix32(fold20(sha256(TYPE ":sha256:" HEX ":" STOREDIR ":" NAME)))
//
//   what                                TYPE                                       HEX
//   text file, .drv                     "text" (":" REFERENCE)*                    sha256(contents)
//   source tree by NAR and sha256       "source" (":" REFERENCE)* [":self"]        sha256(NAR)
//   anything else of fixed content      "output:out"                               sha256("fixed:out:" PREFIX ALGO ":" HEX ":")
//   output o of a derivation            "output:" o                                sha256(ATerm modulo its inputs)
//
// C++ Nix: libstore/store-dir-config.cc makeStorePath …; manual: protocols/store-path.md

import { fail, unreachable } from "../error.ts"
import type { Recorder } from "../explain/recorder.ts"
import { printBase16 } from "../hash/base16.ts"
import { type Bytes, digest, hexDigest } from "../hash/digest.ts"
import { compressHash, type Hash } from "../hash/hash.ts"
import { type ContentAddress, methodPrefix } from "./content-address.ts"
import { defaultStoreDir, printStorePath, type StorePath, storePathFromParts } from "./store-path.ts"

/** What a store object refers to. */
export interface References {
  readonly others: Iterable<StorePath>
  /** Whether it refers to itself. */
  readonly self: boolean
}

/** The text that is hashed for a store path. C++ Nix: makeStorePath. */
function storePathPreimage(type: string, hex: string, name: string, storeDir: string = defaultStoreDir): string {
  return `${type}:sha256:${hex}:${storeDir}:${name}`
}

/** The store path for a type, an inner SHA-256 in hexadecimal, and a name; fails on a bad name. C++ Nix: makeStorePath. */
export function makeStorePath(type: string, hex: string, name: string, storeDir: string = defaultStoreDir, recorder?: Recorder): StorePath {
  const preimage = storePathPreimage(type, hex, name, storeDir)
  const hash = digest("sha256", preimage)
  const folded = compressHash(hash, 20)
  const path = storePathFromParts(folded, name)
  recorder?.storePath({ type, hex, name, storeDir, preimage, hash, folded, path })
  return path
}

/** The name of the store path of output `output` of a derivation: the derivation's, and `-output` unless that is `out`. */
export function outputPathName(drvName: string, output: string): string {
  return output === "out" ? drvName : `${drvName}-${output}`
}

/** The path of an input-addressed output; `hex` is the hash modulo of the derivation, masked. C++ Nix: makeOutputPath. */
export function makeOutputPath(
  output: string,
  hex: string,
  drvName: string,
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): StorePath {
  return makeStorePath(`output:${output}`, hex, outputPathName(drvName, output), storeDir, recorder)
}

function typeWithReferences(type: string, references: References, storeDir: string): string {
  let text = type
  for (const path of [...references.others].sort()) text += `:${printStorePath(path, storeDir)}`
  return references.self ? `${text}:self` : text
}

const noReferences: References = { others: [], self: false }

/** The text hashed for the inner digest of fixed content that is not a NAR with sha256. */
function fixedOutputPreimage(address: ContentAddress): string {
  return `fixed:out:${methodPrefix(address.method)}${address.hash.algo}:${printBase16(address.hash.bytes)}:`
}

/**
 * The path of a store object with known content. Fails where Nix refuses: references where the method has no place
 * for them, git with other hashes than sha1 and sha256. C++ Nix: makeFixedOutputPathFromCA.
 */
export function makeFixedOutputPath(
  name: string,
  address: ContentAddress,
  references: References = noReferences,
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): StorePath {
  const { method, hash } = address
  switch (method) {
    case "text": {
      if (hash.algo !== "sha256") fail("bad-content-address", `text hashing must use sha256, but instead using: ${hash.algo}`)
      if (references.self) fail("bad-content-address", "self-reference not allowed with text hashing")
      return makeStorePath(typeWithReferences("text", references, storeDir), printBase16(hash.bytes), name, storeDir, recorder)
    }
    case "git":
      if (hash.algo !== "sha1" && hash.algo !== "sha256") {
        fail("bad-content-address", `Git file ingestion must use SHA-1 or SHA-256 hash, but instead using: ${hash.algo}`)
      }
      break
    case "nar":
      if (hash.algo === "sha256") {
        return makeStorePath(typeWithReferences("source", references, storeDir), printBase16(hash.bytes), name, storeDir, recorder)
      }
      break
    case "flat":
      break
    default:
      return unreachable(method)
  }
  const refers = references.self || !([...references.others].length === 0)
  if (refers) {
    fail(
      "bad-content-address",
      `fixed output derivation '${name}' is not allowed to refer to other store paths.\n` +
        "You may need to use the 'unsafeDiscardReferences' derivation attribute, see the manual for more details.",
    )
  }
  const preimage = fixedOutputPreimage(address)
  const hex = hexDigest("sha256", preimage)
  recorder?.hashed("fixed-content", "sha256", preimage, hex)
  return makeStorePath("output:out", hex, name, storeDir, recorder)
}

/** The path of a text file with these contents: `builtins.toFile` and derivations. */
export function makeTextPath(
  name: string,
  contents: Bytes,
  references: Iterable<StorePath> = [],
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): StorePath {
  const type = typeWithReferences("text", { others: references, self: false }, storeDir)
  const hex = hexDigest("sha256", contents)
  recorder?.hashed("contents", "sha256", contents, hex)
  return makeStorePath(type, hex, name, storeDir, recorder)
}

/** The path of a source tree whose NAR has this SHA-256. */
export function makeSourcePath(name: string, narHash: Hash, storeDir: string = defaultStoreDir): StorePath {
  return makeFixedOutputPath(name, { method: "nar", hash: narHash }, noReferences, storeDir)
}
