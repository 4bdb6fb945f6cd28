// All builtins, and how they become the base environment. C++ Nix: primops.cc createBaseEnv.

import { allowPath } from "./access.ts"
import { Attrs } from "./attrs.ts"
import type { PrimOp } from "./builtin.ts"
import { derivationNames, registered, staticNames } from "./builtin-order.ts"
import { attrs } from "./builtins/attrs.ts"
import { type Constant, constants } from "./builtins/constants.ts"
import { context } from "./builtins/context.ts"
import { control } from "./builtins/control.ts"
import { derivations } from "./builtins/derivation.ts"
import { fetchers } from "./builtins/fetchers.ts"
import { files } from "./builtins/files.ts"
import { flakeRef } from "./builtins/flake-ref.ts"
import { hash } from "./builtins/hash.ts"
import { higherOrder } from "./builtins/higher-order.ts"
import { json } from "./builtins/json.ts"
import { lists } from "./builtins/lists.ts"
import { notYet } from "./builtins/not-yet.ts"
import { numbers } from "./builtins/numbers.ts"
import { regex } from "./builtins/regex.ts"
import { sources } from "./builtins/sources.ts"
import { strings } from "./builtins/strings.ts"
import { toml } from "./builtins/toml.ts"
import { types } from "./builtins/types.ts"
import { versions } from "./builtins/versions.ts"
import { xml } from "./builtins/xml.ts"
import type { Runtime } from "./runtime.ts"
import { type Cell, PrimOpValue, type Value } from "./value.ts"

/** Every builtin function, by theme. */
export const primOps: readonly PrimOp[] = [
  ...types,
  ...control,
  ...numbers,
  ...strings,
  ...regex,
  ...versions,
  ...context,
  ...lists,
  ...higherOrder,
  ...attrs,
  ...json,
  ...toml,
  ...xml,
  ...hash,
  ...files,
  ...sources,
  ...flakeRef,
  ...derivations,
  ...fetchers,
  ...notYet,
]

/** `builtins` itself, for documentation; its value is made below. */
export const builtinsConstant: Omit<Constant, "value"> = {
  name: "builtins",
  global: true,
  impure: false,
  doc: "The set of all builtins. `builtins ? name` tells whether one is there.",
  see: "primops.cc createBaseEnv",
}

/** One entry of the base environment. */
interface Entry {
  readonly name: string
  readonly global: boolean
  readonly value: Value
}

/** True if the experimental feature is on; flakes bring fetchTree with them. */
function enabled(rt: Runtime, feature: string | null): boolean {
  return feature === null || rt.feature(feature) || (feature === "fetch-tree" && rt.feature("flakes"))
}

/** What this runtime has, in the order of C++ Nix's registration. */
function entries(rt: Runtime): Entry[] {
  const found = new Map<string, Entry>()
  found.set("builtins", { name: "builtins", global: true, value: null })
  found.set("derivation", { name: "derivation", global: true, value: null })
  for (const c of constants) {
    if (!(c.impure && rt.settings.pureEval)) found.set(c.name, { name: c.name, global: c.global, value: c.value(rt) })
  }
  for (const op of primOps) {
    if (enabled(rt, op.feature)) found.set(op.name, { name: op.name, global: op.global, value: new PrimOpValue(op) })
  }
  const place = new Map(registered.map((name, i) => [name, i]))
  const last = registered.length
  return [...found.values()].sort((a, b) => (place.get(a.name) ?? last) - (place.get(b.name) ?? last))
}

/**
 * Fills the base environment of a runtime and `builtins`, and numbers the names that Nix knows from the start.
 * `derivation` is Nix code: the caller sets it through the returned function, once the scope is there.
 */
export function installBuiltins(rt: Runtime): (derivation: Cell) => void {
  for (const name of staticNames) rt.symbols.id(name)
  const all = entries(rt)
  const map = new Map<string, Cell>()
  for (const { name, value } of all) map.set(name, value)
  rt.builtins = Attrs.ofMap(map, null)
  map.set("builtins", rt.builtins)
  for (const { name, global } of all) {
    const bare = global ? name : `__${name}`
    rt.symbols.id(bare)
    rt.symbols.id(name)
    rt.globalNames.push(bare)
    rt.globals.push(map.get(name))
  }
  for (const name of derivationNames) rt.symbols.id(name)
  // What the search path names may be read even in restricted mode.
  if (rt.settings.restrictEval && !rt.settings.pureEval) {
    for (const { path } of rt.settings.nixPath) if (path.startsWith("/")) allowPath(rt, path)
  }
  return (derivation) => {
    map.set("derivation", derivation)
    rt.globals[rt.globalNames.indexOf("derivation") + 1] = derivation
  }
}
