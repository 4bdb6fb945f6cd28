// Why two derivations differ: the causes, each with what differs in it and how it is reached; what follows from them is only counted.

import { count } from "../values/quote.ts"
import { differenceName, type FieldDifference, type GraphDifference, sideText } from "./difference.ts"

interface Props {
  readonly difference: GraphDifference
  /** Null where there is no card to be opened. */
  readonly onDerivation: ((path: string) => void) | null
}

const name = (base: string): string => base.replace(/^[0-9a-z]{32}-/, "").replace(/\.drv$/, "")

export function DifferenceReport({ difference, onDerivation }: Props) {
  const { equal, causes, sources, folded } = difference
  if (equal) return <p role="status">They are the same derivation.</p>
  return (
    <div className="difference">
      <p role="status">
        {`${count(causes.length + sources.length, "cause")}${
          folded.length === 0
            ? ""
            : `; ${count(folded.length, "more derivation")} ${folded.length === 1 ? "differs" : "differ"} only because of that`
        }`}
      </p>
      {causes.map((cause) => (
        <section key={`${cause.left} ${cause.right}`} aria-label={`Cause in ${name(cause.right)}`}>
          <h3>
            {onDerivation === null ? (
              name(cause.right)
            ) : (
              <button type="button" className="link" onClick={() => onDerivation(`/nix/store/${cause.right}`)}>
                {name(cause.right)}
              </button>
            )}
            {cause.outputsMoved ? null : <span className="fact">no output moves</span>}
          </h3>
          {cause.blame.length > 1 ? <p className="note">{cause.blame.map(({ right }) => name(right)).join(" → ")}</p> : null}
          {cause.differences.map((d, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the differences of one comparison never change
            <Field key={i} difference={d} />
          ))}
        </section>
      ))}
      {sources.map((source) => (
        <section key={`${source.left} ${source.right}`} aria-label={`Source ${source.name}`}>
          <h3>{`source ${source.name}`}</h3>
          <p className="note">{`${source.blame.map(({ right }) => name(right)).join(" → ")}; used by ${count(source.users, "derivation")}`}</p>
          <Sides left={source.left} right={source.right} />
        </section>
      ))}
    </div>
  )
}

function Field({ difference }: { readonly difference: FieldDifference }) {
  const { changes } = difference
  return (
    <div className="difference-field">
      <h4>{differenceName(difference)}</h4>
      {changes !== undefined && changes.length > 0 ? (
        changes.map((change, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <Sides key={i} left={change.left.join(" ")} right={change.right.join(" ")} />
        ))
      ) : (
        <Sides left={difference.left} right={difference.right} />
      )}
    </div>
  )
}

/** What was, and what is instead; nothing for a side that is not there. */
function Sides({ left, right }: { readonly left?: unknown; readonly right?: unknown }) {
  const before = sideText(left)
  const after = sideText(right)
  return (
    <div className="sides">
      {before === "" ? null : (
        <del>
          <span className="sign">− </span>
          {before}
        </del>
      )}
      {after === "" ? null : (
        <ins>
          <span className="sign">+ </span>
          {after}
        </ins>
      )}
    </div>
  )
}
