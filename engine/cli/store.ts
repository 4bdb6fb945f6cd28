// `thunkpad store …`.

import { commandGroup } from "./command.ts"
import { storeAdd } from "./store-add.ts"
import { storeExport } from "./store-export.ts"
import { storeGc } from "./store-gc.ts"
import { storeGraph, storeReferences, storeRequisites, storeTree } from "./store-query.ts"
import { storeSubstitute } from "./store-substitute.ts"
import { storeVerify } from "./store-verify.ts"

/** The commands on a store in a folder. */
export const store = commandGroup("store", {
  add: storeAdd,
  references: storeReferences,
  requisites: storeRequisites,
  graph: storeGraph,
  tree: storeTree,
  verify: storeVerify,
  export: storeExport,
  substitute: storeSubstitute,
  gc: storeGc,
})
