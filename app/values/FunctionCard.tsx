// What is known of a function without calling it: its formals, where it is written, its documentation as plain text.

import type { ValueView } from "../../engine/worker/client.ts"
import { PlaceButton } from "./PlaceButton.tsx"

export function FunctionCard({ view }: { readonly view: ValueView & { readonly kind: "function" } }) {
  const { formals, doc, at, arg, ellipsis } = view
  return (
    <div className="function-card">
      {formals === null ? null : (
        <ul aria-label="Formals">
          {formals.map(({ name, hasDefault }) => (
            <li key={name}>
              <code>{name}</code>
              <span className="note">{hasDefault ? " has a default" : " is required"}</span>
            </li>
          ))}
          {ellipsis ? <li className="note">… and any other attribute</li> : null}
          {arg === null ? null : <li className="note">all of it as {arg}</li>}
        </ul>
      )}
      {doc === null ? null : <pre className="doc">{plainDoc(doc)}</pre>}
      {at === null ? null : <PlaceButton place={at} />}
    </div>
  )
}

/** A doc comment without its marks and its common indentation. */
function plainDoc(doc: string): string {
  const lines = doc
    .replace(/^\/\*\*?/, "")
    .replace(/\*\/$/, "")
    .split("\n")
  const indents = lines.slice(1).flatMap((line) => (line.trim() === "" ? [] : [line.length - line.trimStart().length]))
  const cut = indents.length === 0 ? 0 : Math.min(...indents)
  return [lines[0]?.trim() ?? "", ...lines.slice(1).map((line) => line.slice(cut).trimEnd())].join("\n").trim()
}
