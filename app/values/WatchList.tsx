// The nodes that are watched: evaluated anew with each result, whether their rows are open or not.

import { useEffect, useState, useSyncExternalStore } from "react"
import type { Ref, ValueView } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "./result-context.ts"
import { Summary } from "./Summary.tsx"

interface Props {
  readonly onDerivation: (ref: Ref) => void
  readonly goTo: (ref: Ref) => void
}

export function WatchList({ onDerivation, goTo }: Props) {
  const engine = useEngine()
  const { watched } = useSyncExternalStore(engine.kept.subscribe, engine.kept.state)
  if (watched.length === 0) return null
  return (
    <section className="watches" aria-label="Watched">
      <ul>
        {watched.map((ref) => (
          <Watch key={JSON.stringify(ref)} at={ref} onDerivation={onDerivation} goTo={goTo} />
        ))}
      </ul>
    </section>
  )
}

function Watch({ at, onDerivation, goTo }: Props & { readonly at: Ref }) {
  const engine = useEngine()
  const { run, addLog, pathOf } = useResult()
  const [view, setView] = useState<ValueView | "waiting" | "gone">("waiting")
  useEffect(() => {
    let left = false
    setView("waiting")
    engine.force(run, at).then(
      (answer) => {
        if (left) return
        addLog(answer.log)
        setView(isFault(answer.view) ? "gone" : answer.view)
      },
      () => {
        // Stopped, or not there in this result.
        if (!left) setView("gone")
      },
    )
    return () => {
      left = true
    }
  }, [engine, run, at, addLog])
  const path = pathOf(at) || "the whole value"
  return (
    <li>
      <button type="button" className="place" onClick={() => goTo(at)}>
        {path}
      </button>
      <span className="sign"> = </span>
      <span className="line">
        {view === "waiting" ? (
          <span className="note">…</span>
        ) : view === "gone" ? (
          <span className="note">not in this result</span>
        ) : (
          <Summary
            view={view}
            open={false}
            forcing={false}
            reachable
            onOpen={() => {}}
            twin={null}
            goTo={goTo}
            onDerivation={onDerivation}
          />
        )}
      </span>
      <button type="button" className="dots" aria-label={`Stop watching ${path}`} onClick={() => engine.kept.unwatch(at)}>
        ×
      </button>
    </li>
  )
}

/** A place that is not there is told as misuse of the engine. */
function isFault(view: ValueView): boolean {
  return view.kind === "failed" && view.problem.code === "absent"
}
