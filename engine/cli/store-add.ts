// `thunkpad store add [--name NAME] [--mode nar|flat|text|git] [--hash-algo ALGO] [--dry-run] PATH`: copies a file or folder
// into the store and prints its path. C++ Nix: src/nix/add-to-store.cc

import { joinPath, lastName } from "../eval/path.ts"
import { gitContentHash } from "../formats/git/object.ts"
import { parseHashAlgo } from "../formats/hash/algo.ts"
import { Hasher } from "../formats/hash/digest.ts"
import { TreeBuilder } from "../formats/nar/tree.ts"
import { makeFixedOutputPath } from "../formats/store-path/compute.ts"
import { type ContentAddress, parseMethod } from "../formats/store-path/content-address.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { type Arguments, readArguments } from "./command.ts"
import { dumpFiles, readFilePieces, walkFiles } from "./file-tree.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

function addressOf(given: Arguments, session: Session, path: string): ContentAddress {
  const method = parseMethod(given.get("--mode") ?? "nar")
  const algo = parseHashAlgo(given.get("--hash-algo") ?? "sha256")
  if (method === "git") {
    const tree = new TreeBuilder()
    walkFiles(session, path, tree.handle)
    return { method, hash: gitContentHash(algo, tree.tree) }
  }
  const hasher = new Hasher(algo)
  if (method === "nar") dumpFiles(session, path, (chunk) => hasher.update(chunk))
  else readFilePieces(path, (chunk) => hasher.update(chunk))
  return { method, hash: { algo, bytes: hasher.digest() } }
}

/** Runs the command. Without a store, or with --dry-run, the path is only computed. */
export function storeAdd(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, {
    switches: ["--dry-run"],
    values: [["-n", "--name"], "--mode", ["--algo", "--hash-algo"], "--hash-algo"],
  })
  const [argument, more] = given.positional
  if (argument === undefined || more !== undefined) throw new UsageError("'thunkpad store add' takes one path")
  const from = joinPath(session.cwd, argument)
  const address = addressOf(given, session, from)
  const path = makeFixedOutputPath(given.get("--name") ?? lastName(from), address, undefined, session.storeDir)
  const { store } = session
  if (store !== null && !given.has("--dry-run")) store.add(path, [], (handle) => walkFiles(session, from, handle))
  session.out(`${printStorePath(path, session.storeDir)}\n`)
  return 0
}
