// The card of a derivation: of the node that is selected, or of a path. Its views: the fields, the file in its four states, JSON, the
// graph around it, its closure, a comparison.

import { useCallback, useEffect, useState } from "react"
import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"
import { CopyButton } from "../CopyButton.tsx"
import { useEngine } from "../engine-context.ts"
import { useResult } from "../values/result-context.ts"
import { AtermView } from "./AtermView.tsx"
import { ClosureList } from "./ClosureList.tsx"
import { CompareView } from "./CompareView.tsx"
import { DerivationActions } from "./DerivationActions.tsx"
import { DerivationFields } from "./DerivationFields.tsx"
import { GraphDrawing } from "./GraphDrawing.tsx"
import { Segments } from "./Segments.tsx"
import { useAnswer } from "./use-answer.ts"
import { Waiting } from "./Waiting.tsx"
import "./derivation.css"

interface Props {
  readonly request: EvaluateRequest
  /** The node by which the derivation is made: itself, or one that needs it. */
  readonly drvRef: Ref
  /** "" for the derivation that the node is. */
  readonly path: string
  readonly onDerivation: (path: string) => void
  readonly onExplain: (path: string) => void
  /** Null where there is nothing to go back to. */
  readonly onBack: (() => void) | null
}

const VIEWS = [
  { id: "fields", label: "Card" },
  { id: "aterm", label: "ATerm" },
  { id: "json", label: "JSON" },
  { id: "graph", label: "Graph" },
  { id: "closure", label: "Closure" },
  { id: "compare", label: "Compare" },
] as const

export function DerivationPane({ request, drvRef, path, onDerivation, onExplain, onBack }: Props) {
  const engine = useEngine()
  const { run } = useResult()
  const [view, setView] = useState<(typeof VIEWS)[number]["id"]>("fields")
  const ask = useCallback(async () => {
    if (path === "") return engine.derivations.derivation(run, drvRef)
    const known = await engine.derivations.derivation(run, path)
    if ("value" in known) return known
    // In a new worker it is not made yet: what needs it is evaluated, and then it is.
    const maker = await engine.derivations.derivation(run, drvRef)
    return "value" in maker ? engine.derivations.derivation(run, path) : known
  }, [engine, run, drvRef, path])
  const asked = useAnswer(ask)
  const card = asked.kind === "value" ? asked.value : null
  useEffect(() => {
    if (card === null) return
    const own = request.repl === undefined ? null : run
    engine.kept.note({ request, ref: drvRef, drvPath: card.drvPath, name: card.name, run: own })
  }, [engine, request, run, drvRef, card])

  return (
    <div className="drv">
      <div className="drv-bar">
        {onBack === null ? null : (
          <button type="button" onClick={onBack}>
            ← Back
          </button>
        )}
        <h2>{card?.name ?? "Derivation"}</h2>
        <Segments items={VIEWS} current={view} onPick={setView} label="Views of the derivation" />
      </div>
      {card === null ? (
        <div className="drv-body">
          <Waiting asked={asked} />
        </div>
      ) : (
        <>
          <DerivationActions card={card} request={request} drvRef={drvRef} isInput={path !== ""} onExplain={onExplain} />
          <div className="drv-body">
            {view === "fields" ? <DerivationFields card={card} onDerivation={onDerivation} onExplain={onExplain} /> : null}
            {view === "aterm" ? <AtermView aterm={card.aterm} onExplain={() => onExplain(`${card.drvPath}^*`)} /> : null}
            {view === "json" ? (
              <div className="printed">
                <CopyButton text={pretty(card.json)} />
                {/* A region that scrolls must be reachable by keyboard. */}
                {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
                <pre tabIndex={0}>{pretty(card.json)}</pre>
              </div>
            ) : null}
            {view === "graph" ? <GraphDrawing run={run} drvPath={card.drvPath} onDerivation={onDerivation} onExplain={onExplain} /> : null}
            {view === "closure" ? <ClosureList run={run} drvPath={card.drvPath} onDerivation={onDerivation} onExplain={onExplain} /> : null}
            {view === "compare" ? <CompareView run={run} card={card} request={request} onDerivation={onDerivation} /> : null}
          </div>
        </>
      )}
    </div>
  )
}

function pretty(json: string): string {
  return JSON.stringify(JSON.parse(json), null, 2)
}
