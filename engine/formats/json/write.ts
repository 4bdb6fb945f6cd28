// Writes JSON as Nix does: no blanks, keys in byte order, the few escapes needed, floats as in double.ts.
// C++ Nix: nlohmann::json::dump

import { fail } from "../error.ts"
import { printDouble } from "./double.ts"
import { invalidUtf8At } from "./utf8.ts"
import { isJsonObject, JsonFloat, type JsonValue } from "./value.ts"

/** A string in quotes; fails in the library's words (code `bad-json`) if its bytes are not UTF-8. */
function printJsonString(text: string): string {
  const invalid = invalidUtf8At(text)
  if (invalid >= 0) {
    const byte = text
      .charCodeAt(Math.min(invalid, text.length - 1))
      .toString(16)
      .toUpperCase()
      .padStart(2, "0")
    if (invalid >= text.length) fail("bad-json", `[json.exception.type_error.316] incomplete UTF-8 string; last byte: 0x${byte}`)
    fail("bad-json", `[json.exception.type_error.316] invalid UTF-8 byte at index ${invalid}: 0x${byte}`)
  }
  // For byte strings JSON.stringify escapes exactly what the library escapes: quotes, backslashes, controls below 0x20.
  return JSON.stringify(text)
}

/** A value as one line of JSON. */
export function printJson(value: JsonValue): string {
  if (value === null) return "null"
  switch (typeof value) {
    case "boolean":
    case "bigint":
      return String(value)
    case "number":
      return Number.isSafeInteger(value) ? String(value) : printDouble(value)
    case "string":
      return printJsonString(value)
    default:
      break
  }
  if (value instanceof JsonFloat) return printDouble(value.value)
  if (!isJsonObject(value)) return `[${value.map(printJson).join(",")}]`
  const parts: string[] = []
  for (const key of Object.keys(value).sort()) parts.push(`${printJsonString(key)}:${printJson(value[key]!)}`)
  return `{${parts.join(",")}}`
}
