// The line at the bottom: the file and its problems, what runs, and the size of the store.

import { useEffect, useState } from "react"
import { useEngine } from "./engine-context.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function StatusBar() {
  const bench = useWorkbench()
  const active = useBench((state) => state.active)
  const entry = useBench((state) => state.workspace.entry)
  const running = useBench((state) => state.progress.kind === "running")
  const foreign = useBench((state) => state.workspace.foreign)
  const problems = useBench((state) => Object.values(state.diagnostics).reduce((sum, found) => sum + found.length, 0))
  const store = useStoreSize()
  return (
    <footer className="status-bar">
      <span>{active}</span>
      {active === entry ? null : (
        <button type="button" onClick={() => bench.openFile(entry)} title="The file that is evaluated">
          evaluates {entry}
        </button>
      )}
      <button type="button" onClick={() => bench.setPane("problems")}>
        {problems === 1 ? "1 problem" : `${problems} problems`}
      </button>
      {foreign ? <span title="Change it or press Evaluate to make it yours">somebody else's: runs under a small budget</span> : null}
      <span className="spacer" />
      <span>{store}</span>
      <span>{running ? "evaluating" : "idle"}</span>
    </footer>
  )
}

/** How large the store is, after each result. */
function useStoreSize(): string {
  const engine = useEngine()
  const run = useBench((state) => state.shown?.evaluated.run ?? null)
  const [said, setSaid] = useState("")
  useEffect(() => {
    // Before the first result nothing has been stored, and the worker has better to do.
    if (run === null) return
    let gone = false
    engine.store.report().then(
      ({ objects, place, used }) => {
        if (gone) return
        const size = used === null ? "" : `, ${(used / 2 ** 20).toLocaleString("en", { maximumFractionDigits: 1 })} MiB`
        setSaid(`store: ${objects.toLocaleString("en")} objects${size}${place === "memory" ? " (in memory)" : ""}`)
      },
      () => {},
    )
    return () => {
      gone = true
    }
  }, [engine, run])
  return said
}
