// Earlier states of the workspace, newest first; picking one brings it back.

import { useBench, useWorkbench } from "./workbench-context.ts"

export function History() {
  const bench = useWorkbench()
  const history = useBench((state) => state.history)
  if (history.length === 0) return null
  return (
    <select
      className="history"
      aria-label="Earlier inputs"
      value=""
      onChange={(event) => {
        const state = history[Number(event.target.value)]
        if (state !== undefined) bench.restore(state)
      }}
    >
      <option value="" disabled>
        History ({history.length})
      </option>
      {history.map((state, i) => (
        <option key={`${state.at} ${JSON.stringify(state.files)}`} value={i}>
          {(state.files[state.entry] ?? "").replace(/\s+/g, " ").slice(0, 60)}
        </option>
      ))}
    </select>
  )
}
