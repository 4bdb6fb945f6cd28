// From a derivation without output paths to its file: output paths, ATerm, path of the `.drv`, and the hash that stands
// for it as an input, with everything sorted and escaped once. The evaluator's way; the single steps are in modulo.ts.
// C++ Nix: primops.cc derivationStrictInternal, libstore/derivations.cc infoForDerivation

import type { Recorder } from "../explain/recorder.ts"
import { type Bytes, hexDigest } from "../hash/digest.ts"
import { makeOutputPath, makeTextPath } from "../store-path/compute.ts"
import { defaultStoreDir, type StorePath } from "../store-path/store-path.ts"
import { printAterm, printAtermOutputs, printMaskedOutputs } from "./aterm-writer.ts"
import { type Derivation, type DerivationOutput, derivationType } from "./derivation.ts"
import { type HashModulo, hashModulo, type ModuloCache, printModuloInputs } from "./modulo.ts"

/** A derivation ready to be written. What evaluation seldom asks for is made when it is asked for. */
export class Instantiated {
  readonly #given: Derivation
  readonly #storeDir: string
  #drv: Derivation | undefined
  /** With their paths, where these are known. */
  readonly outputs: Derivation["outputs"]
  readonly drvPath: StorePath
  /** What stands for it where it is an input. */
  readonly modulo: HashModulo

  constructor(given: Derivation, storeDir: string, outputs: Derivation["outputs"], drvPath: StorePath, modulo: HashModulo) {
    this.#given = given
    this.#storeDir = storeDir
    this.outputs = outputs
    this.drvPath = drvPath
    this.modulo = modulo
  }

  /** With output paths filled in, in outputs and variables. */
  get drv(): Derivation {
    if (this.#drv === undefined) {
      const { outputs } = this
      if (outputs === this.#given.outputs) this.#drv = this.#given
      else {
        const env = new Map(this.#given.env)
        const value = outputValue(this.#given, outputs, this.#storeDir)
        for (const name of outputs.keys()) if (env.has(name)) env.set(name, value(name))
        this.#drv = { ...this.#given, outputs, env }
      }
    }
    return this.#drv
  }

  /** The bytes of the file. */
  get aterm(): string {
    return printAterm(this.drv, this.#storeDir)
  }
}

/** The value of a variable named like an output: its path, if it has got one. */
function outputValue(drv: Derivation, outputs: Derivation["outputs"], storeDir: string): (name: string) => string {
  return (name) => {
    const output = outputs.get(name)!
    return output.kind === "inputAddressed" ? `${storeDir}/${output.path}` : drv.env.get(name)!
  }
}

/** The path of a derivation's file: a text that refers to all inputs. C++ Nix: computeStorePath. */
export function derivationPath(
  drv: Pick<Derivation, "name" | "inputDrvs" | "inputSrcs">,
  aterm: Bytes,
  storeDir: string = defaultStoreDir,
  recorder?: Recorder,
): StorePath {
  const references = drv.inputSrcs.size === 0 ? drv.inputDrvs.keys() : new Set([...drv.inputSrcs, ...drv.inputDrvs.keys()])
  return makeTextPath(`${drv.name}.drv`, aterm, references, storeDir, recorder)
}

/**
 * Completes `drv`. If its outputs are deferred and all inputs known, they get their paths, and so do the variables
 * named like them, whatever their value was; other derivations are taken as they are. What stands for the derivation
 * as an input is noted in `cache` (and not computed again if the same derivation is there already), whose writer has the
 * bytes of the file until the next derivation. `recorder` gets what leads to the paths.
 */
export function instantiate(drv: Derivation, cache: ModuloCache, storeDir: string = defaultStoreDir, recorder?: Recorder): Instantiated {
  const { writer } = cache
  writer.prepare(drv)
  const moduloInputs = derivationType(drv) === "deferred" ? printModuloInputs(drv.inputDrvs, drv.name, cache.get, recorder) : undefined
  let { outputs } = drv
  if (moduloInputs !== undefined) {
    const bytes = writer.writeMasked(printMaskedOutputs(outputs), moduloInputs)
    // A recorder keeps what was hashed; the writer's bytes are gone with the next form.
    const masked = recorder === undefined ? bytes : writer.text()
    const hex = hexDigest("sha256", masked)
    recorder?.hashed("masked-modulo", "sha256", masked, hex)
    const filled = new Map<string, DerivationOutput>()
    for (const name of outputs.keys())
      filled.set(name, { kind: "inputAddressed", path: makeOutputPath(name, hex, drv.name, storeDir, recorder) })
    outputs = filled
  }
  const value = moduloInputs === undefined ? (name: string): string => drv.env.get(name)! : outputValue(drv, outputs, storeDir)
  const printed = printAtermOutputs({ name: drv.name, outputs }, storeDir, recorder)
  const file = writer.writeFile(drv, printed, value)
  const drvPath = derivationPath(drv, recorder === undefined ? file : writer.fileText(), storeDir, recorder)
  let modulo = cache.known(drvPath)
  if (modulo === undefined) {
    modulo =
      moduloInputs === undefined
        ? hashModulo(drv, cache.get, storeDir)
        : { kind: "hash", hex: hexDigest("sha256", writer.write(printed, moduloInputs, value)) }
    cache.set(drvPath, modulo)
  }
  return new Instantiated(drv, storeDir, outputs, drvPath, modulo)
}
