// Lists and sets on one line, as far as they were looked at.

import type { ValueView } from "../../engine/worker/client.ts"
import { attrName, quote } from "./quote.ts"

export function listPreview(views: readonly ValueView[], length: number): string {
  if (length === 0) return "[ ]"
  return `[ ${views.map(word).join(" ")}${length > views.length ? " …" : ""} ]`
}

export function attrsPreview(preview: readonly (readonly [string, ValueView])[], size: number): string {
  if (size === 0) return "{ }"
  return `{ ${preview.map(([name, view]) => `${attrName(name)} = ${word(view)};`).join(" ")}${size > preview.length ? " …" : ""} }`
}

/** A child in a preview. */
function word(view: ValueView): string {
  switch (view.kind) {
    case "int":
    case "float":
      return view.text
    case "bool":
      return String(view.value)
    case "null":
      return "null"
    case "path":
      return view.path
    case "string":
      return view.text.length > 24 ? `${quote(view.text.slice(0, 24)).slice(0, -1)}…"` : quote(view.text)
    case "list":
      return view.length === 0 ? "[ ]" : "[ … ]"
    case "attrs":
      return view.derivation !== null ? "«derivation»" : view.size === 0 ? "{ }" : "{ … }"
    case "function":
      return "«function»"
    case "unforced":
      return "«thunk»"
    case "failed":
      return "«error»"
  }
}
