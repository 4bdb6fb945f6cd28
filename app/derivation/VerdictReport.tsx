// What came of checking a pasted file: verified, or which step does not fit.

import type { VerdictView } from "../../engine/worker/derivation-protocol.ts"

interface Props {
  readonly verdict: VerdictView
  readonly onStep: (id: string) => void
}

const SAID = {
  verified: "Verified: every path in it is the one that follows from its contents.",
  wrong: "Wrong: something in it does not follow from its contents.",
  unknown: "Not known: an input that is needed is not here.",
} as const

export function VerdictReport({ verdict, onStep }: Props) {
  return (
    <section className={`verdict ${verdict.status}`} aria-label="Verdict">
      <p role="status">{SAID[verdict.status]}</p>
      <ul className="bare">
        {verdict.checks.map(({ what, status, stated, computed, step, why }) => (
          <li key={what}>
            <b>{what}</b> <span className={`fact ${status}`}>{status}</span>{" "}
            {step === null ? null : (
              <button type="button" className="place" onClick={() => onStep(step)}>
                {status === "wrong" ? "the step that does not fit" : "its step"}
              </button>
            )}
            {why === null ? null : <p className="note">{why}</p>}
            {status === "verified" || (stated === null && computed === null) ? null : (
              <div className="sides">
                {stated === null ? null : <del>{`stated ${stated}`}</del>}
                {computed === null ? null : <ins>{`computed ${computed}`}</ins>}
              </div>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
