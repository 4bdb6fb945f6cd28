// Resolving: replacing the outputs a derivation needs by the store paths they turned out to be. What is left depends on
// store objects only (`inputDrvs` is empty), and its own paths can be computed.
// C++ Nix: libstore/derivation/resolution.cc

import { asArray, asString } from "../json/access.ts"
import type { JsonObject } from "../json/value.ts"
import type { SingleDerivedPath } from "../store-path/derived-path.ts"
import { downstreamPlaceholder } from "../store-path/placeholder.ts"
import { defaultStoreDir, parseBaseName, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { canonicalStructuredAttrs } from "./aterm-reader.ts"
import { builtInputs, type Derivation, derivationType, hasDynamicInputs } from "./derivation.ts"
import { type CheckSettings, fillInOutputPaths } from "./invariants.ts"
import { derivationFromJson, derivationToJson } from "./json.ts"

/** Says which store path output `output` of `drvPath` turned out to be; undefined if that is not known. */
export type ResolveOutput = (drvPath: SingleDerivedPath, output: string) => StorePath | undefined

/** True if the derivation has to be resolved before it can be built (or may be: fixed outputs). C++ Nix: shouldResolve. */
export function shouldResolve(drv: Derivation): boolean {
  if (drv.inputDrvs.size === 0) return false
  return derivationType(drv) !== "inputAddressed" || hasDynamicInputs(drv)
}

/** Replaces every key of `rewrites` by its value. C++ Nix: rewriteStrings. */
export function rewriteText(text: string, rewrites: ReadonlyMap<string, string>): string {
  let result = text
  for (const [from, to] of rewrites) if (result.includes(from)) result = result.split(from).join(to)
  return result
}

/** The derivation with placeholders replaced in builder, arguments, variables and structured attributes. C++ Nix: applyRewrites. */
function applyRewrites(drv: Derivation, rewrites: ReadonlyMap<string, string>): Derivation {
  if (rewrites.size === 0) return drv
  const rewrite = (text: string) => rewriteText(text, rewrites)
  const env = new Map<string, string>()
  for (const key of [...drv.env.keys()].sort()) {
    const name = rewrite(key)
    if (!env.has(name)) env.set(name, rewrite(drv.env.get(key)!))
  }
  return {
    ...drv,
    builder: rewrite(drv.builder),
    args: drv.args.map(rewrite),
    env,
    structuredAttrs: drv.structuredAttrs === undefined ? undefined : canonicalStructuredAttrs(rewrite(drv.structuredAttrs)),
  }
}

/** The resolved derivation with its paths filled in; undefined if an input is not known. C++ Nix: tryResolve. */
export function tryResolve(drv: Derivation, resolve: ResolveOutput, settings: Omit<CheckSettings, "lookup"> = {}): Derivation | undefined {
  const inputSrcs = new Set(drv.inputSrcs)
  const rewrites = new Map<string, string>()
  for (const input of builtInputs(drv)) {
    const path = resolve(input.drvPath, input.output)
    if (path === undefined) return undefined
    inputSrcs.add(path)
    rewrites.set(downstreamPlaceholder(input), printStorePath(path, settings.storeDir ?? defaultStoreDir))
  }
  const resolved = applyRewrites({ ...drv, inputSrcs, inputDrvs: new Map() }, rewrites)
  return fillInOutputPaths(resolved, { ...settings, lookup: () => ({ kind: "deferred" }) })
}

/** The JSON of a resolved derivation: as of others, but its inputs are just a list of store paths. */
export function resolvedToJson(drv: Derivation): JsonObject {
  return { ...derivationToJson(drv), inputs: [...drv.inputSrcs].sort() }
}

/** Reads the JSON of a resolved derivation. */
export function resolvedFromJson(json: JsonObject): Derivation {
  const srcs = asArray(json["inputs"]).map((path) => parseBaseName(asString(path)))
  return derivationFromJson({ ...json, inputs: { srcs, drvs: {} } })
}
