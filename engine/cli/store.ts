// `thunkpad store …`.

import { commandGroup } from "./command.ts"
import { storeAdd } from "./store-add.ts"
import { storeExport } from "./store-export.ts"
import { storeGc } from "./store-gc.ts"
import { storeGraph, storeReferences, storeRequisites, storeTree } from "./store-query.ts"
import { storeSubstitute } from "./store-substitute.ts"
import { storeVerify } from "./store-verify.ts"

const usage = `Usage: thunkpad store COMMAND --store FOLDER [OPTIONS] PATH…

  add [--name NAME] [--mode nar|flat|text|git] [--hash-algo ALGO] [--dry-run] PATH
                          copies a file or folder into the store, prints its path
  references [-R] PATH…   what objects refer to (-R: all of it)
  requisites PATH…        the same as references -R
  graph [--graphml] PATH… for dot, or as GraphML
  tree PATH…              as a tree of text
  verify [--repair] [PATH…]
                          whether objects are what was registered, or what their names promise
  export --to FOLDER|FILE.zip|URL [--compression none|gzip] [--secret-key-file FILE] [--priority N] PATH…
                          the closure, as a binary cache
  substitute [--from "URL…"] [--trusted-public-keys "KEY…"] [--no-check-sigs] PATH…
                          brings the closure from binary caches
  gc [--dry-run] [--max BYTES]
                          removes what no root keeps
`

/** The commands on a store in a folder. */
export const store = commandGroup(
  "store",
  {
    add: storeAdd,
    references: storeReferences,
    requisites: storeRequisites,
    graph: storeGraph,
    tree: storeTree,
    verify: storeVerify,
    export: storeExport,
    substitute: storeSubstitute,
    gc: storeGc,
  },
  usage,
)
