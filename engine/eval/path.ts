// Paths as texts: an absolute path is a byte string without empty, `.` and `..` parts and without a
// slash at its end (but for the root). Nothing here looks at a file system.

import { canonPath as canonText } from "../lang/canon-path.ts"
import { NixError } from "./error.ts"

const untidy = /\/\/|\/\.\.?(?:\/|$)|.\/$|^(?!\/)/

/** An absolute path in canonical form; `..` stops at the root. Refuses null bytes. C++ Nix: canon-path.cc CanonPath. */
export function canonPath(raw: string): string {
  if (raw.includes("\0"))
    throw new NixError("error", `path segment '${raw.replaceAll("\0", "\xe2\x90\x80")}' must not contain null (\\0) bytes`, 0)
  // Nearly all are in order already, and this is asked for every path.
  return untidy.test(raw) ? canonText(raw) : raw
}

/** `path` seen from the canonical path `base`, unless it is absolute itself. */
export function joinPath(base: string, path: string): string {
  return canonPath(path.startsWith("/") ? path : `${base}/${path}`)
}

/** The directory of a canonical path; the root's is the root. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf("/")
  return slash <= 0 ? "/" : path.slice(0, slash)
}

/** The last component of a canonical path, "" for the root. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1)
}

/** True if the canonical `path` is `dir` or below it. C++ Nix: CanonPath::isWithin. */
export function isWithin(path: string, dir: string): boolean {
  return dir === "/" || path === dir || (path.startsWith(dir) && path.charCodeAt(dir.length) === 47)
}

/** What `baseNameOf` returns: the text after the last slash, one slash at the end ignored. C++ Nix: legacyBaseNameOf. */
export function baseNameOfText(path: string): string {
  if (path === "") return ""
  const end = path.endsWith("/") && path.length > 1 ? path.length - 1 : path.length
  const slash = path.lastIndexOf("/", end - 1)
  return path.slice(slash + 1, end)
}

/** What `dirOf` returns for a string: the text before the last slash. */
export function dirOfText(path: string): string {
  const slash = path.lastIndexOf("/")
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash)
}
