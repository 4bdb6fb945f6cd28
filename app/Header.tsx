// The bar at the top: which workspace this is, what runs it, and the way to everything else.

import { useSyncExternalStore } from "react"
import { useEngine } from "./engine-context.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function Header() {
  const bench = useWorkbench()
  const engine = useEngine()
  const busy = useSyncExternalStore(engine.subscribe, engine.busy)
  const name = useBench((state) => state.workspace.name)
  return (
    <header className="bar">
      <h1>Thunkpad</h1>
      <button type="button" className="workspace-name" title="Workspaces" onClick={() => bench.show("workspaces")}>
        {name}
      </button>
      <div className="run">
        <button type="button" className="primary" onClick={() => void bench.evaluate()}>
          Evaluate <kbd>Ctrl ⏎</kbd>
        </button>
        <button type="button" className={busy ? "stop" : ""} onClick={bench.stop} disabled={!busy}>
          Stop
        </button>
      </div>
      <div className="more-actions">
        <button type="button" onClick={() => bench.show("examples")}>
          Examples
        </button>
        <button type="button" onClick={() => bench.show("share")}>
          Share
        </button>
        <button type="button" title="All actions" onClick={() => bench.show("palette")}>
          More <kbd>Ctrl K</kbd>
        </button>
      </div>
    </header>
  )
}
