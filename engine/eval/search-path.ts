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

/** True for entries and file arguments that are downloaded (C++ Nix: EvalSettings::isPseudoUrl). */
export function isPseudoUrl(entry: string): boolean {
  if (entry.startsWith("channel:")) return true
  const end = entry.indexOf("://")
  return end >= 0 && urlSchemes.has(entry.slice(0, end))
}

/** The address that is meant: `channel:NAME` is short for the archive of a channel (C++ Nix: EvalSettings::resolvePseudoUrl). */
export function resolvePseudoUrl(url: string): string {
  return url.startsWith("channel:") ? `https://channels.nixos.org/${url.slice("channel:".length)}/nixexprs.tar.xz` : url
}

/** The store path of the tree of an archive at an address (C++ Nix: downloadTarball). Throws NixError and Pending. */
export function fetchPseudoUrl(rt: Runtime, url: string): string {
  if (rt.host.download === undefined) throw new NixError("error", `unable to download '${url}': there is no network here`, 0)
  const path = rt.host.download({ url: resolvePseudoUrl(url), name: "source", unpack: true })
  rt.allowedPaths.add(path)
  return path
}

/** The tree of a search path entry that is an address, or null if it cannot be had (with a warning, once). */
function fetchEntry(rt: Runtime, entry: string): string | null {
  try {
    return fetchPseudoUrl(rt, entry)
  } catch (e) {
    // Where nothing may be fetched it could be allowed.
    if (!(e instanceof NixError) || e.kind === "not-allowed") throw e
    rt.host.log(`warning: Nix search path entry '${entry}' cannot be downloaded, ignoring`)
    return null
  }
}

/** The path of an entry, or null if it does not exist (with a warning, once). */
function resolveEntry(rt: Runtime, entry: string): string | null {
  const known = rt.searchEntries.get(entry)
  if (known !== undefined) return known
  if (entry.startsWith("flake:"))
    throw new NixError("not-yet", `the search path entry '${entry}' is a flake, which is not supported yet`, 0)
  if (isPseudoUrl(entry)) {
    const fetched = fetchEntry(rt, entry)
    rt.searchEntries.set(entry, fetched)
    return fetched
  }
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
