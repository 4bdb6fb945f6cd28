// Looking at the host's files the way evaluation may: in pure and restricted mode only at allowed paths.
// C++ Nix: filtering-source-accessor.cc over the root file system, source-accessor.cc resolveSymlinks.

import { corepkgs, corepkgsDir } from "./corepkgs.ts"
import { NixError } from "./error.ts"
import type { FileType } from "./host.ts"
import { canonPath, isWithin, parentPath } from "./path.ts"
import type { Runtime } from "./runtime.ts"

/** Whether only allowed paths can be read. */
function guarded(rt: Runtime): boolean {
  return rt.settings.pureEval || rt.settings.restrictEval
}

/** True if evaluation may look at a canonical path: it is below an allowed one, or above one. */
function isAllowed(rt: Runtime, path: string): boolean {
  if (!guarded(rt) || path.startsWith(corepkgsDir)) return true
  for (const allowed of rt.allowedPaths) if (isWithin(path, allowed) || isWithin(allowed, path)) return true
  return false
}

/** The host's answer, or that of the built-in files. */
function lstat(rt: Runtime, path: string): FileType | null {
  if (!path.startsWith(corepkgsDir)) return rt.host.lstat(path)
  return path === corepkgsDir ? "directory" : corepkgs.has(path) ? "regular" : null
}

/** Throws where access is forbidden. */
export function checkAccess(rt: Runtime, path: string): void {
  if (isAllowed(rt, path)) return
  throw new NixError(
    "restricted",
    rt.settings.pureEval
      ? `access to absolute path '${path}' is forbidden in pure evaluation mode (use '--impure' to override)`
      : `access to absolute path '${path}' is forbidden in restricted mode`,
    0,
  )
}

/** Lets evaluation look at a path and all below it, even in pure mode. C++ Nix: EvalState::allowPath. */
export function allowPath(rt: Runtime, path: string): void {
  rt.allowedPaths.add(canonPath(path))
}

/** The type of the entry itself, or null if it is not there or may not be seen. C++ Nix: maybeLstat. */
export function typeOfFile(rt: Runtime, path: string): FileType | null {
  return isAllowed(rt, path) ? lstat(rt, path) : null
}

/** The type of an entry that has to be there. C++ Nix: SourceAccessor::lstat. */
export function lstatAt(rt: Runtime, path: string): FileType {
  checkAccess(rt, path)
  const type = lstat(rt, path)
  if (type === null) throw new NixError("error", `path '${path}' does not exist`, 0)
  return type
}

/** Bytes of a regular file. */
export function readFileAt(rt: Runtime, path: string): string {
  checkAccess(rt, path)
  const type = lstat(rt, path)
  if (type === null) throw new NixError("error", `path '${path}' does not exist`, 0)
  if (type === "symlink") throw new NixError("error", `path '${path}' is a symlink`, 0)
  if (type !== "regular") throw new NixError("error", `file '${path}' is not a regular file`, 0)
  return corepkgs.get(path) ?? rt.host.readFile(path)
}

/** Names and types of a directory's entries; forbidden ones are left out. */
export function readDirAt(rt: Runtime, path: string): ReadonlyMap<string, FileType> {
  checkAccess(rt, path)
  const type = lstat(rt, path)
  if (type === null) throw new NixError("error", `path '${path}' does not exist`, 0)
  if (type === "symlink") throw new NixError("error", `path '${path}' is a symlink`, 0)
  if (type !== "directory") throw new NixError("error", `'${path}' is not a directory`, 0)
  const entries = rt.host.readDir(path)
  if (!guarded(rt)) return entries
  const base = path === "/" ? "" : path
  return new Map([...entries].filter(([name]) => isAllowed(rt, `${base}/${name}`)))
}

/**
 * Resolves symlinks: in all components ("full") or all but the last ("ancestors"). Components that are not
 * there stay as they are. C++ Nix: SourceAccessor::resolveSymlinks.
 */
export function resolveSymlinks(rt: Runtime, path: string, mode: "full" | "ancestors"): string {
  let res = ""
  let linksAllowed = 1024
  const todo = path.split("/").reverse()
  while (todo.length > 0) {
    const part = todo.pop() as string
    if (part === "" || part === ".") continue
    if (part === "..") {
      res = res.slice(0, Math.max(0, res.lastIndexOf("/")))
      continue
    }
    res = `${res}/${part}`
    if (mode === "ancestors" && todo.length === 0) break
    if (typeOfFile(rt, res) !== "symlink") continue
    if (linksAllowed-- === 0) throw new NixError("error", `infinite symlink recursion in path '${path}'`, 0)
    checkAccess(rt, res)
    const target = rt.host.readLink(res)
    res = target.startsWith("/") ? "" : parentPath(res)
    if (res === "/") res = ""
    const parts = target.split("/")
    for (let i = parts.length - 1; i >= 0; i--) todo.push(parts[i] as string)
  }
  return res === "" ? "/" : res
}
