// Structured attributes as shell declarations, the file .attrs.sh of a build: strings, numbers, booleans and nulls, lists and sets
// of these; what is nested deeper is left out. C++ Nix: libstore/parsed-derivations.cc StructuredAttrs::writeShell

import { isJsonObject, JsonFloat, type JsonObject, type JsonValue } from "../formats/json/value.ts"

const variable = /^[A-Za-z_][A-Za-z0-9_]*$/

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

/** A simple value as a shell word; undefined for lists, sets and fractions. */
function word(value: JsonValue): string | undefined {
  if (typeof value === "string") return quote(value)
  if (value === null) return "''"
  if (typeof value === "boolean") return value ? "1" : ""
  const number =
    value instanceof JsonFloat ? value.value : typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN
  // Nix looks at numbers as single-precision floats, and prints them as 32-bit integers.
  const single = Math.fround(number)
  if (!Number.isFinite(single) || Math.ceil(single) !== single) return undefined
  return typeof value === "bigint" ? String(BigInt.asIntN(32, value)) : String(Math.trunc(number) | 0)
}

/** The words of simple values; undefined if one is not simple. */
function words(values: readonly (readonly [string, JsonValue])[]): string | undefined {
  let text = ""
  for (const [prefix, value] of values) {
    const one = word(value)
    if (one === undefined) return undefined
    text += `${prefix}${one} `
  }
  return text
}

/** The declarations. */
export function attributesShell(attributes: JsonObject): string {
  let text = ""
  for (const key of Object.keys(attributes).sort()) {
    if (!variable.test(key)) continue
    const value = attributes[key] as JsonValue // it is one of its keys
    const simple = word(value)
    if (simple !== undefined) text += `declare ${key}=${simple}\n`
    else if (Array.isArray(value)) {
      const list = words(value.map((each: JsonValue) => ["", each]))
      if (list !== undefined) text += `declare -a ${key}=(${list})\n`
    } else if (isJsonObject(value)) {
      const entries = Object.keys(value).sort()
      const set = words(entries.map((name) => [`[${quote(name)}]=`, value[name] as JsonValue])) // likewise
      if (set !== undefined) text += `declare -A ${key}=(${set})\n`
    }
  }
  return text
}
