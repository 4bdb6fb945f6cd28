// Taking JSON apart, with Nix's words for what does not fit.
// C++ Nix: libutil/json-utils.cc

import { fail } from "../error.ts"
import { isJsonObject, JsonFloat, type JsonObject, type JsonValue } from "./value.ts"
import { printJson } from "./write.ts"

/** What kind of value it is, in the JSON library's words. */
function typeName(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  if (value instanceof JsonFloat || typeof value === "bigint") return "number"
  return typeof value
}

function wrong(value: unknown, wanted: string): never {
  const shown = printJson(value as JsonValue) // only for the message; callers pass JSON
  return fail("bad-json", `Expected JSON value to be of type '${wanted}' but it is of type '${typeName(value)}': ${shown}`)
}

/** The value as an object. */
export function asObject(value: unknown): JsonObject {
  return isJsonObject(value) ? value : wrong(value, "object")
}

/** The value as a list. */
export function asArray(value: unknown): readonly JsonValue[] {
  return Array.isArray(value) ? value : wrong(value, "array")
}

/** The value as a string. */
export function asString(value: unknown): string {
  return typeof value === "string" ? value : wrong(value, "string")
}

/** The value as a boolean. */
export function asBoolean(value: unknown): boolean {
  return typeof value === "boolean" ? value : wrong(value, "boolean")
}

/** The value as a whole number from 0 to 2^53 - 1 (Nix allows 2^64 - 1; nothing that is measured here is so large). */
export function asUnsigned(value: unknown): number {
  if (typeof value === "number" && value >= 0 && Number.isSafeInteger(value)) return value
  const numeric = typeof value === "number" || typeof value === "bigint" || value instanceof JsonFloat
  const kind = !numeric
    ? typeName(value)
    : value instanceof JsonFloat
      ? "floating point number"
      : value < 0
        ? "signed integral number"
        : "number above 2^53"
  const shown = printJson(value as JsonValue) // only for the message; callers pass JSON
  return fail("bad-json", `Expected JSON value to be an unsigned integral number but it is of type '${kind}': ${shown}`)
}

/** The value as a list of strings. */
export function asStrings(value: unknown): string[] {
  return asArray(value).map(asString)
}

/** The value as a map of strings. */
export function asStringMap(value: unknown): Map<string, string> {
  const map = new Map<string, string>()
  for (const [key, item] of Object.entries(asObject(value))) map.set(key, asString(item))
  return map
}

/** The value of a key that must be there. C++ Nix: valueAt. */
export function valueAt(object: JsonObject, key: string): JsonValue {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  if (value === undefined) return fail("bad-json", `Expected JSON object to contain key '${key}' but it doesn't: ${printJson(object)}`)
  return value
}

/** The value of a key, or undefined if it is not there. */
export function optionalAt(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The value of a key, or null if it is not there or null. */
export function nullableAt(object: JsonObject, key: string): JsonValue {
  return optionalAt(object, key) ?? null
}
