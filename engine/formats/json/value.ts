// JSON values as Nix's library has them: integers apart from floats, strings as bytes (UTF-8), objects without order.
// Whole numbers are JavaScript numbers while they are safe integers and bigints beyond, so ordinary JSON data
// without fractions is a JsonValue as it is; floats are wrapped, since 1.0 is not printed as 1.

/** A floating point number in JSON. */
export class JsonFloat {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** Any JSON value. Objects have no prototype when they were read here. */
export type JsonValue = null | boolean | number | bigint | string | JsonFloat | readonly JsonValue[] | JsonObject

/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** True for objects (not lists, not null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof JsonFloat)
}
