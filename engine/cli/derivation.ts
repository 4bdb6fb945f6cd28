// `thunkpad derivation …`.

import { commandGroup } from "./command.ts"
import { derivationAdd } from "./derivation-add.ts"
import { derivationDiff } from "./derivation-diff.ts"
import { derivationExplain } from "./derivation-explain.ts"
import { derivationShow } from "./derivation-show.ts"

const usage = `Usage: thunkpad derivation COMMAND [--store FOLDER] [OPTIONS] DRV…

  show [-r] [--as-nix VERSION] DRV…
                      as JSON (-r: with all that they depend on; --as-nix: in an older Nix's shape)
  add [--as-nix VERSION] [--dry-run] < JSON
                      writes a derivation given as JSON, prints its path
  diff [--json] A B   why two derivations differ; status 1 if they do
  explain [--json] [--key NAME:KEY] [--nar FILE] PATH[^OUTPUT]…
  explain [--json] -f FILE [-A ATTRIBUTE] | --expr NIX [PATH…]
                      the steps by which a store path comes about, and whether what is stated fits; status 1 if not

DRV is a path in the store, one of its outputs, or a .drv file; explain takes .narinfo files and other objects too.
`

/** The commands on derivations. */
export const derivation = commandGroup(
  "derivation",
  {
    show: derivationShow,
    add: derivationAdd,
    diff: derivationDiff,
    explain: derivationExplain,
  },
  usage,
)
