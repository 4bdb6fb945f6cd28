// Derived paths: something to have, either a store path as it is or outputs of a derivation, which may itself be an output.
//
//   PATH                                 opaque
//   DERIVEDPATH "^" OUTPUT               one output (single derived path)
//   DERIVEDPATH "^" ("*" | NAME,…)       outputs
//
// The old form has "!" in place of "^". C++ Nix: libstore/derived-path.cc

import { fail } from "../error.ts"
import { allFeatures, type Features, requireFeature } from "../feature.ts"
import { type OutputsSpec, outputsSpecFromJson, outputsSpecToJson, parseOutputsSpec, printOutputsSpec } from "./outputs-spec.ts"
import { defaultStoreDir, parseBaseName, parseStorePath, printStorePath, type StorePath } from "./store-path.ts"

/** A store path as it is. */
export interface OpaquePath {
  readonly kind: "opaque"
  readonly path: StorePath
}

/** One output of a derivation. */
export interface BuiltPath {
  readonly kind: "built"
  readonly drvPath: SingleDerivedPath
  readonly output: string
}

/** A derived path that stands for one store path. */
export type SingleDerivedPath = OpaquePath | BuiltPath

/** A derived path: opaque, or several outputs of one derivation. */
export type DerivedPath = OpaquePath | { readonly kind: "outputs"; readonly drvPath: SingleDerivedPath; readonly outputs: OutputsSpec }

/** Wraps a store path. */
export function opaque(path: StorePath): OpaquePath {
  return { kind: "opaque", path }
}

/** The store path at the root: the derivation that is there before anything is built. */
export function basePath(path: SingleDerivedPath | DerivedPath): StorePath {
  let at = path
  while (at.kind !== "opaque") at = at.drvPath
  return at.path
}

/** Nesting needs dynamic-derivations. C++ Nix: drvRequireExperiment. */
export function requireStaticDrv(drv: SingleDerivedPath, features: Features): void {
  if (drv.kind === "opaque" || features.has("dynamic-derivations")) return
  requireFeature(features, "dynamic-derivations", `building output '${drv.output}' of '${basePath(drv)}'`)
}

type Separator = "^" | "!"

function parseSingle(text: string, separator: Separator, storeDir: string, features: Features): SingleDerivedPath {
  const at = text.lastIndexOf(separator)
  if (at < 0) return opaque(parseStorePath(text, storeDir))
  const drvPath = parseSingle(text.slice(0, at), separator, storeDir, features)
  requireStaticDrv(drvPath, features)
  return { kind: "built", drvPath, output: text.slice(at + 1) }
}

function parse(text: string, separator: Separator, storeDir: string, features: Features): DerivedPath {
  const at = text.lastIndexOf(separator)
  if (at < 0) return opaque(parseStorePath(text, storeDir))
  const drvPath = parseSingle(text.slice(0, at), separator, storeDir, features)
  requireStaticDrv(drvPath, features)
  return { kind: "outputs", drvPath, outputs: parseOutputsSpec(text.slice(at + 1)) }
}

/** Reads `PATH^output`. */
export function parseSingleDerivedPath(
  text: string,
  storeDir: string = defaultStoreDir,
  features: Features = allFeatures,
): SingleDerivedPath {
  return parseSingle(text, "^", storeDir, features)
}

/** Reads `PATH!output`. */
export function parseSingleDerivedPathLegacy(
  text: string,
  storeDir: string = defaultStoreDir,
  features: Features = allFeatures,
): SingleDerivedPath {
  return parseSingle(text, "!", storeDir, features)
}

/** Reads `PATH^a,b` or `PATH^*`. */
export function parseDerivedPath(text: string, storeDir: string = defaultStoreDir, features: Features = allFeatures): DerivedPath {
  return parse(text, "^", storeDir, features)
}

/** Reads `PATH!a,b` or `PATH!*`, the form of the daemon's protocol. */
export function parseDerivedPathLegacy(text: string, storeDir: string = defaultStoreDir, features: Features = allFeatures): DerivedPath {
  return parse(text, "!", storeDir, features)
}

function print(path: SingleDerivedPath | DerivedPath, separator: Separator, storeDir: string): string {
  if (path.kind === "opaque") return printStorePath(path.path, storeDir)
  const end = path.kind === "built" ? path.output : printOutputsSpec(path.outputs)
  return print(path.drvPath, separator, storeDir) + separator + end
}

/** Writes `PATH^output` or `PATH^a,b`. */
export function printDerivedPath(path: SingleDerivedPath | DerivedPath, storeDir: string = defaultStoreDir): string {
  return print(path, "^", storeDir)
}

/** Writes the old form, with `!`; below the first level Nix writes `^`, and so do we. C++ Nix: to_string_legacy. */
export function printDerivedPathLegacy(path: SingleDerivedPath | DerivedPath, storeDir: string = defaultStoreDir): string {
  if (path.kind === "opaque") return printStorePath(path.path, storeDir)
  if (path.kind === "built") return `${print(path.drvPath, "^", storeDir)}!${path.output}`
  return `${printDerivedPathLegacy(path.drvPath, storeDir)}!${printOutputsSpec(path.outputs)}`
}

/** The order of Nix's sets of inputs: opaque before built, then by content. */
export function compareSingleDerivedPaths(a: SingleDerivedPath, b: SingleDerivedPath): number {
  if (a.kind === "opaque") return b.kind === "opaque" ? compareText(a.path, b.path) : -1
  if (b.kind === "opaque") return 1
  return compareSingleDerivedPaths(a.drvPath, b.drvPath) || compareText(a.output, b.output)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The JSON form: a base name, or `{ drvPath, output }`. */
export type SingleDerivedPathJson = string | { readonly drvPath: SingleDerivedPathJson; readonly output: string }

/** The JSON form: a base name, or `{ drvPath, outputs }`. */
export type DerivedPathJson = string | { readonly drvPath: SingleDerivedPathJson; readonly outputs: readonly string[] }

/** Writes the JSON form. */
export function singleDerivedPathToJson(path: SingleDerivedPath): SingleDerivedPathJson {
  return path.kind === "opaque" ? path.path : { drvPath: singleDerivedPathToJson(path.drvPath), output: path.output }
}

/** Writes the JSON form. */
export function derivedPathToJson(path: DerivedPath): DerivedPathJson {
  if (path.kind === "opaque") return path.path
  return { drvPath: singleDerivedPathToJson(path.drvPath), outputs: outputsSpecToJson(path.outputs) }
}

function drvPathFromJson(json: unknown, features: Features): { drvPath: SingleDerivedPath; output?: unknown; outputs?: unknown } {
  if (typeof json !== "object" || json === null || !("drvPath" in json)) {
    return fail("bad-json", "expected a store path or an object with 'drvPath'")
  }
  const drvPath = singleDerivedPathFromJson(json.drvPath, features)
  requireStaticDrv(drvPath, features)
  return { ...json, drvPath }
}

/** Reads the JSON form. */
export function singleDerivedPathFromJson(json: unknown, features: Features = allFeatures): SingleDerivedPath {
  if (typeof json === "string") return opaque(parseBaseName(json))
  const { drvPath, output } = drvPathFromJson(json, features)
  if (typeof output !== "string") return fail("bad-json", "expected a string 'output' in a derived path")
  return { kind: "built", drvPath, output }
}

/** Reads the JSON form. */
export function derivedPathFromJson(json: unknown, features: Features = allFeatures): DerivedPath {
  if (typeof json === "string") return opaque(parseBaseName(json))
  const { drvPath, outputs } = drvPathFromJson(json, features)
  return { kind: "outputs", drvPath, outputs: outputsSpecFromJson(outputs) }
}
