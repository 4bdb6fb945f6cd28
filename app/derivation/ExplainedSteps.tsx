// The steps of an explanation in their order, what they lead to, and the proof sheet.

import { useEffect, useMemo } from "react"
import type { ExplanationView } from "../../engine/worker/derivation-protocol.ts"
import { count } from "../values/quote.ts"
import { download } from "./download.ts"
import { proofSheet } from "./proof-sheet.ts"
import { StepCard } from "./StepCard.tsx"

interface Props {
  readonly explanation: ExplanationView
  readonly path: string
  /** The step that is to be in sight; "" for none. */
  readonly step: string
  readonly onStep: (id: string) => void
  readonly onPath: (path: string) => void
  readonly onDerivation: (path: string) => void
  readonly onCopyLink?: (id: string) => void
}

export function ExplainedSteps({ explanation, path, step, onStep, onPath, onDerivation, onCopyLink }: Props) {
  const { steps, results } = explanation
  const byId = useMemo(() => new Map(steps.map((s) => [s.id, s])), [steps])
  useEffect(() => {
    if (step !== "") document.getElementById(`step-${step}`)?.scrollIntoView({ block: "start" })
  }, [step])
  return (
    <div>
      <section className="results" aria-label="Results">
        <dl>
          {results.map(([name, id]) => (
            <div key={name} className="field-row">
              <dt>{name}</dt>
              <dd>
                <code>{byId.get(id)?.result ?? ""}</code>{" "}
                <button type="button" className="place" onClick={() => onStep(id)}>
                  its last step
                </button>
              </dd>
            </div>
          ))}
        </dl>
        <p>
          <span className="note">{count(steps.length, "step")}; each has a shell command that gives its result.</span>{" "}
          <button
            type="button"
            onClick={() => download(`proof-${sheetName(path)}.sh`, proofSheet(path, steps), "text/x-shellscript")}
            title="A shell script of all the commands that checks itself"
          >
            Download the proof sheet
          </button>
        </p>
      </section>
      <ol className="steps">
        {steps.map((s, i) => (
          <StepCard
            key={s.id}
            step={s}
            number={i + 1}
            marked={s.id === step}
            onStep={onStep}
            onPath={onPath}
            onDerivation={onDerivation}
            {...(onCopyLink === undefined ? {} : { onCopyLink })}
          />
        ))}
      </ol>
    </div>
  )
}

function sheetName(path: string): string {
  return path.replace(/^.*\/[0-9a-z]{32}-/, "").replace(/[^\w.-]+/g, "-") || "path"
}
