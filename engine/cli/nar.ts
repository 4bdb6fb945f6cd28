// `thunkpad nar dump|restore|ls|cat` (`nix nar` calls dump pack): Nix archives, as `nix-store --dump`, `nix-store --restore`, `nix nar ls` and
// `nix nar cat` handle them. An archive named "-" is standard input. C++ Nix: src/nix/{dump-path,ls,cat}.cc

import * as fs from "node:fs"
import { NixError } from "../eval/error.ts"
import { joinPath, lastName } from "../eval/path.ts"
import { printJson } from "../formats/json/write.ts"
import { findInListing, listingToJson, listNar, type NarListing, readFileInNar, shallowListing } from "../formats/nar/listing.ts"
import { readNar } from "../formats/nar/reader.ts"
import { commandGroup, readArguments } from "./command.ts"
import { dumpFiles } from "./file-tree.ts"
import { raw } from "./host.ts"
import type { Session } from "./session.ts"
import { attempt, TreeWriter } from "./tree-writer.ts"
import { UsageError } from "./usage-error.ts"

function dump(argv: readonly string[], session: Session): number {
  const [path, more] = readArguments(argv, session, {}).positional
  if (path === undefined || more !== undefined) throw new UsageError("'thunkpad nar dump' takes one path")
  dumpFiles(session, joinPath(session.cwd, path), (chunk) => session.outBytes(chunk))
  return 0
}

function restore(argv: readonly string[], session: Session): number {
  const [path, more] = readArguments(argv, session, {}).positional
  if (path === undefined || more !== undefined)
    throw new UsageError("'thunkpad nar restore' takes one path; the archive comes from standard input")
  const tree = new TreeWriter(joinPath(session.cwd, path), "plain")
  readNar(Buffer.from(session.streams.stdin(), "latin1"), (event) => tree.write(event))
  return 0
}

/** The bytes of an archive that an argument names. */
function readArchive(session: Session, argument: string): Uint8Array {
  if (argument === "-") return Buffer.from(session.streams.stdin(), "latin1")
  const path = joinPath(session.cwd, argument)
  return attempt(`opening NAR file "${path}"`, () => fs.readFileSync(raw(path)))
}

function modeOf(node: NarListing): string {
  if (node.kind === "regular") return node.executable ? "-r-xr-xr-x" : "-r--r--r--"
  return node.kind === "symlink" ? "lrwxrwxrwx" : "dr-xr-xr-x"
}

interface Style {
  readonly long: boolean
  readonly recursive: boolean
}

/** Lists the entries below a node. `name` is how the node itself is called. */
function listEntries(session: Session, node: NarListing, name: string, style: Style): void {
  if (node.kind !== "directory") return
  for (const entry of [...node.entries.keys()].sort()) listNode(session, node.entries.get(entry) as NarListing, `${name}/${entry}`, style)
}

function listNode(session: Session, node: NarListing, name: string, style: Style): void {
  if (style.long) {
    const size = node.kind === "regular" ? (node.size ?? 0) : 0
    const target = node.kind === "symlink" ? ` -> ${node.target}` : ""
    session.out(`${modeOf(node)} ${String(size).padStart(20)} ${name}${target}\n`)
  } else session.out(`${name}\n`)
  if (style.recursive) listEntries(session, node, name, style)
}

function ls(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, {
    switches: [["-R", "--recursive"], ["-l", "--long"], ["-d", "--directory"], "--json"],
  })
  const [archive, path, more] = given.positional
  if (archive === undefined || path === undefined || more !== undefined)
    throw new UsageError("'thunkpad nar ls' takes an archive and a path in it")
  const node = findInListing(listNar(readArchive(session, archive)), path)
  if (node === undefined) throw new NixError("error", `NAR file does not contain path '${joinPath("/", path)}'`, 0)
  const style = { long: given.has("--long"), recursive: given.has("--recursive") }
  if (given.has("--json")) {
    if (given.has("--directory")) throw new UsageError("'--directory' is useless with '--json'")
    session.out(`${printJson(listingToJson(style.recursive ? node : shallowListing(node)))}\n`)
  } else if (node.kind === "directory" && !given.has("--directory")) listEntries(session, node, ".", style)
  else listNode(session, node, node.kind === "directory" ? "." : lastName(joinPath("/", path)), style)
  return 0
}

function cat(argv: readonly string[], session: Session): number {
  const [archive, path, more] = readArguments(argv, session, {}).positional
  if (archive === undefined || path === undefined || more !== undefined)
    throw new UsageError("'thunkpad nar cat' takes an archive and a path in it")
  const nar = readArchive(session, archive)
  const listing = listNar(nar)
  if (findInListing(listing, path)?.kind !== "regular") throw new NixError("error", `NAR does not contain regular file '${path}'`, 0)
  session.outBytes(readFileInNar(nar, listing, path))
  return 0
}

const usage = `Usage: thunkpad nar COMMAND [OPTIONS]

  dump PATH               writes the archive of a file or folder to standard output (also: pack, dump-path)
  restore PATH            unpacks the archive on standard input
  ls [-R] [-l] [-d] [--json] ARCHIVE PATH
                          lists an archive (- is standard input)
  cat ARCHIVE PATH        writes a file of an archive
`

/** The commands on archives. */
export const nar = commandGroup("nar", { dump, restore, ls, cat, pack: dump, "dump-path": dump }, usage)
