// The page in somebody else's: the program above its value, and a way to the whole page.

import { useSyncExternalStore } from "react"
import { EditorPane } from "../EditorPane.tsx"
import { useEngine } from "../engine-context.ts"
import { FileTabs } from "../FileTabs.tsx"
import { ResultPane } from "../ResultPane.tsx"
import { linkOf } from "../share/page-link.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"

export function EmbedLayout() {
  const bench = useWorkbench()
  const engine = useEngine()
  const busy = useSyncExternalStore(engine.subscribe, engine.busy)
  const workspace = useBench((state) => state.workspace)
  const view = useBench((state) => state.view)
  const selected = useBench((state) => state.selected)
  const several = Object.keys(workspace.files).length > 1
  return (
    <main className="embed">
      <section className="pane" aria-label="Expression">
        {several ? <FileTabs /> : null}
        <EditorPane />
      </section>
      <div className="embed-bar">
        <button type="button" className="primary" onClick={() => void bench.evaluate()}>
          Evaluate
        </button>
        <button type="button" className={busy ? "stop" : ""} onClick={bench.stop} disabled={!busy}>
          Stop
        </button>
        <a href={linkOf(workspace, { view, selected })} target="_blank" rel="noreferrer noopener">
          Open in Thunkpad
        </a>
      </div>
      <section className="pane" aria-label="Result">
        <ResultPane />
      </section>
    </main>
  )
}
