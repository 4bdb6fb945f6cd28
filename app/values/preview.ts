// Values on one line, as far as they were looked at: in the tree, in comparisons.

import type { ValueView } from "../../engine/worker/client.ts"
import { attrName, count, quote } from "./quote.ts"

export function listPreview(views: readonly ValueView[], length: number): string {
  if (length === 0) return "[ ]"
  return `[ ${views.map(word).join(" ")}${length > views.length ? " …" : ""} ]`
}

export function attrsPreview(preview: readonly (readonly [string, ValueView])[], size: number): string {
  if (size === 0) return "{ }"
  return `{ ${preview.map(([name, view]) => `${attrName(name)} = ${word(view)};`).join(" ")}${size > preview.length ? " …" : ""} }`
}

/** A value on one line; of a string so many characters. */
export function valueText(view: ValueView, characters = 120): string {
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
      return view.text.length > characters ? `${quote(view.text.slice(0, characters)).slice(0, -1)}…"` : quote(view.text)
    case "list":
      return listPreview(view.preview, view.length)
    case "attrs":
      return view.derivation === null ? attrsPreview(view.preview, view.size) : `«derivation ${view.derivation}»`
    case "function":
      return functionText(view)
    case "unforced":
      return "«thunk»"
    case "failed":
      return errorText(view)
  }
}

/** A function by its name or its formals. */
export function functionText({ name, formals, arg, ellipsis, applied }: ValueView & { readonly kind: "function" }): string {
  if (formals === null) return `«function${name === null ? "" : ` ${name}`}${applied > 0 ? ` with ${count(applied, "argument")}` : ""}»`
  const names = [...formals.map((f) => (f.hasDefault ? `${f.name} ? …` : f.name)), ...(ellipsis ? ["..."] : [])]
  return `${arg === null ? "" : `${arg}@`}{ ${names.join(", ")} }: …`
}

/** The first line of an error. */
export function errorText({ problem }: ValueView & { readonly kind: "failed" }): string {
  return `error: ${(problem.message.split("\n")[0] ?? "").slice(0, 300)}`
}

/** A child in a preview: what is in it is not shown. */
function word(view: ValueView): string {
  switch (view.kind) {
    case "list":
      return view.length === 0 ? "[ ]" : "[ … ]"
    case "attrs":
      return view.derivation !== null ? "«derivation»" : view.size === 0 ? "{ }" : "{ … }"
    case "function":
      return "«function»"
    case "failed":
      return "«error»"
    default:
      return valueText(view, 24)
  }
}
