// How a store path comes about: of the node that is selected, of any path that this evaluation made, or of a `.drv` or narinfo that is
// pasted, which is then checked.

import { useCallback, useState } from "react"
import type { Ref } from "../../engine/worker/client.ts"
import type { ExplanationView, VerdictView } from "../../engine/worker/derivation-protocol.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "../values/result-context.ts"
import { ExplainedSteps } from "./ExplainedSteps.tsx"
import { ExplainForm } from "./ExplainForm.tsx"
import { findTarget } from "./explain-target.ts"
import { type Asked, useAnswer } from "./use-answer.ts"
import { VerdictReport } from "./VerdictReport.tsx"
import { Waiting } from "./Waiting.tsx"
import "./derivation.css"

interface Props {
  /** The node whose paths are explained where no path is given. */
  readonly drvRef: Ref
  readonly path: string
  readonly step: string
  readonly onPath: (path: string, step: string) => void
  readonly onDerivation: (path: string) => void
  /** Explains another node. */
  readonly onNode: (ref: Ref) => void
  readonly onBack: (() => void) | null
  /** Copies a link to a step. */
  readonly onCopyLink?: (path: string, step: string) => void
}

export function ExplainPane({ drvRef, path, step, onPath, onDerivation, onNode, onBack, onCopyLink }: Props) {
  const engine = useEngine()
  const { run } = useResult()
  const [verdict, setVerdict] = useState<Asked<VerdictView> | null>(null)
  const ask = useCallback(() => findTarget(engine, { run, drvRef, path }), [engine, run, drvRef, path])
  const asked = useAnswer(ask)

  const submit = (text: string, name: string): void => {
    const pasted = text.trim()
    if (/^\//.test(pasted)) {
      setVerdict(null)
      onPath(pasted, "")
      return
    }
    setVerdict({ kind: "waiting" })
    // A file of the store has no line break at its end.
    engine.derivations.verify(run, pasted.startsWith("StorePath:") ? text : pasted, name).then(
      (answer) => setVerdict("problem" in answer ? { kind: "problem", problem: answer.problem } : { kind: "value", value: answer.value }),
      () => setVerdict({ kind: "stopped" }),
    )
  }
  const steps = (explanation: ExplanationView, of: string) => (
    <ExplainedSteps
      key={of}
      explanation={explanation}
      path={of}
      step={step}
      onStep={(id) => onPath(path, id)}
      onPath={(other) => {
        setVerdict(null)
        onPath(other, "")
      }}
      onDerivation={onDerivation}
      {...(onCopyLink === undefined || verdict !== null ? {} : { onCopyLink: (id: string) => onCopyLink(of, id) })}
    />
  )
  return (
    <div className="drv explain">
      <div className="drv-bar">
        {onBack === null ? null : (
          <button type="button" onClick={onBack}>
            ← Back
          </button>
        )}
        <ExplainForm path={path} onSubmit={submit} />
      </div>
      <div className="drv-body">
        {verdict !== null ? (
          verdict.kind === "value" ? (
            <>
              <VerdictReport verdict={verdict.value} onStep={(id) => document.getElementById(`step-${id}`)?.scrollIntoView()} />
              {steps(verdict.value, "what was pasted")}
            </>
          ) : (
            <Waiting asked={verdict} />
          )
        ) : asked.kind !== "value" ? (
          <Waiting asked={asked} />
        ) : asked.value.explanation === null ? (
          <>
            <p>
              {asked.value.children.length > 0 ? "Which part of the value is to be explained?" : "This value has no store path."} A path, a{" "}
              <code>.drv</code> or a narinfo can be given above.
            </p>
            <ul className="bare">
              {asked.value.children.map(({ label, step, view }) => (
                <li key={label}>
                  <button type="button" className="link" onClick={() => onNode([...drvRef, step])}>
                    {label}
                  </button>{" "}
                  <span className="note">{view.kind === "unforced" ? "is evaluated for it" : view.kind}</span>
                </li>
              ))}
            </ul>
          </>
        ) : (
          <>
            {asked.value.others.length === 0 ? null : (
              <p>
                {"Also in this value: "}
                {asked.value.others.map((other) => (
                  <button key={other} type="button" className="store-path" onClick={() => onPath(other, "")}>
                    {other}
                  </button>
                ))}
              </p>
            )}
            {steps(asked.value.explanation, asked.value.path)}
          </>
        )}
      </div>
    </div>
  )
}
