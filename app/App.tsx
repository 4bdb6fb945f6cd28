// The first page: an expression above, its value below.

import { useEffect, useState } from "react"
import { Editor } from "./Editor.tsx"
import { History } from "./History.tsx"
import { Result } from "./Result.tsx"
import { useEvaluation } from "./use-evaluation.ts"
import type { Workspace } from "./workspace.ts"

export function App({ workspace: opened }: { readonly workspace: Workspace }) {
  const [workspace, setWorkspace] = useState(opened)
  const { outcome, run, stop } = useEvaluation()
  const running = outcome.kind === "running"

  const evaluate = (text: string) => {
    // Saved before it runs: whatever the program does to the page, the text is there after a reload.
    setWorkspace(workspace.save(text, true))
    run(text)
  }
  // Evaluating by itself is harmless for text the user has typed here before: no files, no network, a worker of its own.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page opens
  useEffect(() => {
    if (opened.history.length === 0) run(opened.text)
  }, [])

  return (
    <div className="page">
      <header className="bar">
        <h1>Thunkpad</h1>
        <p className="tagline">the Nix language in your browser</p>
        {workspace.kept ? null : <p className="notice">Nothing can be kept here: the browser denies storage to this page.</p>}
      </header>
      <main className="panes">
        <section className="pane" aria-label="Expression">
          <Editor text={workspace.text} onChange={(text) => setWorkspace(workspace.save(text, false))} onEvaluate={evaluate} />
          <div className="actions">
            <button type="button" className="primary" onClick={() => evaluate(workspace.text)}>
              Evaluate <kbd>Ctrl ⏎</kbd>
            </button>
            <button type="button" onClick={stop} disabled={!running}>
              Stop
            </button>
            <History entries={workspace.history} onPick={(text) => setWorkspace(workspace.save(text, false))} />
          </div>
        </section>
        <section className="pane" aria-label="Value">
          <Result outcome={outcome} />
        </section>
      </main>
    </div>
  )
}
