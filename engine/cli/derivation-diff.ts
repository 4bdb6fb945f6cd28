// `thunkpad derivation diff A B [--json]`: why two derivations differ.

import { compareGraphs } from "../formats/derivation/diff/graph.ts"
import { graphDifferenceToJson, printGraphDifference } from "../formats/derivation/diff/print.ts"
import { printJson } from "../formats/json/write.ts"
import { readArguments } from "./command.ts"
import { openDrv } from "./drv-argument.ts"
import type { Session } from "./session.ts"
import { UsageError } from "./usage-error.ts"

/** Runs the command; the exit status is 0 for equal derivations, else 1, as diff has it. */
export function derivationDiff(argv: readonly string[], session: Session): number {
  const given = readArguments(argv, session, { switches: ["--json"] })
  const [left, right, more] = given.positional
  if (left === undefined || right === undefined || more !== undefined)
    throw new UsageError("'thunkpad derivation diff' takes two derivations")
  const sides = { left: openDrv(session, left), right: openDrv(session, right) }
  const { storeDir } = sides.left
  const diff = compareGraphs(sides.left.path, sides.right.path, (path, side) => sides[side].read(path), {
    storeDir,
    sourceText: (path, side) => sides[side].text(path),
  })
  session.out(given.has("--json") ? `${printJson(graphDifferenceToJson(diff))}\n` : printGraphDifference(diff, storeDir))
  return diff.left === diff.right ? 0 : 1
}
