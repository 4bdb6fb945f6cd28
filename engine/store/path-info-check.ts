// The rules that path infos keep before anybody stores them. Snix: store/src/proto/mod.rs, store/src/path_info.rs; beyond those,
// all content addresses of Nix are allowed, and the parts have to agree with each other.

import { entryToBytes } from "../castore/directory.ts"
import { StoreError } from "../castore/error.ts"
import { FormatError } from "../formats/error.ts"
import { hashSize } from "../formats/hash/algo.ts"
import { sortPaths } from "../formats/narinfo/path-info.ts"
import { isDerivationPath, parseBaseName } from "../formats/store-path/store-path.ts"
import type { StoredPath } from "./path-info-store.ts"

/** Throws StoreError `invalid` unless the info keeps all rules. */
export function checkStoredPath(info: StoredPath): void {
  const bad = (why: string): never => {
    throw new StoreError("invalid", `what is known of the store path '${info.path}' is invalid: ${why}`)
  }
  try {
    parseBaseName(info.path)
    for (const reference of info.references) parseBaseName(reference)
    if (info.deriver !== undefined) parseBaseName(info.deriver)
  } catch (error) {
    if (error instanceof FormatError) bad(error.message)
    throw error
  }
  if (!/^(?:\/[^/\0]+)+$/.test(info.storeDir)) bad(`the store '${info.storeDir}' is no absolute path`)
  if (info.deriver !== undefined && !isDerivationPath(info.deriver)) bad(`its deriver '${info.deriver}' is no derivation`)
  if (info.narHash.algo !== "sha256" || info.narHash.bytes.length !== 32) bad("its archive has no SHA-256")
  if (!Number.isSafeInteger(info.narSize) || info.narSize <= 0) bad(`its archive has the size ${info.narSize}`)
  const sorted = sortPaths(info.references)
  if (sorted.length !== info.references.length || sorted.some((path, i) => path !== info.references[i]))
    bad("its references are not sorted, or one is there twice")
  for (const { keyName, bytes } of info.signatures) {
    if (bytes.length !== 64) bad(`a signature has ${bytes.length} bytes, not 64`)
    if (!/^[\x21-\x39\x3b-\x7e]+$/.test(keyName)) bad("the name of a signature is empty, or has blanks, colons or other signs")
  }
  if (info.ca !== undefined && info.ca.hash.bytes.length !== hashSize[info.ca.hash.algo])
    bad(`its content address has ${info.ca.hash.bytes.length} bytes, not ${hashSize[info.ca.hash.algo]}`)
  if (!Number.isSafeInteger(info.registrationTime) || info.registrationTime < 0) bad("its time of registration is no time")
  // The rules of nodes are castore's.
  entryToBytes(info.node)
}
