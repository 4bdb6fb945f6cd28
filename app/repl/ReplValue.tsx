// A value in the repl: the same tree as a result's, as high as it needs to be; below it the card of a derivation or an explanation, once
// one is asked for.

import { Suspense, useCallback, useMemo } from "react"
import { useStore } from "zustand"
import type { EvaluateRequest, PlaceView, Ref } from "../../engine/worker/client.ts"
import { attrPath } from "../values/attr-path.ts"
import { DerivationViews } from "../values/DerivationViews.tsx"
import { Log } from "../values/Log.tsx"
import { ResultContext } from "../values/result-context.ts"
import { useTrail } from "../values/use-trail.ts"
import { ValueTree } from "../values/ValueTree.tsx"
import { parseView, printView, type View } from "../values/view-name.ts"
import type { OpenValue } from "./repl-values.ts"
import "../values/values.css"

export interface ReplValueProps {
  readonly value: OpenValue
  /** What it is the value of. */
  readonly input: string
  /** What the repl was opened with. */
  readonly request: EvaluateRequest
  readonly leadsTo: (file: string) => boolean
  readonly show: (place: PlaceView) => void
}

/** Inputs that a path can go on from: names and selections. */
const named = /^[a-zA-Z_][\w'-]*(\.[a-zA-Z_][\w'-]*)*$/

export function ReplValue({ value, input, request, leadsTo, show }: ReplValueProps) {
  const { model, store, addLog } = value
  const { selected, view, viewed, log } = useStore(store)
  const { run, top } = model
  const current = parseView(view)
  const onView = useCallback((to: string) => store.setState({ view: to }), [store])
  const trail = useTrail(view, onView)
  const { goTo } = trail
  const select = useCallback((ref: Ref | null) => store.setState({ selected: ref }), [store])
  const look = useCallback(
    (ref: Ref, to: View) => {
      store.setState({ selected: ref, viewed: ref })
      goTo(to)
    },
    [store, goTo],
  )
  const scope = useMemo(
    () => ({
      run,
      main: "«string»",
      addLog,
      pathOf: (ref: Ref) =>
        [named.test(input.trim()) ? input.trim() : "", attrPath(ref.slice(top.length))].filter((part) => part !== "").join("."),
      kept: null,
      leadsTo,
      show,
      onDerivationPath: (path: string) => goTo({ kind: "drv", path }),
      onExplainNode: (ref: Ref) => look(ref, { kind: "explain", path: "", step: "" }),
    }),
    [run, top, addLog, input, leadsTo, show, goTo, look],
  )
  return (
    <ResultContext value={scope}>
      <div className="values repl-value">
        <ValueTree
          model={model}
          first="closed"
          selected={selected}
          onSelect={select}
          onDerivation={(ref) => look(ref, { kind: "drv", path: "" })}
        />
        {current.kind === "drv" || current.kind === "explain" ? (
          <section className="repl-card" aria-label={current.kind === "drv" ? "Derivation" : "Explanation"}>
            <button type="button" className="dots" aria-label="Close" onClick={() => trail.pick(printView({ kind: "tree" }))}>
              ×
            </button>
            <Suspense fallback={<p role="status">Loading…</p>}>
              <DerivationViews
                request={request}
                view={current}
                drvRef={viewed}
                explained={viewed}
                trail={trail}
                onView={onView}
                onNode={(ref) => store.setState({ selected: ref, viewed: ref })}
              />
            </Suspense>
          </section>
        ) : null}
        <Log lines={log} />
      </div>
    </ResultContext>
  )
}
