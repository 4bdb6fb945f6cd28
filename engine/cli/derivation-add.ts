// `thunkpad derivation add < JSON`: writes a derivation given as JSON into the store and prints its path, as
// `nix derivation add` does. C++ Nix: src/nix/derivation-add.cc

import { printAterm } from "../formats/derivation/aterm-writer.ts"
import { derivationPath } from "../formats/derivation/instantiate.ts"
import { checkInvariants, fillInOutputPaths } from "../formats/derivation/invariants.ts"
import { derivationFromJson } from "../formats/derivation/json.ts"
import { ModuloCache } from "../formats/derivation/modulo.ts"
import { parseJson } from "../formats/json/read.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { readArguments } from "./command.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command. Without a store, or with --dry-run, the path is only computed. */
export function derivationAdd(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: ["--dry-run"] })
  if (given.positional.length > 0) throw new UsageError("'thunkpad derivation add' takes no arguments: the JSON comes from standard input")
  const { store, storeDir } = session
  const cache = new ModuloCache((path) => session.requireStore().derivation(path), storeDir)
  const settings = { lookup: cache.get, storeDir, warn: (message: string) => session.err(`warning: ${message}`) }
  const drv = fillInOutputPaths(derivationFromJson(parseJson(session.streams.stdin())), settings)
  checkInvariants(drv, settings)
  const aterm = printAterm(drv, storeDir)
  const path = derivationPath(drv, aterm, storeDir)
  if (store !== null && !given.has("--dry-run")) {
    const references = [...drv.inputSrcs, ...drv.inputDrvs.keys()]
    for (const reference of references) store.require(reference)
    store.addText(`${drv.name}.drv`, aterm, references)
  }
  session.out(`${printStorePath(path, storeDir)}\n`)
  return 0
}
