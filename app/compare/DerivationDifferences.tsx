// The derivations that stand at the same places of two values and differ: why each does.

import { useState } from "react"
import { attrPath } from "../values/attr-path.ts"
import { count } from "../values/quote.ts"
import { DerivationDifference } from "./DerivationDifference.tsx"
import { Evaluating } from "./Evaluating.tsx"
import type { Comparison } from "./use-comparison.ts"

export function DerivationDifferences({ comparison }: { readonly comparison: Comparison }) {
  const [open, setOpen] = useState(0)
  if (comparison.kind === "waiting") return <Evaluating />
  if (comparison.kind === "stopped") return <p role="alert">{`Not compared: ${comparison.why}.`}</p>
  const { found, leftRun, rightRun } = comparison
  if (found.derivations.length === 0)
    return <p role="status">{`No derivations differ${found.cut ? " as far as the values were looked at" : ""}.`}</p>
  return (
    <>
      <p role="status">{`${count(found.derivations.length, "derivation")} ${found.derivations.length === 1 ? "differs" : "differ"}.`}</p>
      {found.derivations.map((pair, i) => (
        <section key={JSON.stringify(pair.ref)} aria-label={pair.name} className="compare-value">
          <h3>
            <button type="button" className="link" aria-expanded={open === i} onClick={() => setOpen(open === i ? -1 : i)}>
              {pair.name}
            </button>{" "}
            <span className="note">{attrPath(pair.ref) || "the whole value"}</span>
          </h3>
          {open === i ? <DerivationDifference pair={pair} leftRun={leftRun} rightRun={rightRun} /> : null}
        </section>
      ))}
    </>
  )
}
