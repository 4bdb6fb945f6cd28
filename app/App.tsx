// The first page: an expression on one side, its value on the other.

import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react"
import type { PlaceView } from "../engine/worker/client.ts"
import { Editor } from "./Editor.tsx"
import { useEngine } from "./engine-context.ts"
import { History } from "./History.tsx"
import { Notices } from "./Notices.tsx"
import { Result } from "./Result.tsx"
import { rangeOf } from "./text-place.ts"
import { useEvaluation } from "./use-evaluation.ts"
import { noteRunning, type Workspace } from "./workspace.ts"

export function App({ workspace: opened }: { readonly workspace: Workspace }) {
  const engine = useEngine()
  const [workspace, setWorkspace] = useState(opened)
  const evaluation = useEvaluation()
  const { run, stop } = evaluation
  const busy = useSyncExternalStore(engine.subscribe, engine.busy)
  const editor = useRef<HTMLTextAreaElement>(null)

  const evaluate = (text: string) => {
    // Saved before it runs: whatever the program does to the page, the text is there after a reload.
    setWorkspace(workspace.save(text, true))
    void run(text)
  }
  const edit = (text: string) => setWorkspace(workspace.save(text, false))
  const show = useCallback((place: PlaceView) => {
    const area = editor.current
    if (area === null) return
    const [start, end] = rangeOf(area.value, place)
    area.focus()
    area.setSelectionRange(start, end)
    // Text areas do not scroll to a selection by themselves.
    const lineHeight = Number.parseFloat(getComputedStyle(area).lineHeight)
    area.scrollTop = Math.max(0, (place.line - 4) * lineHeight)
    area.scrollIntoView({ block: "nearest" })
  }, [])
  useEffect(() => noteRunning(busy), [busy])
  // A new visitor sees a value at once; a text of one's own runs when it is told to.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page opens
  useEffect(() => {
    if (opened.history.length === 0 && !opened.interrupted) void run(opened.text)
  }, [])

  return (
    <div className="page">
      <header className="bar">
        <h1>Thunkpad</h1>
        <p className="tagline">the Nix language in your browser</p>
      </header>
      <Notices workspace={workspace} />
      <main className="panes">
        <section className="pane" aria-label="Expression">
          <Editor ref={editor} text={workspace.text} onChange={edit} onEvaluate={evaluate} onStop={stop} />
          <div className="actions">
            <button type="button" className="primary" onClick={() => evaluate(workspace.text)}>
              Evaluate <kbd>Ctrl ⏎</kbd>
            </button>
            <button type="button" className={busy ? "stop" : ""} onClick={stop} disabled={!busy}>
              Stop
            </button>
            <History entries={workspace.history} onPick={edit} />
          </div>
        </section>
        <section className="pane" aria-label="Result">
          <Result evaluation={evaluation} text={workspace.text} show={show} onText={edit} />
        </section>
      </main>
    </div>
  )
}
