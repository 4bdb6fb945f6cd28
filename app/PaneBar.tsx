// The buttons that pick a pane: on large screens above the right half, on phones at the bottom of the page.

import { useEffect, useRef } from "react"
import { useBench, useWorkbench } from "./workbench-context.ts"
import type { Pane } from "./workbench-state.ts"

const NAMES: Readonly<Record<Pane, string>> = {
  files: "Files",
  code: "Code",
  result: "Result",
  problems: "Problems",
  repl: "REPL",
  store: "Store",
  builds: "Builds",
  reference: "Docs",
  lesson: "Lesson",
}

interface Props {
  readonly panes: readonly Pane[]
  readonly current: Pane
}

export function PaneBar({ panes, current }: Props) {
  const bench = useWorkbench()
  const errors = useBench((state) => Object.values(state.diagnostics).reduce((sum, found) => sum + found.length, 0))
  const bar = useRef<HTMLElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: where there is no room for all, the picked one is in sight
  useEffect(() => {
    bar.current?.querySelector("[aria-current]")?.scrollIntoView?.({ block: "nearest", inline: "nearest" })
  }, [current])
  return (
    <nav ref={bar} className="pane-bar" aria-label="Panes">
      {panes.map((pane) => (
        <button key={pane} type="button" aria-current={pane === current ? "true" : undefined} onClick={() => bench.setPane(pane)}>
          {NAMES[pane]}
          {pane === "problems" && errors > 0 ? <span className="badge">{errors}</span> : null}
        </button>
      ))}
    </nav>
  )
}
