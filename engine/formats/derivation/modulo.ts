// The hash of a derivation modulo its inputs: what output paths are made from.
//
//   modulo(drv)   the ATerm with every input derivation's path replaced by a hash that stands for it:
//                   a fixed output     sha256("fixed:out:" METHODALGO ":" HEX ":" PATH), as if it were output "out"
//                   any other          sha256(modulo(input))
//                 two inputs that hash alike become one. If an input's outputs are not known, neither is the hash.
//   masked        the same with the derivation's own output paths left out: its digest makes those paths
//
// C++ Nix: libstore/derivation/modulo.cc

import { fail } from "../error.ts"
import type { Recorder } from "../explain/recorder.ts"
import { printBase16 } from "../hash/base16.ts"
import { hexDigest } from "../hash/digest.ts"
import { printMethodAlgo } from "../store-path/content-address.ts"
import { defaultStoreDir, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { AtermWriter, printAtermNames, printAtermOutputs, printMaskedOutputs } from "./aterm-writer.ts"
import { type Derivation, derivationType, type InputNode, outputPath } from "./derivation.ts"

/** What stands for a derivation where it is an input. Hashes are SHA-256 in hexadecimal. */
export type HashModulo =
  | { readonly kind: "hash"; readonly hex: string }
  /** Of a fixed-output derivation: one for each output. */
  | { readonly kind: "outputs"; readonly hexes: ReadonlyMap<string, string> }
  /** Not known before something is built. */
  | { readonly kind: "deferred" }

/** Finds the hash modulo of an input derivation. */
export type ModuloLookup = (drvPath: StorePath) => HashModulo

/** The input derivations as hashes, printed; undefined if one is deferred. Fails if a fixed input lacks an output. */
export function printModuloInputs(
  inputDrvs: ReadonlyMap<StorePath, InputNode>,
  drvName: string,
  lookup: ModuloLookup,
  recorder?: Recorder,
): string | undefined {
  const inputs = new Map<string, ReadonlySet<string>>()
  const add = (hex: string, added: ReadonlySet<string>): void => {
    const outputs = inputs.get(hex)
    inputs.set(hex, outputs === undefined ? added : new Set([...outputs, ...added]))
  }
  // In Nix's order, since the first deferred input hides the faults of those after it.
  for (const path of [...inputDrvs.keys()].sort()) {
    const node = inputDrvs.get(path)!
    if (node.dynamic.size > 0) return undefined
    const modulo = lookup(path)
    if (modulo.kind === "deferred") return undefined
    if (modulo.kind === "hash") {
      add(modulo.hex, node.outputs)
      if (recorder !== undefined) for (const output of node.outputs) recorder.input(path, output, modulo.hex)
      continue
    }
    for (const output of node.outputs) {
      const hex = modulo.hexes.get(output)
      if (hex === undefined) fail("bad-derivation", `no hash for output '${output}' of derivation '${drvName}'`)
      add(hex, onlyOut)
      recorder?.input(path, output, hex)
    }
  }
  let text = ""
  for (const hex of [...inputs.keys()].sort()) {
    text += `${text === "" ? "" : ","}("${hex}",${printAtermNames(inputs.get(hex)!)})`
  }
  return `[${text}]`
}

const onlyOut: ReadonlySet<string> = new Set(["out"])

/** The text whose SHA-256 makes the output paths; undefined if an input is deferred. C++ Nix: unparseModulo. */
export function printMaskedModulo(drv: Derivation, lookup: ModuloLookup, storeDir: string = defaultStoreDir): string | undefined {
  const inputs = printModuloInputs(drv.inputDrvs, drv.name, lookup)
  if (inputs === undefined) return undefined
  const writer = new AtermWriter(storeDir)
  writer.prepare(drv)
  writer.writeMasked(printMaskedOutputs(drv.outputs), inputs)
  return writer.text()
}

/** The text whose SHA-256 stands for an input-addressed derivation as an input; undefined if an input is deferred. */
export function printModulo(
  drv: Derivation,
  lookup: ModuloLookup,
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): string | undefined {
  const inputs = printModuloInputs(drv.inputDrvs, drv.name, lookup, recorder)
  if (inputs === undefined) return undefined
  const writer = new AtermWriter(storeDir)
  writer.prepare(drv)
  writer.write(printAtermOutputs(drv, storeDir), inputs, (name) => drv.env.get(name)!)
  return writer.text()
}

/** The text hashed for an output of a fixed-output derivation; undefined for other outputs. */
function printFixedModulo(drv: Derivation, name: string, storeDir: string = defaultStoreDir): string | undefined {
  const output = drv.outputs.get(name)
  if (output?.kind !== "caFixed") return undefined
  const { method, hash } = output.address
  const path = printStorePath(outputPath(output, drv.name, name, storeDir)!, storeDir)
  return `fixed:out:${printMethodAlgo(method, hash.algo)}:${printBase16(hash.bytes)}:${path}`
}

const deferred: HashModulo = { kind: "deferred" }

/** What stands for `drv` where it is an input; all its inputs are looked up. C++ Nix: hashInput. */
export function hashModulo(drv: Derivation, lookup: ModuloLookup, storeDir: string = defaultStoreDir, recorder?: Recorder): HashModulo {
  const type = derivationType(drv)
  if (type === "caFixed") {
    const hexes = new Map<string, string>()
    for (const name of drv.outputs.keys()) {
      const text = printFixedModulo(drv, name, storeDir)!
      const hex = hexDigest("sha256", text)
      recorder?.hashed("fixed-modulo", "sha256", text, hex)
      hexes.set(name, hex)
    }
    return { kind: "outputs", hexes }
  }
  if (type !== "inputAddressed") return deferred
  const text = printModulo(drv, lookup, storeDir, recorder)
  if (text === undefined) return deferred
  const hex = hexDigest("sha256", text)
  recorder?.hashed("modulo", "sha256", text, hex)
  return { kind: "hash", hex }
}

/** The hash that makes the output paths of an input-addressed derivation, in hexadecimal; undefined if deferred. */
export function maskedHashModulo(drv: Derivation, lookup: ModuloLookup, storeDir: string = defaultStoreDir): string | undefined {
  const text = printMaskedModulo(drv, lookup, storeDir)
  return text === undefined ? undefined : hexDigest("sha256", text)
}

/** Hashes modulo of derivations by path, computed when asked for and kept. */
export class ModuloCache {
  /** Writes the derivations that are made with this cache. */
  readonly writer: AtermWriter
  readonly #known = new Map<StorePath, HashModulo>()
  readonly #read: (drvPath: StorePath) => Derivation
  readonly #storeDir: string

  /** `read` gives the derivation at a path; whatever it throws goes through. */
  constructor(read: (drvPath: StorePath) => Derivation, storeDir: string = defaultStoreDir) {
    this.writer = new AtermWriter(storeDir)
    this.#read = read
    this.#storeDir = storeDir
  }

  /** What is known already, without computing anything. */
  known(drvPath: StorePath): HashModulo | undefined {
    return this.#known.get(drvPath)
  }

  /** Notes what was computed elsewhere. */
  set(drvPath: StorePath, modulo: HashModulo): void {
    this.#known.set(drvPath, modulo)
  }

  /** The hash modulo of the derivation at `drvPath`. Goes through its inputs with a stack of its own: no depth is too deep. */
  readonly get = (drvPath: StorePath): HashModulo => {
    const known = this.#known.get(drvPath)
    if (known !== undefined) return known
    const pending: { readonly path: StorePath; readonly drv: Derivation }[] = []
    const onStack = new Set<StorePath>()
    const push = (path: StorePath): void => {
      if (onStack.has(path)) fail("bad-derivation", `derivation '${path}' is an input of itself`)
      onStack.add(path)
      pending.push({ path, drv: this.#read(path) })
    }
    push(drvPath)
    for (;;) {
      const top = pending.at(-1)!
      const missing = this.#firstUnknownInput(top.drv)
      if (missing !== undefined) {
        push(missing)
        continue
      }
      const modulo = hashModulo(top.drv, (path) => this.#known.get(path)!, this.#storeDir)
      this.#known.set(top.path, modulo)
      onStack.delete(top.path)
      pending.pop()
      if (pending.length === 0) return modulo
    }
  }

  /** The first input that hashModulo would look up and that is not known; none if it would not look at inputs. */
  #firstUnknownInput(drv: Derivation): StorePath | undefined {
    if (derivationType(drv) !== "inputAddressed") return undefined
    for (const path of [...drv.inputDrvs.keys()].sort()) {
      if (drv.inputDrvs.get(path)!.dynamic.size > 0) return undefined
      const known = this.#known.get(path)
      if (known === undefined) return path
      if (known.kind === "deferred") return undefined
    }
    return undefined
  }
}
