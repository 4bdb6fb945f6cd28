// Derivations in memory, and what kind of derivation one is.
// C++ Nix: libstore/include/nix/store/derivations.hh, libstore/derivations.cc type

import { fail } from "../error.ts"
import type { Recorder } from "../explain/recorder.ts"
import type { HashAlgo } from "../hash/algo.ts"
import { makeFixedOutputPath, outputPathName } from "../store-path/compute.ts"
import type { ContentAddress, ContentAddressMethod } from "../store-path/content-address.ts"
import type { BuiltPath, SingleDerivedPath } from "../store-path/derived-path.ts"
import { compareSingleDerivedPaths, opaque } from "../store-path/derived-path.ts"
import type { StorePath } from "../store-path/store-path.ts"

/** How the path of an output is found. */
export type DerivationOutput =
  /** From the derivation itself: the path is known. */
  | { readonly kind: "inputAddressed"; readonly path: StorePath }
  /** From the content, which is promised: the path is known. */
  | { readonly kind: "caFixed"; readonly address: ContentAddress }
  /** From the content, once built. */
  | { readonly kind: "caFloating"; readonly method: ContentAddressMethod; readonly algo: HashAlgo }
  /** From the derivation, once its inputs are known. */
  | { readonly kind: "deferred" }
  /** From the content, at every build anew. */
  | { readonly kind: "impure"; readonly method: ContentAddressMethod; readonly algo: HashAlgo }

/** Which outputs of an input derivation are used, and of which outputs that are derivations, which outputs. */
export interface InputNode {
  readonly outputs: ReadonlySet<string>
  /** By name of the output that is itself a derivation; needs dynamic-derivations. */
  readonly dynamic: ReadonlyMap<string, InputNode>
}

/** A derivation. Maps and sets may be in any order; writers sort. All strings are byte strings. */
export interface Derivation {
  /** Without `.drv`. */
  readonly name: string
  readonly outputs: ReadonlyMap<string, DerivationOutput>
  readonly inputSrcs: ReadonlySet<StorePath>
  readonly inputDrvs: ReadonlyMap<StorePath, InputNode>
  readonly system: string
  readonly builder: string
  readonly args: readonly string[]
  /** Without `__json`. */
  readonly env: ReadonlyMap<string, string>
  /** The text of `__json`: an object as printJson writes it. */
  readonly structuredAttrs: string | undefined
}

/** What all outputs of a derivation have in common. */
export type DerivationType = "inputAddressed" | "deferred" | "caFixed" | "caFloating" | "impure"

/** An input node of plain outputs. */
export function inputOutputs(outputs: Iterable<string>): InputNode {
  return { outputs: new Set(outputs), dynamic: noDynamic }
}

const noDynamic: ReadonlyMap<string, InputNode> = new Map()

/** The type of a derivation; fails in Nix's words where its outputs do not fit together. C++ Nix: derivation::type. */
export function derivationType(drv: Pick<Derivation, "outputs">): DerivationType {
  let type: DerivationType | undefined
  let floatingAlgo: HashAlgo | undefined
  for (const name of [...drv.outputs.keys()].sort()) {
    const output = drv.outputs.get(name)!
    if (type === undefined) type = output.kind
    else if (type !== output.kind) fail("bad-derivation", "can't mix derivation output types")
    else if (type === "caFixed") fail("bad-derivation", "only one fixed output is allowed for now")
    if (output.kind === "caFixed" && name !== "out") fail("bad-derivation", 'single fixed output must be named "out"')
    if (output.kind === "caFloating") {
      floatingAlgo ??= output.algo
      if (floatingAlgo !== output.algo) fail("bad-derivation", "all floating outputs must use the same hash algorithm")
    }
  }
  return type ?? fail("bad-derivation", "must have at least one output")
}

/** The path of an output, where it is known without building. C++ Nix: Output::path. */
export function outputPath(
  output: DerivationOutput,
  drvName: string,
  outputName: string,
  storeDir: string,
  recorder?: Recorder,
): StorePath | undefined {
  if (output.kind === "inputAddressed") return output.path
  if (output.kind !== "caFixed") return undefined
  const name = outputPathName(drvName, outputName)
  const known = fixedPaths.get(output)
  if (known !== undefined && recorder === undefined && known.name === name && known.storeDir === storeDir) return known.path
  const path = makeFixedOutputPath(name, output.address, undefined, storeDir, recorder)
  fixedPaths.set(output, { name, storeDir, path })
  return path
}

// A cache by object, not state: making one derivation asks for this path four times, and it costs two digests.
const fixedPaths = new WeakMap<DerivationOutput, { readonly name: string; readonly storeDir: string; readonly path: StorePath }>()

/** True if an input is an output of a derivation that is itself an output. */
export function hasDynamicInputs(drv: Pick<Derivation, "inputDrvs">): boolean {
  for (const node of drv.inputDrvs.values()) if (node.dynamic.size > 0) return true
  return false
}

/** All inputs one by one, in Nix's order. C++ Nix: FullInputs::toSet. */
export function derivationInputs(drv: Pick<Derivation, "inputDrvs" | "inputSrcs">): SingleDerivedPath[] {
  const inputs: SingleDerivedPath[] = [...drv.inputSrcs].map(opaque)
  const add = (drvPath: SingleDerivedPath, node: InputNode): void => {
    for (const output of node.outputs) inputs.push({ kind: "built", drvPath, output })
    for (const [output, child] of node.dynamic) add({ kind: "built", drvPath, output }, child)
  }
  for (const [path, node] of drv.inputDrvs) add(opaque(path), node)
  return inputs.sort(compareSingleDerivedPaths)
}

/** Collects inputs one by one into the two maps of a derivation. C++ Nix: FullInputs::fromSet. */
export class InputCollector {
  readonly inputSrcs = new Set<StorePath>()
  readonly inputDrvs = new Map<StorePath, InputNode>()
  readonly #single: Map<string, InputNode>

  /**
   * `single` keeps the nodes that are one plain output, by its name. Nearly all are, so whoever collects for many derivations
   * gives the same map each time.
   */
  constructor(single = new Map<string, InputNode>()) {
    this.#single = single
  }

  /** Adds an input. */
  add(input: SingleDerivedPath): void {
    if (input.kind === "opaque") this.inputSrcs.add(input.path)
    else if (input.drvPath.kind === "opaque") this.addOutput(input.drvPath.path, input.output)
    else {
      // From the derivation to the last but one output.
      const through: string[] = []
      let at: SingleDerivedPath = input.drvPath
      for (; at.kind !== "opaque"; at = at.drvPath) through.unshift(at.output)
      this.inputDrvs.set(at.path, withDynamic(this.inputDrvs.get(at.path) ?? noOutputs, through, input.output))
    }
  }

  /** Adds one output of a derivation. */
  addOutput(drvPath: StorePath, output: string): void {
    const node = this.inputDrvs.get(drvPath)
    if (node === undefined) {
      let single = this.#single.get(output)
      if (single === undefined) this.#single.set(output, (single = inputOutputs([output])))
      this.inputDrvs.set(drvPath, single)
    } else if (!node.outputs.has(output))
      this.inputDrvs.set(drvPath, { outputs: new Set([...node.outputs, output]), dynamic: node.dynamic })
  }
}

const noOutputs: InputNode = inputOutputs([])

/** A node with one output more, of an output of an output. */
function withDynamic(node: InputNode, through: readonly string[], output: string): InputNode {
  const [first, ...rest] = through
  if (first === undefined) return { outputs: new Set([...node.outputs, output]), dynamic: node.dynamic }
  return {
    outputs: node.outputs,
    dynamic: new Map(node.dynamic).set(first, withDynamic(node.dynamic.get(first) ?? noOutputs, rest, output)),
  }
}

/** All inputs that are outputs, in Nix's order. */
export function builtInputs(drv: Pick<Derivation, "inputDrvs">): BuiltPath[] {
  return derivationInputs({ inputSrcs: new Set(), inputDrvs: drv.inputDrvs }).filter((input) => input.kind === "built")
}
