// The fields of one store in a configuration, read one by one; what nobody asked for is a mistake of the user's.

import { StoreError } from "./error.ts"

/** Throws `invalid`, naming the store that the configuration is of. */
export class ConfigFields {
  readonly #where: string
  readonly #fields: Map<string, unknown>

  /** `where` is how the store is called in messages. */
  constructor(where: string, config: unknown) {
    if (typeof config !== "object" || config === null || Array.isArray(config)) {
      throw new StoreError("invalid", `the configuration of ${where} is not an object`)
    }
    this.#where = where
    this.#fields = new Map(Object.entries(config))
  }

  /** Throws `invalid` about a field. */
  fault(name: string, why: string): never {
    throw new StoreError("invalid", `the configuration of ${this.#where} is wrong: '${name}' ${why}`)
  }

  #take(name: string): unknown {
    const value = this.#fields.get(name)
    this.#fields.delete(name)
    return value
  }

  text(name: string): string {
    const value = this.#take(name)
    return typeof value === "string" ? value : this.fault(name, value === undefined ? "is missing" : "is not a text")
  }

  textOr<T>(name: string, otherwise: T): string | T {
    return this.#fields.get(name) === undefined ? otherwise : this.text(name)
  }

  /** A number that is not negative. */
  numberOr<T>(name: string, otherwise: T): number | T {
    const value = this.#take(name)
    if (value === undefined) return otherwise
    return typeof value === "number" && value >= 0 ? value : this.fault(name, "is not a number from 0 up")
  }

  booleanOr<T>(name: string, otherwise: T): boolean | T {
    const value = this.#take(name)
    if (value === undefined) return otherwise
    return typeof value === "boolean" ? value : this.fault(name, "is neither true nor false")
  }

  /** A list of texts. */
  texts(name: string): readonly string[] {
    const value = this.#take(name)
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value
    return this.fault(name, value === undefined ? "is missing" : "is not a list of texts")
  }

  /** Throws if a field was not asked for. */
  done(): void {
    const [name] = this.#fields.keys()
    if (name !== undefined) this.fault(name, "is not known for this type")
  }
}
