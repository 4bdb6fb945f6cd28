// `thunkpad store gc [--dry-run] [--max BYTES]`: removes the objects that no root keeps. Roots are the links that --add-root makes and
// whatever else is in `gcroots` and `profiles`. C++ Nix: src/nix/store-gc.cc, libstore/gc.cc findRoots

import * as fs from "node:fs"
import { joinPath, parentPath } from "../eval/path.ts"
import { FormatError } from "../formats/error.ts"
import { type StorePath, splitStorePath } from "../formats/store-path/store-path.ts"
import { readArguments } from "./command.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import type { StoreFolder } from "./store-folder.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command: what is removed, or would be, is printed. */
export function storeGc(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: ["--dry-run"], values: ["--max"] })
  if (given.positional.length > 0) throw new UsageError("'thunkpad store gc' takes no paths")
  const max = Number(given.get("--max") ?? Number.POSITIVE_INFINITY)
  if (!(max > 0)) throw new UsageError("'--max' takes a number of bytes")
  const store = session.requireStore()
  const live = store.closure(findRoots(store))
  // What refers to others goes before them: whoever is stopped leaves no object without what it refers to.
  const dead = store.sort(store.paths().filter((path) => !live.has(path)))
  const removed: StorePath[] = []
  let freed = 0
  for (const path of dead) {
    if (freed >= max) break
    freed += store.info(path).narSize
    removed.push(path)
  }
  if (!given.has("--dry-run")) store.remove(removed)
  for (const path of removed) session.out(`${store.print(path)}\n`)
  const verb = given.has("--dry-run") ? "would be" : "were"
  session.err(`${removed.length} store paths ${verb} deleted, ${freed} bytes freed`)
  return 0
}

/** The objects that roots point to, if they are there. */
function findRoots(store: StoreFolder): StorePath[] {
  const found = new Set<StorePath>()
  for (const dir of ["gcroots", "profiles"]) {
    for (const link of linksBelow(store.real(`/nix/var/nix/${dir}`))) {
      // A root of the user's: a link to a link in some place of theirs. If that is gone, so is the root.
      const path = targetIn(store, link) ?? targetIn(store, readLink(link) ?? "")
      if (path !== undefined && store.has(path)) found.add(path)
    }
  }
  return [...found]
}

function linksBelow(path: string): string[] {
  const stat = fs.lstatSync(raw(path), { throwIfNoEntry: false })
  if (stat?.isSymbolicLink() === true) return [path]
  if (stat?.isDirectory() !== true) return []
  return fs.readdirSync(raw(path), "latin1").flatMap((name) => linksBelow(`${path}/${name}`))
}

/** Where a link points to, absolute; undefined if it is none. */
function readLink(link: string): string | undefined {
  if (fs.lstatSync(raw(link), { throwIfNoEntry: false })?.isSymbolicLink() !== true) return undefined
  return joinPath(parentPath(link), fs.readlinkSync(raw(link), { encoding: "buffer" }).toString("latin1"))
}

/** The object that a link points to or into. */
function targetIn(store: StoreFolder, link: string): StorePath | undefined {
  const target = link === "" ? undefined : readLink(link)
  if (target === undefined) return undefined
  // As paths are written in the store, or as they are on the disk.
  const path = target.startsWith(store.real(`${store.storeDir}/`)) ? target.slice(store.root.length) : target
  try {
    return splitStorePath(path, store.storeDir).path
  } catch (error) {
    if (error instanceof FormatError) return undefined
    throw error
  }
}
