// From a derivation without output paths to its file: output paths, ATerm, path of the `.drv`, and the hash that stands
// for it as an input, with everything sorted and escaped once. The evaluator's way; the single steps are in modulo.ts.
// C++ Nix: primops.cc derivationStrictInternal, libstore/derivations.cc infoForDerivation

import type { Recorder } from "../explain/recorder.ts"
import { hexDigest } from "../hash/digest.ts"
import { makeOutputPath, makeTextPath } from "../store-path/compute.ts"
import { defaultStoreDir, type StorePath } from "../store-path/store-path.ts"
import { AtermParts, joinAterm, printAtermInputs, printAtermOutputs, printMaskedOutputs } from "./aterm-writer.ts"
import { type Derivation, type DerivationOutput, derivationType, hasDynamicInputs } from "./derivation.ts"
import { type HashModulo, hashModulo, type ModuloCache, printModuloInputs } from "./modulo.ts"

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
  recorder?: Recorder,
): StorePath {
  return makeTextPath(`${drv.name}.drv`, aterm, new Set([...drv.inputSrcs, ...drv.inputDrvs.keys()]), storeDir, recorder)
}

/** Path, variables and the rest of the text of a derivation whose outputs get their paths. */
function fillIn(
  drv: Derivation,
  parts: AtermParts,
  moduloInputs: string,
  storeDir: string,
  recorder: Recorder | undefined,
): { drv: Derivation; rest: string } {
  const masked = joinAterm(printMaskedOutputs(drv.outputs), moduloInputs, parts.printMasked())
  const hex = hexDigest("sha256", masked)
  recorder?.hashed("masked-modulo", "sha256", masked, hex)
  const outputs = new Map<string, DerivationOutput>()
  const env = new Map(drv.env)
  for (const name of drv.outputs.keys()) {
    const path = makeOutputPath(name, hex, drv.name, storeDir, recorder)
    outputs.set(name, { kind: "inputAddressed", path })
    if (env.has(name)) env.set(name, `${storeDir}/${path}`)
  }
  return { drv: { ...drv, outputs, env }, rest: parts.print((name) => env.get(name)!) }
}

/**
 * Completes `drv`. If its outputs are deferred and all inputs known, they get their paths, and so do the variables
 * named like them, whatever their value was; other derivations are taken as they are. What stands for the derivation
 * as an input is noted in `cache` (and not computed again if the same derivation is there already). `recorder` gets what
 * leads to the paths.
 */
export function instantiate(drv: Derivation, cache: ModuloCache, storeDir: string = defaultStoreDir, recorder?: Recorder): Instantiated {
  const parts = new AtermParts(drv, storeDir)
  const moduloInputs = derivationType(drv) === "deferred" ? printModuloInputs(drv.inputDrvs, drv.name, cache.get, recorder) : undefined
  const filled =
    moduloInputs === undefined
      ? { drv, rest: parts.print((name) => drv.env.get(name)!) }
      : fillIn(drv, parts, moduloInputs, storeDir, recorder)
  const outputs = printAtermOutputs(filled.drv, storeDir, recorder)
  const plain = joinAterm(outputs, printAtermInputs(drv.inputDrvs, storeDir), filled.rest)
  const aterm = hasDynamicInputs(drv) ? plain.replace("Derive(", 'DrvWithVersion("xp-dyn-drv",') : plain
  const drvPath = derivationPath(filled.drv, aterm, storeDir, recorder)
  let modulo = cache.known(drvPath)
  if (modulo === undefined) {
    modulo =
      moduloInputs === undefined
        ? hashModulo(drv, cache.get, storeDir)
        : { kind: "hash", hex: hexDigest("sha256", joinAterm(outputs, moduloInputs, filled.rest)) }
    cache.set(drvPath, modulo)
  }
  return { drv: filled.drv, aterm, drvPath, modulo }
}
