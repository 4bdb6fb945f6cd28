// Derivations as JSON in the shapes that Nix wrote before version 4. Each changed something, and none says which it is but the last:
//
//   up to 2.14   `{ outputs, inputSrcs, inputDrvs: { path: [output…] }, system, builder, args, env }`; full paths, `__json` in `env`,
//                of a fixed output `{ path, hashAlgo: "r:sha256", hash: base 16 }`
//   2.15         and `name`
//   2.18         what is used of an input is `{ outputs, dynamicOutputs }`
//   2.23         of a fixed output `{ path, method: "nar", hashAlgo: "sha256", hash }`
//   2.32         base names for paths, `structuredAttrs`, `version: 3`
//
// C++ Nix: libstore/derivations.cc Derivation::toJSON of those versions; release notes 2.15, 2.23, 2.32

import { fail } from "../error.ts"
import { allFeatures, type Features } from "../feature.ts"
import { parseHashAlgo } from "../hash/algo.ts"
import { printBase16 } from "../hash/base16.ts"
import { parseBareHash } from "../hash/hash.ts"
import { asArray, asObject, asString, asStringMap, asStrings, optionalAt, valueAt } from "../json/access.ts"
import { parseJson } from "../json/read.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../json/value.ts"
import { printJson } from "../json/write.ts"
import { parseMethod, parseMethodAlgo, printMethodAlgo } from "../store-path/content-address.ts"
import { defaultStoreDir, parseBaseName, parseStorePath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { canonicalStructuredAttrs } from "./aterm-reader.ts"
import { type Derivation, type DerivationOutput, type InputNode, outputPath } from "./derivation.ts"
import { fromMap, nodeFromJson, nodeToJson, toMap, usedInputs } from "./json.ts"

/** The second number of the Nix (2.N) that first wrote a shape; 8 for all up to 2.14. */
export type OldJsonShape = 8 | 15 | 18 | 23 | 32

/** The shape that Nix 2.`minor` writes; null from 2.33 on, which is version 4. */
export function oldJsonShape(minor: number): OldJsonShape | null {
  if (minor >= 33) return null
  return ([32, 23, 18, 15] as const).find((first) => minor >= first) ?? 8
}

/** The shape that a version of Nix ("2.18", "2.18.1") writes; null for version 4. Undefined for what is no version of Nix 2. */
export function oldJsonShapeOf(version: string): OldJsonShape | null | undefined {
  const minor = /^2\.(\d{1,4})(?:\.\d+)?$/.exec(version)?.[1]
  return minor === undefined ? undefined : oldJsonShape(Number(minor))
}

function outputToOldJson(
  drv: Derivation,
  name: string,
  shape: OldJsonShape,
  print: (path: StorePath) => string,
  storeDir: string,
): JsonObject {
  const output = drv.outputs.get(name)!
  const path = outputPath(output, drv.name, name, storeDir)
  const located = path === undefined ? {} : { path: print(path) }
  if (output.kind === "inputAddressed" || output.kind === "deferred") return located
  const { method, algo } = output.kind === "caFixed" ? { method: output.address.method, algo: output.address.hash.algo } : output
  const how = shape >= 23 ? { method, hashAlgo: algo } : { hashAlgo: printMethodAlgo(method, algo) }
  if (output.kind === "caFixed") return { ...located, ...how, hash: printBase16(output.address.hash.bytes) }
  return output.kind === "impure" ? { ...how, impure: true } : how
}

/** The derivation in an older shape. Fails with `bad-derivation` for dynamic inputs before 2.18. */
export function derivationToOldJson(drv: Derivation, shape: OldJsonShape, storeDir: string = defaultStoreDir): JsonObject {
  const print = (path: StorePath): string => (shape >= 32 ? path : printStorePath(path, storeDir))
  const { structuredAttrs } = drv
  const env = new Map(drv.env)
  if (structuredAttrs !== undefined && shape < 32) env.set("__json", structuredAttrs)
  const inputDrvs: { [key: string]: JsonValue } = {}
  for (const path of [...drv.inputDrvs.keys()].sort()) {
    const node = drv.inputDrvs.get(path)!
    if (shape < 18 && node.dynamic.size > 0) fail("bad-derivation", "JSON before Nix 2.18 has no place for outputs of dynamic derivations")
    inputDrvs[print(path)] = shape >= 18 ? nodeToJson(node) : [...node.outputs].sort()
  }
  const outputs: { [key: string]: JsonValue } = Object.create(null)
  for (const name of [...drv.outputs.keys()].sort()) outputs[name] = outputToOldJson(drv, name, shape, print, storeDir)
  return {
    args: drv.args,
    builder: drv.builder,
    env: fromMap(env, (value) => value),
    inputDrvs,
    inputSrcs: [...drv.inputSrcs].sort().map(print),
    ...(shape >= 15 ? { name: drv.name } : {}),
    outputs,
    ...(structuredAttrs !== undefined && shape >= 32 ? { structuredAttrs: parseJson(structuredAttrs) } : {}),
    system: drv.system,
    ...(shape >= 32 ? { version: 3 } : {}),
  }
}

/** Reads an output in any of the shapes. The path of a fixed output follows from its hash. */
function outputFromOldJson(json: unknown, storeDir: string, features: Features): DerivationOutput {
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
    outputs: toMap(valueAt(object, "outputs"), (output) => outputFromOldJson(output, storeDir, features)),
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
