// Whether the output paths that a derivation names are its own. Those of fixed outputs follow from what they promise; those of others
// from the derivation and all that it needs, so they can be proved only where all of these are known here.

import { StoreError } from "../../castore/error.ts"
import { parseAterm } from "../../formats/derivation/aterm-reader.ts"
import type { Derivation } from "../../formats/derivation/derivation.ts"
import { derivationPath } from "../../formats/derivation/instantiate.ts"
import { checkInvariantsAt } from "../../formats/derivation/invariants.ts"
import { ModuloCache } from "../../formats/derivation/modulo.ts"
import { FormatError } from "../../formats/error.ts"
import { drvNameOfPath, printStorePath, type StorePath } from "../../formats/store-path/store-path.ts"
import type { Store } from "../../store/store.ts"
import { BuildFailure } from "./executor.ts"
import type { JobDerivation } from "./job-derivation.ts"

export class DerivationProofs {
  readonly #store: Store
  /** Derivations of the closure that is being looked at, by path. */
  readonly #drvs = new Map<StorePath, Derivation>()
  readonly #modulo: ModuloCache
  /** One at a time: they share what they have read. */
  #queue: Promise<unknown> = Promise.resolve()

  constructor(store: Store) {
    this.#store = store
    this.#modulo = new ModuloCache((path) => {
      const drv = this.#drvs.get(path)
      if (drv === undefined) throw new RangeError(`${path} was not read`)
      return drv
    })
  }

  /** True if the paths are right; false if that cannot be told. Throws BuildFailure if they are wrong. */
  check(derivation: JobDerivation): Promise<boolean> {
    const result = this.#queue.then(() => this.#check(derivation))
    this.#queue = result.catch(() => {}) // Whoever asked is told.
    return result
  }

  async #check({ path, drv }: JobDerivation): Promise<boolean> {
    try {
      if (!(await this.#readInputs(drv))) return false
      checkInvariantsAt(drv, path, { lookup: this.#modulo.get })
      return true
    } catch (error) {
      if (error instanceof FormatError) throw new BuildFailure("input-rejected", error.message, { cause: error })
      throw error
    } finally {
      this.#drvs.clear()
    }
  }

  /** Reads all derivations whose hashes are not known yet; false if one of them is not here. */
  async #readInputs(root: Derivation): Promise<boolean> {
    const waiting = [...root.inputDrvs.keys()]
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (this.#modulo.known(path) !== undefined || this.#drvs.has(path)) continue
      const drv = await this.#read(path)
      if (drv === null) return false
      this.#drvs.set(path, drv)
      waiting.push(...drv.inputDrvs.keys())
    }
    return true
  }

  async #read(path: StorePath): Promise<Derivation | null> {
    try {
      const text = await this.#store.readText(path)
      const drv = parseAterm(text, drvNameOfPath(path))
      // A path info may say anything of itself; the text cannot.
      if (derivationPath(drv, text) === path) return drv
      throw new BuildFailure("input-rejected", `what is stored as '${printStorePath(path)}' is another derivation`)
    } catch (error) {
      if (error instanceof StoreError && error.code === "absent") return null
      throw error
    }
  }
}
