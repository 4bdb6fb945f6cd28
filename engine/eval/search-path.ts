// Looking `<name>` up in a search path. C++ Nix: search-path.cc, eval.cc findFile.

import { checkAccess, resolveSymlinks, typeOfFile } from "./access.ts"
import { corepkgsDir } from "./corepkgs.ts"
import { NixError } from "./error.ts"
import { canonPath, joinPath } from "./path.ts"
import type { Runtime, SearchPathEntry } from "./runtime.ts"

/** What is left of `path` behind the prefix, or null if the prefix does not fit (C++ Nix: suffixIfPotentialMatch). */
export function suffixOf(prefix: string, path: string): string | null {
  const n = prefix.length
  const separated = n > 0 && n < path.length
  if (separated && path.charAt(n) !== "/") return null
  if (!path.startsWith(prefix)) return null
  return path.slice(separated ? n + 1 : n)
}

const urlSchemes = new Set(["http", "https", "file", "channel", "git", "s3", "ssh"])

/** True for entries that are downloaded (C++ Nix: EvalSettings::isPseudoUrl). */
function isPseudoUrl(entry: string): boolean {
  if (entry.startsWith("channel:")) return true
  const end = entry.indexOf("://")
  return end >= 0 && urlSchemes.has(entry.slice(0, end))
}

/** The path of an entry, or null if it does not exist (with a warning, once). */
function resolveEntry(rt: Runtime, entry: string): string | null {
  const known = rt.searchEntries.get(entry)
  if (known !== undefined) return known
  if (isPseudoUrl(entry) || entry.startsWith("flake:"))
    throw new NixError("not-yet", `fetching the search path entry '${entry}' is not supported yet`, 0)
  const path = joinPath(rt.host.cwd ?? "/", entry)
  let found: string | null = path
  const resolved = resolveSymlinks(rt, path, "full")
  if (typeOfFile(rt, resolved) === null) {
    checkAccess(rt, path)
    rt.host.log(`warning: Nix search path entry '${entry}' does not exist, ignoring`)
    found = null
  }
  rt.searchEntries.set(entry, found)
  return found
}

/** The path that `<path>` stands for; an error that tryEval catches if there is none. */
export function findFile(rt: Runtime, entries: readonly SearchPathEntry[], path: string, pos: number): string {
  for (const entry of entries) {
    const suffix = suffixOf(entry.prefix, path)
    if (suffix === null) continue
    const dir = resolveEntry(rt, entry.path)
    if (dir === null) continue
    const found = resolveSymlinks(rt, canonPath(`${dir}/${canonPath(suffix)}`), "full")
    if (typeOfFile(rt, found) !== null) return found
    checkAccess(rt, found)
  }
  if (path.startsWith("nix/")) return `${corepkgsDir}${canonPath(path.slice(3))}`
  throw new NixError(
    "throw",
    rt.settings.pureEval
      ? `cannot look up '<${path}>' in pure evaluation mode (use '--impure' to override)`
      : `file '${path}' was not found in the Nix search path (add it using $NIX_PATH or -I)`,
    pos,
  )
}
