// Derivations as JSON in version 4, which Nix 2.33 and later write; old-json.ts has the shapes before it. Store paths are base names,
// fixed outputs have `method` and an SRI `hash`, inputs are `{ srcs, drvs }`, structured attributes are an object of their own.
// C++ Nix: libstore/derivation/json.cc

import { fail, unreachable } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"
import { parseHashAlgo } from "../hash/algo.ts"
import { asArray, asObject, asString, asStringMap, asStrings, asUnsigned, optionalAt, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import type { JsonObject, JsonValue } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import { contentAddressFromJson, contentAddressToJson, parseMethod } from "../store-path/content-address.ts"
import { parseBaseName, type StorePath } from "../store-path/store-path.ts"
import type { Derivation, DerivationOutput, InputNode } from "./derivation.ts"

/** The version that derivationToJson writes. */
export const derivationJsonVersion = 4

/** An output in version 4. */
export function outputToJson(output: DerivationOutput): JsonObject {
  switch (output.kind) {
    case "inputAddressed":
      return { path: output.path }
    case "caFixed":
      return { ...contentAddressToJson(output.address) }
    case "caFloating":
      return { method: output.method, hashAlgo: output.algo }
    case "deferred":
      return {}
    case "impure":
      return { method: output.method, hashAlgo: output.algo, impure: true }
    default:
      return unreachable(output)
  }
}

/** Reads an output in version 4. */
export function outputFromJson(json: unknown, features: Features = allFeatures): DerivationOutput {
  const object = asObject(json)
  const methodAlgo = () => {
    const method = parseMethod(asString(valueAt(object, "method")), features)
    if (method === "text") requireFeature(features, "dynamic-derivations", "text-hashed derivation output in JSON")
    return { method, algo: parseHashAlgo(asString(valueAt(object, "hashAlgo")), features) }
  }
  switch (Object.keys(object).sort().join(" ")) {
    case "path":
      return { kind: "inputAddressed", path: parseBaseName(asString(valueAt(object, "path"))) }
    case "hash method": {
      const address = contentAddressFromJson(object, features)
      if (address.method === "text") requireFeature(features, "dynamic-derivations", "text-hashed derivation output in JSON")
      return { kind: "caFixed", address }
    }
    case "hashAlgo method":
      requireFeature(features, "ca-derivations")
      return { kind: "caFloating", ...methodAlgo() }
    case "":
      return { kind: "deferred" }
    case "hashAlgo impure method":
      requireFeature(features, "impure-derivations")
      return { kind: "impure", ...methodAlgo() }
    default:
      return fail("bad-json", "invalid JSON for derivation output")
  }
}

/** An object of a map's values, keys in ascending order. */
export function fromMap<V>(map: ReadonlyMap<string, V>, each: (value: V) => JsonValue): JsonObject {
  const object: { [key: string]: JsonValue } = Object.create(null)
  for (const key of [...map.keys()].sort()) object[key] = each(map.get(key)!)
  return object
}

/** What is used of an input, dynamic outputs included. */
export function nodeToJson(node: InputNode): JsonObject {
  return { outputs: [...node.outputs].sort(), dynamicOutputs: fromMap(node.dynamic, nodeToJson) }
}

/** The derivation in version 4. */
export function derivationToJson(drv: Derivation): JsonObject {
  return {
    name: drv.name,
    version: derivationJsonVersion,
    outputs: fromMap(drv.outputs, outputToJson),
    inputs: { srcs: [...drv.inputSrcs].sort(), drvs: fromMap(drv.inputDrvs, nodeToJson) },
    system: drv.system,
    builder: drv.builder,
    args: drv.args,
    env: fromMap(drv.env, (value) => value),
    ...(drv.structuredAttrs === undefined ? {} : { structuredAttrs: parseJson(drv.structuredAttrs) }),
  }
}

const maxNesting = 500

/** Reads what is used of an input, `depth` levels below it. */
export function nodeFromJson(json: unknown, features: Features, depth: number): InputNode {
  if (depth > maxNesting) fail("bad-json", `inputs nest deeper than ${maxNesting} levels`)
  const object = asObject(json)
  const dynamic = new Map<string, InputNode>()
  for (const [name, child] of Object.entries(asObject(valueAt(object, "dynamicOutputs")))) {
    if (!features.has("dynamic-derivations")) requireFeature(features, "dynamic-derivations", `dynamic output '${name}' in JSON`)
    const node = nodeFromJson(child, features, depth + 1)
    if (node.outputs.size > 0 || node.dynamic.size > 0) dynamic.set(name, node)
  }
  return { outputs: new Set(asStrings(valueAt(object, "outputs"))), dynamic }
}

/** A map of what an object has. */
export function toMap<V>(json: unknown, each: (value: JsonValue, key: string) => V): Map<string, V> {
  const map = new Map<string, V>()
  for (const [key, value] of Object.entries(asObject(json))) map.set(key, each(value, key))
  return map
}

/** Drops inputs of which nothing is used: Nix keeps a set of used outputs, in which they leave no trace. */
export function usedInputs(inputs: Iterable<readonly [StorePath, InputNode]>): Map<StorePath, InputNode> {
  const used = new Map<StorePath, InputNode>()
  for (const [path, node] of inputs) if (node.outputs.size > 0 || node.dynamic.size > 0) used.set(path, node)
  return used
}

/** Reads a derivation in version 4; output paths and variables are taken as they are (see invariants.ts). */
export function derivationFromJson(json: unknown, features: Features = allFeatures): Derivation {
  const object = asObject(json)
  const version = asUnsigned(valueAt(object, "version"))
  if (version !== derivationJsonVersion) {
    fail(
      "bad-json",
      `Unsupported derivation JSON format version ${version}, only format version ${derivationJsonVersion} is currently supported.`,
    )
  }
  const inputs = asObject(valueAt(object, "inputs"))
  const inputDrvs = Object.entries(asObject(valueAt(inputs, "drvs"))).map(
    ([path, node]) => [parseBaseName(path), nodeFromJson(node, features, 0)] as const,
  )
  const structured = optionalAt(object, "structuredAttrs")
  return {
    name: asString(valueAt(object, "name")),
    outputs: toMap(valueAt(object, "outputs"), (output) => outputFromJson(output, features)),
    inputSrcs: new Set(asArray(valueAt(inputs, "srcs")).map((path) => parseBaseName(asString(path)))),
    inputDrvs: usedInputs(inputDrvs),
    system: asString(valueAt(object, "system")),
    builder: asString(valueAt(object, "builder")),
    args: asStrings(valueAt(object, "args")),
    env: asStringMap(valueAt(object, "env")),
    structuredAttrs: structured === undefined ? undefined : printJson(asObject(structured)),
  }
}
