// From a derivation without output paths to its file: output paths, ATerm, path of the `.drv`, and the hash that stands
// for it as an input, with everything sorted and escaped once. The evaluator's way; the single steps are in modulo.ts.
// C++ Nix: primops.cc derivationStrictInternal, libstore/derivations.cc infoForDerivation

import { hexDigest } from "../hash/digest.ts"
import { makeOutputPath, makeTextPath } from "../store-path/compute.ts"
import { defaultStoreDir, type StorePath } from "../store-path/store-path.ts"
import { AtermParts, joinAterm, printAtermInputs, printAtermOutputs, printMaskedOutputs } from "./aterm-writer.ts"
import { type Derivation, type DerivationOutput, derivationType, hasDynamicInputs } from "./derivation.ts"
import { type HashModulo, hashModulo, type ModuloLookup, printModuloInputs } from "./modulo.ts"

/** A derivation ready to be written. */
export interface Instantiated {
  /** With output paths filled in, in outputs and variables. */
  readonly drv: Derivation
  /** The bytes of the file. */
  readonly aterm: string
  readonly drvPath: StorePath
  /** What stands for it where it is an input. */
  readonly modulo: HashModulo
}

/** The path of a derivation's file: a text that refers to all inputs. C++ Nix: computeStorePath. */
export function derivationPath(
  drv: Pick<Derivation, "name" | "inputDrvs" | "inputSrcs">,
  aterm: string,
  storeDir: string = defaultStoreDir,
): StorePath {
  return makeTextPath(`${drv.name}.drv`, aterm, new Set([...drv.inputSrcs, ...drv.inputDrvs.keys()]), storeDir)
}

/**
 * Completes `drv`. If its outputs are deferred and all inputs known, they get their paths, and so do the variables
 * named like them, whatever their value was; other derivations are taken as they are.
 */
export function instantiate(drv: Derivation, lookup: ModuloLookup, storeDir: string = defaultStoreDir): Instantiated {
  const parts = new AtermParts(drv, storeDir)
  const type = derivationType(drv)
  let filled = drv
  let modulo: HashModulo | undefined
  let rest: string | undefined
  const inputs = printAtermInputs(drv.inputDrvs, storeDir)
  if (type === "deferred") {
    const moduloInputs = printModuloInputs(drv.inputDrvs, drv.name, lookup)
    if (moduloInputs === undefined) modulo = { kind: "deferred" }
    else {
      const hex = hexDigest("sha256", joinAterm(printMaskedOutputs(drv.outputs), moduloInputs, parts.printMasked()))
      const outputs = new Map<string, DerivationOutput>()
      const env = new Map(drv.env)
      for (const name of drv.outputs.keys()) {
        const path = makeOutputPath(name, hex, drv.name, storeDir)
        outputs.set(name, { kind: "inputAddressed", path })
        if (env.has(name)) env.set(name, `${storeDir}/${path}`)
      }
      filled = { ...drv, outputs, env }
      rest = parts.print((name) => env.get(name)!)
      modulo = { kind: "hash", hex: hexDigest("sha256", joinAterm(printAtermOutputs(filled, storeDir), moduloInputs, rest)) }
    }
  }
  modulo ??= hashModulo(drv, lookup, storeDir)
  rest ??= parts.print((name) => drv.env.get(name)!)
  const plain = joinAterm(printAtermOutputs(filled, storeDir), inputs, rest)
  const aterm = hasDynamicInputs(filled) ? plain.replace("Derive(", 'DrvWithVersion("xp-dyn-drv",') : plain
  return { drv: filled, aterm, drvPath: derivationPath(filled, aterm, storeDir), modulo }
}
