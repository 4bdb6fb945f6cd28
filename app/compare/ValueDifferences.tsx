// Where two values differ, by their attribute paths.

import { attrPath } from "../values/attr-path.ts"
import { count } from "../values/quote.ts"
import { Evaluating } from "./Evaluating.tsx"
import type { Comparison } from "./use-comparison.ts"

const words = { differs: "", "left-only": "only there", "right-only": "only here", error: "cannot be evaluated" } as const

export function ValueDifferences({ comparison }: { readonly comparison: Comparison }) {
  if (comparison.kind === "waiting") return <Evaluating />
  if (comparison.kind === "stopped") return <p role="alert">{`Not compared: ${comparison.why}.`}</p>
  const { differences, compared, functions, failures, cut } = comparison.found
  const verdict =
    differences.length > 0 ? count(differences.length, "difference") : cut ? "Equal as far as they were looked at" : "The values are equal"
  return (
    <>
      <p role="status">
        {`${verdict}; ${count(compared, "value")} compared${
          functions === 0 ? "" : `, ${count(functions, "function")} not: nobody can tell whether two functions are the same`
        }${failures === 0 ? "" : `, ${count(failures, "error")} the same on both sides`}.${cut ? " There is more than is looked at." : ""}`}
      </p>
      {differences.map(({ ref, kind, left, right }) => (
        <section key={JSON.stringify(ref)} aria-label={attrPath(ref) || "the whole value"} className="compare-value">
          <h3>
            <code>{attrPath(ref) || "the whole value"}</code> <span className="note">{words[kind]}</span>
          </h3>
          <div className="sides">
            {left === null ? null : (
              <del>
                <span className="sign">− </span>
                {left}
              </del>
            )}
            {right === null ? null : (
              <ins>
                <span className="sign">+ </span>
                {right}
              </ins>
            )}
          </div>
        </section>
      ))}
    </>
  )
}
