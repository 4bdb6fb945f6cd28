// `thunkpad derivation show [-r] DRV…`: derivations as JSON, as `nix derivation show` prints them.
// C++ Nix: src/nix/derivation-show.cc

import { derivationJsonVersion, derivationToJson } from "../formats/derivation/json.ts"
import type { JsonObject } from "../formats/json/value.ts"
import { printJson } from "../formats/json/write.ts"
import type { StorePath } from "../formats/store-path/store-path.ts"
import { readArguments } from "./command.ts"
import { openDrv } from "./drv-argument.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command. `-r` shows all derivations that the given ones depend on, too. */
export function derivationShow(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: [["-r", "--recursive"]] })
  if (given.positional.length === 0) throw new UsageError("'thunkpad derivation show' takes derivations")
  const shown = new Map<StorePath, JsonObject>()
  for (const argument of given.positional) {
    const { path: root, read } = openDrv(session, argument)
    const work = [root]
    for (let path = work.pop(); path !== undefined; path = work.pop()) {
      if (shown.has(path)) continue
      const drv = read(path)
      shown.set(path, derivationToJson(drv))
      if (given.has("--recursive")) work.push(...drv.inputDrvs.keys())
    }
  }
  session.out(`${printJson({ version: derivationJsonVersion, derivations: Object.fromEntries(shown) })}\n`)
  return 0
}
