// `thunkpad derivation show [-r] [--as-nix VERSION] DRV…`: derivations as JSON, as `nix derivation show` prints them, that of an older Nix
// if it is named.
// C++ Nix: src/nix/derivation-show.cc

import { derivationJsonVersion, derivationToJson } from "../formats/derivation/json.ts"
import { derivationToOldJson, type OldJsonShape, oldJsonShapeOf } from "../formats/derivation/old-json.ts"
import type { JsonObject } from "../formats/json/value.ts"
import { printJson } from "../formats/json/write.ts"
import { printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import { type Arguments, readArguments } from "./command.ts"
import { openDrv } from "./drv-argument.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** The older shape of JSON that --as-nix wants; null for Nix's own of today. Fails with a UsageError. */
export function jsonShape(given: Arguments): OldJsonShape | null {
  const version = given.get("--as-nix")
  const shape = version === undefined ? null : oldJsonShapeOf(version)
  if (shape === undefined) throw new UsageError(`'--as-nix' takes a version of Nix, as 2.18, not '${version}'`)
  return shape
}

/** Runs the command. `-r` shows all derivations that the given ones depend on, too. */
export function derivationShow(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: [["-r", "--recursive"]], values: ["--as-nix"] })
  const shape = jsonShape(given)
  if (given.positional.length === 0) throw new UsageError("'thunkpad derivation show' takes derivations")
  const shown = new Map<StorePath, JsonObject>()
  const { storeDir } = session
  for (const argument of given.positional) {
    const { path: root, read } = openDrv(session, argument)
    const work = [root]
    for (let path = work.pop(); path !== undefined; path = work.pop()) {
      if (shown.has(path)) continue
      const drv = read(path)
      shown.set(path, shape === null ? derivationToJson(drv) : derivationToOldJson(drv, shape, storeDir))
      if (given.has("--recursive")) work.push(...drv.inputDrvs.keys())
    }
  }
  const byPath = Object.fromEntries(
    [...shown].map(([path, json]) => [shape === null || shape >= 32 ? path : printStorePath(path, storeDir), json]),
  )
  session.out(`${printJson(shape === null ? { version: derivationJsonVersion, derivations: byPath } : byPath)}\n`)
  return 0
}
