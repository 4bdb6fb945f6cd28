// Derived paths in evaluation: what a context element stands for, the text that stands for it in a string, and the
// store path it leads to where that is known without building.
// C++ Nix: eval.cc mkSingleDerivedPathStringRaw, coerceToSingleDerivedPath; libstore/misc.cc resolveDerivedPath

import { outputPath } from "../formats/derivation/derivation.ts"
import { requireFeature } from "../formats/feature.ts"
import { opaque, printDerivedPath, type SingleDerivedPath } from "../formats/store-path/derived-path.ts"
import { downstreamPlaceholder } from "../formats/store-path/placeholder.ts"
import { drvNameOfPath, parseStorePath, printStorePath, type StorePath } from "../formats/store-path/store-path.ts"
import type { Text } from "./builtin.ts"
import { type ContextElem, sortedContext } from "./context.ts"
import { NixError } from "./error.ts"
import { reading } from "./format-fault.ts"
import type { Runtime } from "./runtime.ts"

/** What an element of kind "opaque" or "built" stands for; of a derivation with its closure, the `.drv` file. */
export function derivedPathOf(rt: Runtime, elem: ContextElem): SingleDerivedPath {
  if (elem.derived === null) elem.derived = parseElem(rt, elem)
  return elem.derived
}

function parseElem(rt: Runtime, elem: ContextElem): SingleDerivedPath {
  const [base, ...through] = elem.path.split("^")
  let path: SingleDerivedPath = opaque(parseStorePath(base as string, rt.host.storeDir))
  for (const output of elem.kind === "built" ? [...through, elem.output] : through) path = { kind: "built", drvPath: path, output }
  return path
}

/** The context element of a derived path. */
export function elementOf(rt: Runtime, path: SingleDerivedPath): ContextElem {
  const { storeDir } = rt.host
  if (path.kind === "opaque") return rt.contexts.opaque(printStorePath(path.path, storeDir))
  return rt.contexts.built(printDerivedPath(path.drvPath, storeDir), path.output)
}

/** The path of an output where the derivation tells it. Throws Nix's error if there is no such output. */
function staticOutput(rt: Runtime, drvPath: StorePath, output: string, missing: string): StorePath | undefined {
  const { storeDir } = rt.host
  const how = rt.drvs.outputsOf(drvPath).get(output)
  if (how === undefined) throw new NixError("error", missing, 0)
  return reading(() => outputPath(how, drvNameOfPath(drvPath), output, storeDir))
}

/** A placeholder needs the features whose derivations need it. C++ Nix: DownstreamPlaceholder::fromSingleDerivedPathBuilt */
function requirePlaceholder(rt: Runtime, path: SingleDerivedPath & { kind: "built" }): void {
  if (path.drvPath.kind === "opaque") requireFeature(rt.settings.features, "ca-derivations")
  else {
    requirePlaceholder(rt, path.drvPath)
    requireFeature(rt.settings.features, "dynamic-derivations", `placeholder for unknown derivation output '${path.output}'`)
  }
}

/** The text that stands for a derived path: a store path, or a placeholder where it is not known before something is built. */
export function derivedPathText(rt: Runtime, path: SingleDerivedPath): string {
  const { storeDir } = rt.host
  if (path.kind === "opaque") return printStorePath(path.path, storeDir)
  const { drvPath, output } = path
  if (drvPath.kind === "opaque") {
    const full = printStorePath(drvPath.path, storeDir)
    const known = staticOutput(rt, drvPath.path, output, `derivation '${full}' does not have output '${output}'`)
    if (known !== undefined) return printStorePath(known, storeDir)
  }
  return reading(() => {
    requirePlaceholder(rt, path)
    return downstreamPlaceholder(path)
  })
}

/** The derived path that a string stands for: its one context element, whose text it must be. Errors get `frame`. */
export function derivedPathOfString(rt: Runtime, s: Text, frame: string): SingleDerivedPath {
  const context = sortedContext(s.context ?? [])
  const elem = context[0]
  const fault = (message: string): NixError => new NixError("eval", message, 0).frame(0, frame)
  if (elem === undefined || context.length !== 1)
    throw fault(`string '${s.text}' has ${context.length} entries in its context. It should only have exactly one entry`)
  if (elem.kind === "drv-deep")
    throw fault(`string '${s.text}' has a context which refers to a complete source and binary closure. This is not supported at this time`)
  const path = derivedPathOf(rt, elem)
  const expected = derivedPathText(rt, path)
  if (s.text === expected) return path
  if (path.kind === "opaque") throw fault(`path string '${s.text}' has context with the different path '${expected}'`)
  throw fault(
    `string '${s.text}' has context with the output '${path.output}' from derivation '${elem.path}', but the string is not the right placeholder for this derivation output. It should be '${expected}'`,
  )
}

/** The store path that a derived path leads to; an error if something would have to be built to know it. */
export function resolveDerivedPath(rt: Runtime, path: SingleDerivedPath): StorePath {
  if (path.kind === "opaque") return path.path
  const { storeDir } = rt.host
  const drvPath = resolveDerivedPath(rt, path.drvPath)
  const full = printStorePath(drvPath, storeDir)
  const found = staticOutput(rt, drvPath, path.output, `derivation '${full}' does not have an output named '${path.output}'`)
  if (found !== undefined) return found
  throw new NixError("error", `cannot operate on output '${path.output}' of the unbuilt derivation '${full}'`, 0).frame(
    0,
    `looking up realisation for derivation '${printDerivedPath(path.drvPath, storeDir)}'`,
  )
}
