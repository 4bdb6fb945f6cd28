// Store paths. In memory one is its base name, HASH-NAME, 32 characters of nix32 (160 bits), a dash and a name:
// short, unique, sorted as Nix sorts, a key of maps as it is. The store's directory is added when text is written.
// C++ Nix: libstore/path.cc, libstore/store-dir-config.cc

import { fail } from "../error.ts"
import { printNix32 } from "../hash/nix32.ts"
import { nameFault } from "./name.ts"

/** The base name of a store path (`HASH-NAME`), known to be valid. */
export type StorePath = string & { readonly StorePath: unique symbol }

/** The directory that Nix's store is in where nobody says otherwise. */
export const defaultStoreDir = "/nix/store"

const hashLength = 32

/** A store path from its base name; fails with Nix's words (code `bad-store-path`). */
export function parseBaseName(baseName: string): StorePath {
  if (baseName.length < hashLength + 1) fail("bad-store-path", `'${baseName}' is too short to be a valid store path`)
  if (baseName[hashLength] !== "-") {
    fail("bad-store-path", `'${baseName}' can't name a store path because the hash part is not followed by a '-'`)
  }
  for (let i = 0; i < hashLength; i++) {
    const char = baseName[i]!
    if (!"0123456789abcdfghijklmnpqrsvwxyz".includes(char)) {
      fail("bad-store-path", `store path '${baseName}' contains illegal base-32 character '${char}'`, i)
    }
  }
  const fault = nameFault(baseName.slice(hashLength + 1))
  if (fault !== undefined) fail("bad-store-path", `path '${baseName}' is not a valid store path: ${fault}`)
  return baseName as StorePath // just checked
}

/** The store path with a hash of 20 bytes and a name; fails if the name is bad. */
export function storePathFromParts(hash: Uint8Array, name: string): StorePath {
  const baseName = `${printNix32(hash)}-${name}`
  const fault = nameFault(name)
  if (fault !== undefined) fail("bad-store-path", `path '${baseName}' is not a valid store path: ${fault}`)
  return baseName as StorePath // nix32 of 20 bytes, a dash, a good name
}

/** Removes double slashes, `.` and `..` from an absolute path, without looking at the file system. C++ Nix: canonPath. */
function canonicalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue
    if (part === "..") parts.pop()
    else parts.push(part)
  }
  return `/${parts.join("/")}`
}

/** A store path from a full path, which may be written clumsily (`//`, `/./`, `/../`, a slash at the end), as Nix allows. */
export function parseStorePath(path: string, storeDir: string = defaultStoreDir): StorePath {
  if (path === "") fail("bad-store-path", "empty path is not a valid store path")
  if (!path.startsWith("/")) fail("bad-store-path", `not an absolute path: "${path}"`)
  const canonical = canonicalPath(path)
  const slash = canonical.lastIndexOf("/")
  if ((canonical.slice(0, slash) || "/") !== storeDir) {
    fail("bad-store-path", `path "${canonical}" is not in the Nix store`)
  }
  return parseBaseName(canonical.slice(slash + 1))
}

/** A store path from exactly the text that printStorePath writes. C++ Nix: parseStorePathCanonical. */
export function parseStorePathStrictly(path: string, storeDir: string = defaultStoreDir): StorePath {
  if (!path.startsWith(storeDir) || path[storeDir.length] !== "/") {
    fail("bad-store-path", `path '${path}' is not in the Nix store`)
  }
  return parseBaseName(path.slice(storeDir.length + 1))
}

/** True if `path` is a store path itself (not something inside one). */
export function isStorePath(path: string, storeDir: string = defaultStoreDir): boolean {
  try {
    parseStorePath(path, storeDir)
    return true
  } catch {
    return false // the question is only whether it can be parsed
  }
}

/** A path below the store, split: the store path, and what follows it (`/bin/sh`, or ""). C++ Nix: Store::toStorePath. */
export function splitStorePath(path: string, storeDir: string = defaultStoreDir): { readonly path: StorePath; readonly rest: string } {
  if (!path.startsWith(`${storeDir}/`)) fail("bad-store-path", `path '${path}' is not in the Nix store`)
  const slash = path.indexOf("/", storeDir.length + 1)
  if (slash < 0) return { path: parseStorePath(path, storeDir), rest: "" }
  return { path: parseStorePath(path.slice(0, slash), storeDir), rest: path.slice(slash) }
}

/** The full path. */
export function printStorePath(path: StorePath, storeDir: string = defaultStoreDir): string {
  return `${storeDir}/${path}`
}

/** The 32 characters before the dash. */
export function hashPart(path: StorePath): string {
  return path.slice(0, hashLength)
}

/** The name: all after the dash. */
export function namePart(path: StorePath): string {
  return path.slice(hashLength + 1)
}

/** True if the name ends in `.drv`. */
export function isDerivationPath(path: StorePath): boolean {
  return path.endsWith(".drv")
}

/** Fails with Nix's words (code `bad-store-path`) unless the name ends in `.drv`. */
export function requireDerivationPath(path: StorePath): void {
  if (!isDerivationPath(path)) fail("bad-store-path", `store path '${path}' is not a valid derivation path`)
}

/** The name of the derivation in the file `path`: its name part without `.drv`. */
export function drvNameOfPath(path: StorePath): string {
  requireDerivationPath(path)
  return path.slice(hashLength + 1, -4)
}
