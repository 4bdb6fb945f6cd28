// One row of a value tree. Looking forces nothing: a thunk is forced when its row is opened.

import type { ValueView } from "../../engine/worker/client.ts"
import { ProblemReport } from "./ProblemReport.tsx"
import { attrName, count } from "./quote.ts"
import { RowHead } from "./RowHead.tsx"
import { useRow } from "./use-row.ts"

interface Props {
  /** Attribute name or list index; null for the top value. */
  readonly label: string | null
  readonly view: ValueView
  /** In a list, labels are indexes. */
  readonly inList?: boolean
  /** Open from the start (the top value). */
  readonly open?: boolean
}

export function ValueRow({ label, view: given, inList = false, open: openAtFirst = false }: Props) {
  const row = useRow(given, openAtFirst)
  const { view, page, open } = row
  const left = page === null || page.next === null ? 0 : sizeOf(view) - page.children.length
  return (
    <li>
      <RowHead row={row} label={label === null || inList ? label : attrName(label)} separator={inList ? ":" : " ="} />
      {open && view.kind === "failed" ? <ProblemReport problem={view.problem} /> : null}
      {open && page !== null ? (
        <ul className="tree">
          {page.children.map((child) => (
            <ValueRow key={child.label} label={child.label} view={child.view} inList={view.kind === "list"} />
          ))}
          {left > 0 ? (
            <li>
              <button type="button" className="more" onClick={row.more} disabled={row.state === "waiting"}>
                {`${count(left, view.kind === "list" ? "more element" : "more attribute")}…`}
              </button>
            </li>
          ) : null}
        </ul>
      ) : null}
    </li>
  )
}

function sizeOf(view: ValueView): number {
  return view.kind === "list" ? view.length : view.kind === "attrs" ? view.size : 0
}
