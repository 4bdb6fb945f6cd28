// The line at the bottom: the file and its problems, what runs, and the size of the store.

import { useBench, useWorkbench } from "./workbench-context.ts"

export function StatusBar() {
  const bench = useWorkbench()
  const active = useBench((state) => state.active)
  const entry = useBench((state) => state.workspace.entry)
  const running = useBench((state) => state.progress.kind === "running")
  const problems = useBench((state) => Object.values(state.diagnostics).reduce((sum, found) => sum + found.length, 0))
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
      <span className="spacer" />
      <span>{running ? "evaluating" : "idle"}</span>
    </footer>
  )
}
