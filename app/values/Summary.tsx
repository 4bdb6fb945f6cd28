// A value on one line, in Nix's notation.

import type { ValueView } from "../../engine/worker/client.ts"
import { PlaceButton } from "./PlaceButton.tsx"
import { attrName, count, quote } from "./quote.ts"
import { StringText } from "./StringText.tsx"

interface Props {
  readonly view: ValueView
  readonly open: boolean
  readonly onOpen: () => void
}

export function Summary({ view, open, onOpen }: Props) {
  switch (view.kind) {
    case "int":
    case "float":
      return <code className="number">{view.text}</code>
    case "bool":
      return <code className="word">{String(view.value)}</code>
    case "null":
      return <code className="word">null</code>
    case "path":
      return <code className="path">{view.path}</code>
    case "string":
      return <StringText view={view} />
    case "list":
      return <code>{open ? `[ ${count(view.length, "element")} ]` : listPreview(view.preview, view.length)}</code>
    case "attrs":
      return <code>{open ? `{ ${count(view.size, "attribute")} }` : attrsPreview(view.preview, view.size)}</code>
    case "function":
      return (
        <>
          <code className="word" title={view.doc ?? undefined}>
            {view.formals === null
              ? `«function${view.name === null ? "" : ` ${view.name}`}»`
              : `{ ${view.formals.map((f) => (f.hasDefault ? `${f.name} ? …` : f.name)).join(", ")} }: …`}
          </code>{" "}
          {view.at === null ? null : <PlaceButton place={view.at} />}
        </>
      )
    case "unforced":
      return (
        // The button before the row does the same by keyboard.
        <button type="button" className="thunk" tabIndex={-1} onClick={onOpen}>
          «thunk»
        </button>
      )
    case "failed":
      return <code className="error">{`error: ${(view.problem.message.split("\n")[0] ?? "").slice(0, 300)}`}</code>
  }
}

function listPreview(views: readonly ValueView[], length: number): string {
  if (length === 0) return "[ ]"
  return `[ ${views.map(word).join(" ")}${length > views.length ? " …" : ""} ]`
}

function attrsPreview(preview: readonly (readonly [string, ValueView])[], size: number): string {
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
      return view.size === 0 ? "{ }" : "{ … }"
    case "function":
      return "«function»"
    case "unforced":
      return "«thunk»"
    case "failed":
      return "«error»"
  }
}
