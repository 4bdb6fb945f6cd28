// A value in the repl: opened row by row, forced only by opening.

import { useState } from "react"
import type { Child, Ref, ValueView } from "../engine/worker/client.ts"
import { useEngine } from "./engine-context.ts"
import { attrsPreview, listPreview } from "./values/preview.ts"
import { attrName, count, quote } from "./values/quote.ts"

interface Props {
  readonly run: number
  readonly at: Ref
  readonly view: ValueView
  /** Attribute name or index; null for the value itself. */
  readonly label: string | null
}

export function ReplValue({ run, at, view: given, label }: Props) {
  const engine = useEngine()
  const [view, setView] = useState(given)
  const [children, setChildren] = useState<readonly Child[] | null>(null)
  const [next, setNext] = useState<number | null>(0)
  const [open, setOpen] = useState(false)
  const [said, setSaid] = useState("")
  const load = async (from: number) => {
    const page = await engine.children(run, at, from)
    setChildren((known) => [...(from === 0 ? [] : (known ?? [])), ...page.children])
    setNext(page.next)
  }
  const toggle = async () => {
    if (open) return setOpen(false)
    try {
      const now = view.kind === "unforced" ? (await engine.force(run, at)).view : view
      setView(now)
      if (now.kind === "list" || now.kind === "attrs") {
        if (children === null) await load(0)
        setOpen(true)
      }
      setSaid("")
    } catch {
      setSaid("stopped; open it to run it again")
    }
  }
  const opens = view.kind === "unforced" || (view.kind === "list" && view.length > 0) || (view.kind === "attrs" && view.size > 0)
  const name =
    label === null ? null : <span>{`${view.kind !== "unforced" && /^\d+$/.test(label) ? `${label}:` : `${attrName(label)} =`} `}</span>
  const summary = (
    <>
      {name}
      <code className={view.kind === "failed" ? "error" : undefined}>{summaryOf(view, open)}</code>
    </>
  )
  return (
    <div className="repl-value">
      {opens ? (
        <button type="button" className="repl-open" aria-expanded={open} onClick={() => void toggle()}>
          <span aria-hidden="true">{open ? "▾ " : "▸ "}</span>
          {summary}
        </button>
      ) : (
        <p>{summary}</p>
      )}
      {said === "" ? null : <p className="note">{said}</p>}
      {open
        ? children?.map(({ label: child, step, view: below }) => (
            <ReplValue key={String(step)} run={run} at={[...at, step]} view={below} label={child} />
          ))
        : null}
      {open && next !== null && next > 0 ? (
        <button type="button" onClick={() => void load(next).catch(() => setSaid("stopped"))}>
          more…
        </button>
      ) : null}
    </div>
  )
}

function summaryOf(view: ValueView, open: boolean): string {
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
      return view.length > view.text.length ? `${quote(view.text).slice(0, -1)}…` : quote(view.text)
    case "list":
      return open ? `[ ${count(view.length, "element")} ]` : listPreview(view.preview, view.length)
    case "attrs":
      return open ? `{ ${count(view.size, "attribute")} }` : attrsPreview(view.preview, view.size)
    case "function":
      return view.name === null ? "«function»" : `«function ${view.name}»`
    case "unforced":
      return "«thunk»"
    case "failed":
      return `error: ${(view.problem.message.split("\n")[0] ?? "").slice(0, 300)}`
  }
}
