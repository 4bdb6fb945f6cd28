// `thunkpad derivation …`.

import { commandGroup } from "./command.ts"
import { derivationAdd } from "./derivation-add.ts"
import { derivationDiff } from "./derivation-diff.ts"
import { derivationExplain } from "./derivation-explain.ts"
import { derivationShow } from "./derivation-show.ts"

/** The commands on derivations. */
export const derivation = commandGroup("derivation", {
  show: derivationShow,
  add: derivationAdd,
  diff: derivationDiff,
  explain: derivationExplain,
})
