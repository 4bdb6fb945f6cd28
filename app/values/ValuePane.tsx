// One result in all its views: as a tree, printed in Nix's forms, its derivations and how their paths come about, what evaluating took,
// the syntax. And what it printed.

import { type ReactNode, Suspense, useCallback, useMemo, useState } from "react"
import type { Evaluated, EvaluateRequest, PlaceView, ProblemView, Ref } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { Tabs } from "../Tabs.tsx"
import { attrPath } from "./attr-path.ts"
import { DerivationViews } from "./DerivationViews.tsx"
import { Log } from "./Log.tsx"
import { ProblemReport } from "./ProblemReport.tsx"
import { ResultForm } from "./ResultForm.tsx"
import { ResultContext } from "./result-context.ts"
import { TreeModel } from "./tree-model.ts"
import { useTrail } from "./use-trail.ts"
import { ValueTree } from "./ValueTree.tsx"
import { parseView, VIEWS } from "./view-name.ts"
import { WatchList } from "./WatchList.tsx"
import "./values.css"

/** What the frame of the page gives to whatever shows a result, and what it wants to know of it. */
export interface ValuePaneProps {
  readonly request: EvaluateRequest
  readonly result: Evaluated
  /** Whether the user can be led to a file that a position names. */
  readonly leadsTo: (file: string) => boolean
  /** Leads the user to a position. */
  readonly show: (place: PlaceView) => void
  /**
   * The view that is open, as links carry it: "tree", "json", …, "drv:PATH" (a derivation's card), "explain:PATH#STEP"; an unknown name
   * is the first one.
   */
  readonly view: string
  readonly onView: (view: string) => void
  /** The node that is selected, as links carry it. */
  readonly selected: Ref | null
  readonly onSelect: (ref: Ref | null) => void
  /** Where the cursor is in the text: marked in the trees of the syntax. */
  readonly cursor?: PlaceView | null
  /** Copies a link to a view of this result; a step of an explanation has such a button if it is given. */
  readonly onCopyLink?: (view: string) => void
  /** What the user can do about a problem: shown with it, wherever in the result it is. */
  readonly remedy?: (problem: ProblemView) => ReactNode
}

/** The value itself: one and the same each time, since who is given another node asks the engine anew. */
const TOP: Ref = []

export function ValuePane(props: ValuePaneProps) {
  const engine = useEngine()
  const { request, result, leadsTo, show, view: open, onView, selected, onSelect, cursor = null, onCopyLink, remedy } = props
  const [log, setLog] = useState(result.log)
  // The node whose derivation is shown: its inputs are made when it is evaluated.
  const [drvRef, setDrvRef] = useState<Ref>(selected ?? TOP)
  const { run, view, forced } = result
  const main = request.file ?? "«string»"
  const current = parseView(open)
  const isDrv = view.kind === "attrs" && view.derivation !== null
  const trail = useTrail(open, onView)
  const { goTo } = trail
  const addLog = useCallback((lines: readonly string[]) => {
    if (lines.length > 0) setLog((known) => [...known, ...lines])
  }, [])
  // Here, so that what is open stays open while another view is looked at.
  const model = useMemo(() => new TreeModel(engine, { run, view, forced }, addLog), [engine, run, view, forced, addLog])
  const onExplainNode = useCallback(
    (ref: Ref) => {
      onSelect(ref)
      setDrvRef(ref)
      goTo({ kind: "explain", path: "", step: "" })
    },
    [onSelect, goTo],
  )
  const scope = useMemo(
    () => ({
      run,
      main,
      addLog,
      pathOf: attrPath,
      kept: engine.kept,
      leadsTo,
      show,
      onDerivationPath: (path: string) => goTo({ kind: "drv", path }),
      onExplainNode,
      ...(remedy === undefined ? {} : { remedy }),
    }),
    [engine, run, main, addLog, leadsTo, show, goTo, onExplainNode, remedy],
  )
  const openDerivation = (ref: Ref) => {
    onSelect(ref)
    setDrvRef(ref)
    goTo({ kind: "drv", path: "" })
  }
  const tabs = VIEWS.filter(({ id }) => id !== "drv" || isDrv || current.kind === "drv" || drvRef.length > 0)
  const failed = view.kind === "failed" ? view.problem : null

  return (
    <ResultContext value={scope}>
      <div className="values">
        <WatchList
          onDerivation={openDerivation}
          goTo={(ref) => {
            onSelect(ref)
            onView("tree")
          }}
        />
        <Tabs tabs={tabs} current={current.kind} onPick={trail.pick} label="Views of the value">
          <Suspense fallback={<p role="status">Loading…</p>}>{body()}</Suspense>
        </Tabs>
        <Log lines={log} />
      </div>
    </ResultContext>
  )

  function body() {
    switch (current.kind) {
      case "tree":
        return failed !== null ? (
          <ProblemReport problem={failed} />
        ) : (
          <ValueTree model={model} first="open" selected={selected} onSelect={onSelect} onDerivation={openDerivation} />
        )
      case "drv":
      case "explain":
        return (
          <DerivationViews
            request={request}
            view={current}
            drvRef={drvRef}
            explained={selected ?? TOP}
            trail={trail}
            onView={onView}
            onNode={(ref) => {
              setDrvRef(ref)
              onSelect(ref)
            }}
            onCopyLink={onCopyLink}
          />
        )
      default:
        return <ResultForm form={current.kind} request={request} result={result} cursor={cursor} />
    }
  }
}
