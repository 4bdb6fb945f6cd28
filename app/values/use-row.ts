// The state of one row of a value tree: its view, its pages of children, whether it is open.

import { useEffect, useState } from "react"
import type { Page, ValueView } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "./result-context.ts"

export interface Row {
  readonly view: ValueView
  readonly page: Page | null
  readonly open: boolean
  /** "stopped": the engine was stopped while this row was being opened; opening it again tries again. */
  readonly state: "idle" | "waiting" | "stopped"
  toggle(): void
  more(): void
}

/** True if there is something to open. */
export function opens(view: ValueView): boolean {
  switch (view.kind) {
    case "unforced":
    case "failed":
      return true
    case "list":
      return view.length > 0
    case "attrs":
      return view.size > 0
    default:
      return false
  }
}

export function useRow(given: ValueView, openAtFirst: boolean): Row {
  const engine = useEngine()
  const { run, addLog } = useResult()
  const [view, setView] = useState(given)
  const [page, setPage] = useState<Page | null>(null)
  const [open, setOpen] = useState(false)
  const [state, setState] = useState<Row["state"]>("idle")

  const asking = async (work: () => Promise<void>) => {
    setState("waiting")
    try {
      await work()
      setState("idle")
    } catch {
      // Stopped, or the worker died: nothing is lost, the next click asks again.
      setState("stopped")
    }
  }
  const load = async (of: ValueView, known: Page | null) => {
    if (of.kind !== "list" && of.kind !== "attrs") return
    const next = await engine.children(run, of.ref, known?.next ?? 0)
    setPage({ children: [...(known?.children ?? []), ...next.children], next: next.next, total: next.total })
  }
  const unfold = async () => {
    let now = view
    if (view.kind === "unforced") {
      const answer = await engine.force(run, view.ref)
      addLog(answer.log)
      now = answer.view
      setView(now)
    }
    // A value that has nothing to open is shown, a failure stays one line until it is opened.
    if (now.kind === "failed" && view.kind === "unforced") return
    if (page === null) await load(now, null)
    setOpen(opens(now))
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the row appears
  useEffect(() => {
    if (openAtFirst && opens(given)) void asking(unfold)
  }, [])

  return {
    view,
    page,
    open,
    state,
    toggle: () => (open ? setOpen(false) : state === "waiting" ? undefined : void asking(unfold)),
    more: () => (state === "waiting" ? undefined : void asking(() => load(view, page))),
  }
}
