// One row of a value tree. Looking forces nothing: a thunk is forced when its row is opened.

import { useEffect, useState } from "react"
import type { Page, ValueView } from "../engine/worker/protocol.ts"
import { useEngine } from "./engine-context.ts"
import { ProblemReport } from "./ProblemReport.tsx"
import { Summary } from "./Summary.tsx"

interface Props {
  readonly run: number
  readonly label: string | null
  readonly view: ValueView
  /** Open from the start (the top value). */
  readonly open?: boolean
}

export function ValueRow({ run, label, view: given, open: openAtFirst = false }: Props) {
  const engine = useEngine()
  const [view, setView] = useState(given)
  const [page, setPage] = useState<Page | null>(null)
  const [open, setOpen] = useState(false)
  const [waiting, setWaiting] = useState(false)

  const more = async (of: ValueView, known: Page | null) => {
    if (of.kind !== "list" && of.kind !== "attrs") return
    const next = await engine.children(run, of.ref, known?.next ?? 0)
    setPage({ children: [...(known?.children ?? []), ...next.children], next: next.next })
  }
  const toggle = async () => {
    if (open) {
      setOpen(false)
      return
    }
    setWaiting(true)
    try {
      let now = view
      if (view.kind === "unforced") {
        now = await engine.force(run, view.ref)
        setView(now)
      }
      if (page === null) await more(now, null)
      setOpen(true)
    } catch {
      // The engine was stopped meanwhile; the row stays as it was and can be opened again after a new run.
    } finally {
      setWaiting(false)
    }
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the row appears
  useEffect(() => {
    if (openAtFirst) void toggle()
  }, [])

  const opens = view.kind === "unforced" || (view.kind === "list" && view.length > 0) || (view.kind === "attrs" && view.size > 0)
  return (
    <li className="row">
      {opens ? (
        <button
          type="button"
          className="twist"
          aria-expanded={open}
          aria-label={`${open ? "Close" : "Open"} ${label ?? "value"}`}
          onClick={() => void toggle()}
        >
          {waiting ? "…" : open ? "▾" : "▸"}
        </button>
      ) : (
        <span className="twist" />
      )}
      {label === null ? null : <span className="label">{label}</span>}
      {view.kind === "failed" ? <ProblemReport problem={view.problem} /> : <Summary view={view} open={open} />}
      {open && page !== null ? (
        <ul className="tree">
          {page.children.map((child) => (
            <ValueRow key={child.label} run={run} label={child.label} view={child.view} />
          ))}
          {page.next === null ? null : (
            <li>
              <button type="button" className="more" onClick={() => void more(view, page)}>
                {`${(sizeOf(view) - page.children.length).toLocaleString("en")} more…`}
              </button>
            </li>
          )}
        </ul>
      ) : null}
    </li>
  )
}

function sizeOf(view: ValueView): number {
  return view.kind === "list" ? view.length : view.kind === "attrs" ? view.size : 0
}
