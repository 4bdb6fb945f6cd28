// The line of a row: what opens it, its label, and the value in short.

import { Summary } from "./Summary.tsx"
import { opens, type Row } from "./use-row.ts"

interface Props {
  readonly row: Row
  readonly label: string | null
  readonly separator: string
}

export function RowHead({ row, label, separator }: Props) {
  const { view, open, state } = row
  const what = label ?? "the value"
  const act = view.kind === "unforced" ? `Evaluate ${what}` : open ? `Close ${what}` : `Open ${what}`
  const name =
    label === null ? null : (
      <span className="label">
        {label}
        <span className="sign">{`${separator} `}</span>
      </span>
    )
  return (
    <div className="row">
      {opens(view) ? (
        <button type="button" className="head" aria-expanded={open} aria-label={act} aria-busy={state === "waiting"} onClick={row.toggle}>
          <span className="twist" aria-hidden="true">
            {state === "waiting" ? "…" : open ? "▾" : "▸"}
          </span>
          {name}
        </button>
      ) : (
        <>
          <span className="twist" />
          {name}
        </>
      )}
      <span className="line">
        <Summary view={view} open={open} onOpen={row.toggle} />
        {state === "stopped" ? <span className="note"> stopped; open it to run it again</span> : null}
      </span>
    </div>
  )
}
