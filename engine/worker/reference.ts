// The reference of builtins: from the objects that declare them, nothing is written twice.

import type { PrimOp } from "../eval/builtin.ts"
import { constants } from "../eval/builtins/constants.ts"
import { builtinsConstant, primOps } from "../eval/builtins.ts"
import type { ReferenceEntry } from "./language-protocol.ts"
import { fromBytes } from "./text.ts"

/** How a builtin is called: `builtins.elemAt xs n`, without `builtins.` if it is global. */
export function synopsisOf({ name, global, args }: PrimOp): string {
  return [global ? name : `builtins.${name}`, ...args.map(([arg]) => arg)].join(" ")
}

/** All builtins and constants, by name. */
export function referenceEntries(): ReferenceEntry[] {
  const functions = primOps.map(
    (op): ReferenceEntry => ({
      name: op.name,
      kind: "builtin",
      synopsis: synopsisOf(op),
      documentation: fromBytes(op.doc),
      source: op.see,
      feature: op.feature ?? "",
      examples: op.examples.map((example) => ({
        nix: fromBytes(example.nix),
        result: fromBytes("gives" in example ? example.gives : example.fails),
        fails: "fails" in example,
        features: example.features ?? [],
      })),
    }),
  )
  const values = [builtinsConstant, ...constants].map(
    ({ name, global, doc, see }): ReferenceEntry => ({
      name,
      kind: "constant",
      synopsis: global ? name : `builtins.${name}`,
      documentation: fromBytes(doc),
      source: see,
      feature: "",
      examples: [],
    }),
  )
  return [...functions, ...values].sort((a, b) => (a.name < b.name ? -1 : 1))
}
