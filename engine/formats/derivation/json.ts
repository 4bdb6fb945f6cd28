// Derivations as JSON: version 4, which Nix 2.33 and later write, and the shapes before it.
//
// In version 4 store paths are base names, fixed outputs have `method` and an SRI `hash`, inputs are
// `{ srcs, drvs }`, and structured attributes are an object of their own. Before 2.32 paths were full, inputs were
// `inputSrcs` and `inputDrvs`, and `__json` was an ordinary variable.
// C++ Nix: libstore/derivation/json.cc; older shapes: spec §16.3

import { fail, unreachable } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"
import { parseHashAlgo } from "../hash/algo.ts"
import { printBase16 } from "../hash/base16.ts"
import { parseBareHash } from "../hash/hash.ts"
import { asArray, asObject, asString, asStringMap, asStrings, asUnsigned, optionalAt, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import {
  contentAddressFromJson,
  contentAddressToJson,
  parseMethod,
  parseMethodAlgo,
  printMethodAlgo,
} from "../store-path/content-address.ts"
import { defaultStoreDir, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { canonicalStructuredAttrs } from "./aterm-reader.ts"
import { type Derivation, type DerivationOutput, type InputNode, outputPath } from "./derivation.ts"

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

function fromMap<V>(map: ReadonlyMap<string, V>, each: (value: V) => JsonValue): JsonObject {
  const object: { [key: string]: JsonValue } = Object.create(null)
  for (const key of [...map.keys()].sort()) object[key] = each(map.get(key)!)
  return object
}

function nodeToJson(node: InputNode): JsonObject {
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

function nodeFromJson(json: unknown, features: Features, depth: number): InputNode {
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

function toMap<V>(json: unknown, each: (value: JsonValue, key: string) => V): Map<string, V> {
  const map = new Map<string, V>()
  for (const [key, value] of Object.entries(asObject(json))) map.set(key, each(value, key))
  return map
}

/** Drops inputs of which nothing is used: Nix keeps a set of used outputs, in which they leave no trace. */
function usedInputs(inputs: Iterable<readonly [StorePath, InputNode]>): Map<StorePath, InputNode> {
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

function oldOutputToJson(drv: Derivation, name: string, storeDir: string): JsonObject {
  const output = drv.outputs.get(name)!
  const path = outputPath(output, drv.name, name, storeDir)
  const located = path === undefined ? {} : { path: printStorePath(path, storeDir) }
  if (output.kind === "caFixed") {
    const { method, hash } = output.address
    return { ...located, hashAlgo: printMethodAlgo(method, hash.algo), hash: printBase16(hash.bytes) }
  }
  if (output.kind === "caFloating") return { hashAlgo: printMethodAlgo(output.method, output.algo) }
  if (output.kind === "impure") return { hashAlgo: printMethodAlgo(output.method, output.algo), impure: true }
  return located
}

/** The derivation in the shape of Nix up to 2.14 (with `name`, which came in 2.15, left out). Dynamic inputs do not fit. */
export function derivationToOldJson(drv: Derivation, storeDir: string = defaultStoreDir): JsonObject {
  const env = new Map(drv.env)
  if (drv.structuredAttrs !== undefined) env.set("__json", drv.structuredAttrs)
  const inputDrvs: { [key: string]: JsonValue } = {}
  for (const path of [...drv.inputDrvs.keys()].sort()) {
    const node = drv.inputDrvs.get(path)!
    if (node.dynamic.size > 0) fail("bad-derivation", "the old JSON form has no place for outputs of dynamic derivations")
    inputDrvs[printStorePath(path, storeDir)] = [...node.outputs].sort()
  }
  const outputs: { [key: string]: JsonValue } = Object.create(null)
  for (const name of [...drv.outputs.keys()].sort()) outputs[name] = oldOutputToJson(drv, name, storeDir)
  return {
    args: drv.args,
    builder: drv.builder,
    env: fromMap(env, (value) => value),
    inputDrvs,
    inputSrcs: [...drv.inputSrcs].sort().map((path) => printStorePath(path, storeDir)),
    outputs,
    system: drv.system,
  }
}

/** An output in any of the shapes before version 4. The path of a fixed output follows from its hash. */
function oldOutputFromJson(json: unknown, storeDir: string, features: Features): DerivationOutput {
  const object = asObject(json)
  const algoText = optionalAt(object, "hashAlgo")
  const methodText = optionalAt(object, "method")
  const path = optionalAt(object, "path")
  if (algoText === undefined) {
    return path === undefined ? { kind: "deferred" } : { kind: "inputAddressed", path: anyPath(asString(path), storeDir) }
  }
  const { method, algo } =
    methodText === undefined
      ? parseMethodAlgo(asString(algoText), features)
      : { method: parseMethod(asString(methodText), features), algo: parseHashAlgo(asString(algoText), features) }
  const hash = optionalAt(object, "hash")
  if (hash !== undefined) return { kind: "caFixed", address: { method, hash: parseBareHash(asString(hash), algo) } }
  return { kind: optionalAt(object, "impure") === true ? "impure" : "caFloating", method, algo }
}

/** A full path, or a base name as in version 3. */
function anyPath(text: string, storeDir: string): StorePath {
  return text.includes("/") ? parseStorePath(text, storeDir) : parseBaseName(text)
}

/** Reads any shape before version 4; `name` is that of the derivation, where the shape does not tell. */
export function derivationFromOldJson(
  json: unknown,
  name: string,
  storeDir: string = defaultStoreDir,
  features: Features = allFeatures,
): Derivation {
  const object = asObject(json)
  const inputDrvs = Object.entries(asObject(valueAt(object, "inputDrvs"))).map(([path, node]) => {
    const read: InputNode = isJsonObject(node) ? nodeFromJson(node, features, 0) : { outputs: new Set(asStrings(node)), dynamic: new Map() }
    return [anyPath(path, storeDir), read] as const
  })
  const env = asStringMap(valueAt(object, "env"))
  const encoded = env.get("__json")
  env.delete("__json")
  const structured = optionalAt(object, "structuredAttrs")
  const stated = optionalAt(object, "name")
  return {
    name: stated === undefined ? name : asString(stated),
    outputs: toMap(valueAt(object, "outputs"), (output) => oldOutputFromJson(output, storeDir, features)),
    inputSrcs: new Set(asArray(valueAt(object, "inputSrcs")).map((path) => anyPath(asString(path), storeDir))),
    inputDrvs: usedInputs(inputDrvs),
    system: asString(valueAt(object, "system")),
    builder: asString(valueAt(object, "builder")),
    args: asStrings(valueAt(object, "args")),
    env,
    structuredAttrs:
      structured !== undefined ? printJson(asObject(structured)) : encoded === undefined ? undefined : canonicalStructuredAttrs(encoded),
  }
}
