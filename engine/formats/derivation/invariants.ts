// Filling in the output paths of a derivation that came from elsewhere (as JSON, or resolved), and checking that they
// and the variables named like outputs are what they must be.
// C++ Nix: libstore/derivations.cc processDerivationOutputPaths, checkInvariants, fillInOutputPaths

import { fail } from "../error.ts"
import { makeOutputPath } from "../store-path/compute.ts"
import { defaultStoreDir, drvNameOfPath, printStorePath, type StorePath } from "../store-path/store-path.ts"
import { type Derivation, type DerivationOutput, derivationType, outputPath } from "./derivation.ts"
import { type ModuloLookup, maskedHashModulo } from "./modulo.ts"
import { derivationOptions } from "./options.ts"

/** What is needed to check a derivation. */
export interface CheckSettings {
  /** Hashes modulo of the inputs. */
  readonly lookup: ModuloLookup
  readonly storeDir?: string
  /** Gets Nix's warnings. */
  readonly warn?: (message: string) => void
}

const rpcFeature = "builder-rpc-v0"

class OutputPaths {
  readonly #drv: Derivation
  readonly #fill: boolean
  readonly #storeDir: string
  readonly #settings: CheckSettings
  readonly #rpc: boolean
  readonly outputs: Map<string, DerivationOutput>
  readonly env: Map<string, string>
  /** Undefined inside if the inputs are not known yet; computed before any variable is filled in, as Nix does. */
  #hash: { readonly hex: string | undefined } | undefined

  constructor(drv: Derivation, settings: CheckSettings, mode: "fill" | "check") {
    this.#drv = drv
    this.#fill = mode === "fill"
    this.#settings = settings
    this.#storeDir = settings.storeDir ?? defaultStoreDir
    this.outputs = new Map(drv.outputs)
    this.env = new Map(drv.env)
    const options = derivationOptions(drv, { storeDir: this.#storeDir })
    this.#rpc = options.requiredSystemFeatures.includes(rpcFeature)
    const type = derivationType(drv)
    if (this.#rpc && (type === "inputAddressed" || type === "deferred")) {
      fail("bad-derivation", `derivation uses the '${rpcFeature}' feature, which may only be used with content-addressing derivations`)
    }
  }

  #warn(message: string): void {
    this.#settings.warn?.(message)
  }

  #modulo(): string | undefined {
    this.#hash ??= { hex: maskedHashModulo({ ...this.#drv, env: this.env }, this.#settings.lookup, this.#storeDir) }
    return this.#hash.hex
  }

  #variable(name: string, path: StorePath, lenient: "lenient" | "strict"): void {
    if (this.#rpc) return
    const wanted = printStorePath(path, this.#storeDir)
    if (this.#fill && (this.env.get(name) ?? "") === "") this.env.set(name, wanted)
    const found = this.env.get(name)
    if (found === wanted) return
    if (found === undefined) {
      fail("bad-derivation", `derivation has missing environment variable '${name}', should be '${wanted}' but is not present`)
    }
    const message = `derivation has incorrect environment variable '${name}', should be '${wanted}' but is actually '${found}'`
    if (lenient === "strict") fail("bad-derivation", message)
    this.#warn(`${message}\nThis will be an error in future versions of Nix; compatibility of CA derivations will be broken.`)
    if (this.#fill) this.env.set(name, wanted)
  }

  process(): void {
    for (const name of [...this.outputs.keys()].sort()) {
      const output = this.outputs.get(name)!
      if (output.kind === "caFixed") {
        this.#variable(name, outputPath(output, this.#drv.name, name, this.#storeDir)!, "strict")
      }
      if (output.kind !== "inputAddressed" && output.kind !== "deferred") continue
      const hex = this.#modulo()
      const right = hex === undefined ? undefined : makeOutputPath(name, hex, this.#drv.name, this.#storeDir)
      if (output.kind === "inputAddressed") this.#inputAddressed(name, output.path, right)
      else if (right !== undefined) this.#deferred(name, right)
    }
  }

  #inputAddressed(name: string, path: StorePath, right: StorePath | undefined): void {
    const found = printStorePath(path, this.#storeDir)
    if (right === undefined) fail("bad-derivation", `derivation has incorrect output '${found}', should be deferred`)
    if (path !== right) {
      fail("bad-derivation", `derivation has incorrect output '${found}', should be '${printStorePath(right, this.#storeDir)}'`)
    }
    this.#variable(name, right, "strict")
  }

  #deferred(name: string, right: StorePath): void {
    if (this.#fill) {
      this.outputs.set(name, { kind: "inputAddressed", path: right })
      this.#variable(name, right, "lenient")
      return
    }
    this.#warn(
      `derivation has incorrect deferred output, should be '${printStorePath(right, this.#storeDir)}'.\n` +
        "This will be an error in future versions of Nix; compatibility of CA derivations will be broken.",
    )
  }
}

/** The derivation with output paths and the variables named like outputs filled in; fails if one is wrong. */
export function fillInOutputPaths(drv: Derivation, settings: CheckSettings): Derivation {
  const paths = new OutputPaths(drv, settings, "fill")
  paths.process()
  return { ...drv, outputs: paths.outputs, env: paths.env }
}

/** Fails in Nix's words (code `bad-derivation`) if an output path, or a variable named like an output, is wrong. */
export function checkInvariants(drv: Derivation, settings: CheckSettings): void {
  new OutputPaths(drv, settings, "check").process()
}

/** The same, and the name must be that of the file. */
export function checkInvariantsAt(drv: Derivation, drvPath: StorePath, settings: CheckSettings): void {
  if (drvNameOfPath(drvPath) !== drv.name) {
    const path = printStorePath(drvPath, settings.storeDir)
    fail("bad-derivation", `derivation '${path}' has name '${drv.name}' which does not match its path`)
  }
  checkInvariants(drv, settings)
}
