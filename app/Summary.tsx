// A value on one line, in Nix's notation.

import type { ValueView } from "../engine/worker/protocol.ts"

export function Summary({ view, open }: { readonly view: ValueView; readonly open: boolean }) {
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
      return (
        <code className="string" title={view.context.length > 0 ? `refers to ${view.context.join(", ")}` : undefined}>
          {quote(view.text)}
          {view.length > view.text.length ? <span className="note"> {view.length.toLocaleString("en")} bytes</span> : null}
        </code>
      )
    case "list":
      return (
        <code>
          {open ? `[ ${count(view.length, "element")} ]` : view.length === 0 ? "[ ]" : `[ ${preview(view.preview, view.length)} ]`}
        </code>
      )
    case "attrs":
      return (
        <code>
          {open
            ? `{ ${count(view.size, "attribute")} }`
            : view.size === 0
              ? "{ }"
              : `{ ${view.preview.map(([name]) => name).join("; ")}${view.size > view.preview.length ? "; …" : ""} }`}
        </code>
      )
    case "function":
      return (
        <code className="word" title={view.doc ?? undefined}>
          {view.formals === null
            ? `function${view.name === null ? "" : ` ${view.name}`}`
            : `{ ${view.formals.map((f) => (f.hasDefault ? `${f.name} ?` : f.name)).join(", ")} }: …`}
          {view.at === null ? null : <span className="note"> line {view.at.line}</span>}
        </code>
      )
    case "unforced":
      return <code className="thunk">thunk</code>
    case "failed":
      return <code className="error">{view.problem.message}</code>
  }
}

function count(n: number, what: string): string {
  return `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`
}

function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u([0-9a-f]{4})/g, "\\x$1")
}

function preview(views: readonly ValueView[], length: number): string {
  const words = views.map((v) =>
    v.kind === "int" || v.kind === "float"
      ? v.text
      : v.kind === "string"
        ? quote(v.text.slice(0, 20))
        : v.kind === "bool"
          ? String(v.value)
          : v.kind === "null"
            ? "null"
            : v.kind === "unforced"
              ? "«thunk»"
              : v.kind === "list"
                ? "[ … ]"
                : v.kind === "attrs"
                  ? "{ … }"
                  : v.kind === "path"
                    ? v.path
                    : `«${v.kind}»`,
  )
  return words.join(" ") + (length > views.length ? " …" : "")
}
