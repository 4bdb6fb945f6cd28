// Named stores out of a configuration: { "root": { "type": "cache", "near": "local", "far": "server" }, "local": { … }, … }.
// A store is made when it is first asked for, by name; others refer to it by its name. The same for every kind of store.
// Snix: castore/src/composition.rs

import { ConfigFields } from "./config-fields.ts"
import { StoreError } from "./error.ts"

/** Makes stores of one type. `fields` are those of the configuration without `type`; `store` gives another store of the same kind. */
export type StoreType<Store> = (fields: ConfigFields, store: (name: string) => Promise<Store>) => Store | Promise<Store>

/** How to make the stores of each type, by the name of the type. */
export type StoreTypes<Store> = Readonly<Record<string, StoreType<Store>>>

/** The store that is used if no other is named. */
export const rootName = "root"

export class Composition<Store> {
  readonly #kind: string
  readonly #configs: ReadonlyMap<string, unknown>
  readonly #types: StoreTypes<Store>
  readonly #made = new Map<string, Promise<Store>>()
  /** Which stores each store waits for or is made of. */
  readonly #needs = new Map<string, Set<string>>()

  /** `kind` is what the stores hold, for messages ("blobs"). Throws `invalid` if the configuration is no object. */
  constructor(kind: string, config: unknown, types: StoreTypes<Store>) {
    if (typeof config !== "object" || config === null || Array.isArray(config)) {
      throw new StoreError("invalid", `the configuration of the stores of ${kind} is not an object`)
    }
    this.#kind = kind
    this.#configs = new Map(Object.entries(config))
    this.#types = types
  }

  /** The names of all stores there are, in the order of the configuration. */
  get names(): readonly string[] {
    return [...this.#configs.keys()]
  }

  /** A store by its name. Throws `invalid` for unknown names, types and fields and for stores that need themselves; what making it throws. */
  get(name: string = rootName): Promise<Store> {
    const made = this.#made.get(name)
    if (made !== undefined) return made
    const making = this.#make(name)
    this.#made.set(name, making)
    // Storage that is denied now may be allowed later: what failed is not kept.
    making.catch(() => this.#made.delete(name))
    return making
  }

  async #make(name: string): Promise<Store> {
    const where = `the store '${name}' of ${this.#kind}`
    if (!this.#configs.has(name))
      throw new StoreError("invalid", `there is no store '${name}' of ${this.#kind}; there is ${this.#list(this.names)}`)
    const fields = new ConfigFields(where, this.#configs.get(name))
    const type = fields.text("type")
    if (!Object.hasOwn(this.#types, type))
      fields.fault("type", `is '${type}', which is not known; known are ${this.#list(Object.keys(this.#types))}`)
    const needs = new Set<string>()
    this.#needs.set(name, needs)
    const store = await this.#types[type]!(fields, (other) => {
      needs.add(other)
      const cycle = this.#path(other, name)
      if (cycle !== undefined)
        throw new StoreError("invalid", `${where} needs itself: ${[name, ...cycle].map((step) => `'${step}'`).join(" needs ")}`)
      return this.get(other)
    })
    fields.done()
    return store
  }

  #list(names: readonly string[]): string {
    return names.length === 0 ? "none" : names.map((name) => `'${name}'`).join(", ")
  }

  /** A way from one store to another by what they need. */
  #path(from: string, to: string, seen = new Set<string>()): readonly string[] | undefined {
    if (from === to) return [to]
    if (seen.has(from)) return undefined
    seen.add(from)
    for (const next of this.#needs.get(from) ?? []) {
      const rest = this.#path(next, to, seen)
      if (rest !== undefined) return [from, ...rest]
    }
    return undefined
  }
}

/** Stores by the names in a list of the configuration. */
export async function storesIn<Store>(
  fields: ConfigFields,
  field: string,
  store: (name: string) => Promise<Store>,
): Promise<readonly Store[]> {
  const names = fields.texts(field)
  if (names.length === 0) fields.fault(field, "is empty")
  const stores: Store[] = []
  for (const name of names) stores.push(await store(name))
  return stores
}
