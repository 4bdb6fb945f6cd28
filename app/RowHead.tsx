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
  return (
    <div className="row">
      {opens(view) ? (
        <button type="button" className="twist" aria-expanded={open} aria-label={act} aria-busy={state === "waiting"} onClick={row.toggle}>
          <span aria-hidden="true">{state === "waiting" ? "…" : open ? "▾" : "▸"}</span>
        </button>
      ) : (
        <span className="twist" />
      )}
      <span className="line">
        {label === null ? null : (
          <span className="label">
            {label}
            <span className="sign">{`${separator} `}</span>
          </span>
        )}
        <Summary view={view} open={open} onOpen={row.toggle} />
        {state === "stopped" ? <span className="note"> stopped; open it to run it again</span> : null}
      </span>
    </div>
  )
}
