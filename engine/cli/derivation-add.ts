// `thunkpad derivation add [--as-nix VERSION] < JSON`: writes a derivation given as JSON (that of an older Nix if it is named) into the
// store and prints its path, as `nix derivation add` does. C++ Nix: src/nix/derivation-add.cc

import { printAterm } from "../formats/derivation/aterm-writer.ts"
import type { Derivation } from "../formats/derivation/derivation.ts"
import { derivationPath } from "../formats/derivation/instantiate.ts"
import { checkInvariants, fillInOutputPaths } from "../formats/derivation/invariants.ts"
import { derivationFromJson } from "../formats/derivation/json.ts"
import { ModuloCache } from "../formats/derivation/modulo.ts"
import { derivationFromOldJson } from "../formats/derivation/old-json.ts"
import { asObject, asString, optionalAt, valueAt } from "../formats/json/access.ts"
import { parseJson } from "../formats/json/read.ts"
import type { JsonValue } from "../formats/json/value.ts"
import { printStorePath } from "../formats/store-path/store-path.ts"
import { readArguments } from "./command.ts"
import { jsonShape } from "./derivation-show.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** A derivation in a shape before version 4. Before 2.15 only its variables tell its name. */
function readOldJson(json: JsonValue, storeDir: string): Derivation {
  const object = asObject(json)
  const name = optionalAt(object, "name") ?? valueAt(asObject(valueAt(object, "env")), "name")
  return derivationFromOldJson(object, asString(name), storeDir)
}

/** Runs the command. Without a store, or with --dry-run, the path is only computed. */
export function derivationAdd(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: ["--dry-run"], values: ["--as-nix"] })
  if (given.positional.length > 0) throw new UsageError("'thunkpad derivation add' takes no arguments: the JSON comes from standard input")
  const { store, storeDir } = session
  const cache = new ModuloCache((path) => session.requireStore().derivation(path), storeDir)
  const settings = { lookup: cache.get, storeDir, warn: (message: string) => session.err(`warning: ${message}`) }
  const json = parseJson(session.streams.stdin())
  const drv = fillInOutputPaths(jsonShape(given) === null ? derivationFromJson(json) : readOldJson(json, storeDir), settings)
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
