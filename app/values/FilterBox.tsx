// Narrows a large set or list to the names that have a text.

import { count } from "./quote.ts"
import { MOST, type TreeRow } from "./tree-model.ts"

interface Props {
  readonly row: TreeRow
  readonly onFilter: (text: string) => void
}

export function FilterBox({ row, onFilter }: Props) {
  const isList = row.child?.view.kind === "list"
  return (
    <div className="filter">
      <input
        type="search"
        aria-label={isList ? "Go to element" : "Filter attributes"}
        placeholder={isList ? "index" : "filter"}
        defaultValue={row.filter}
        onChange={(event) => onFilter(event.target.value)}
        spellCheck={false}
        autoCapitalize="off"
      />
      {row.filter === "" ? null : <span className="note">{count(row.matching, "match").replace(/matchs$/, "matches")}</span>}
      {row.matching > MOST ? <span className="note">{`the first ${MOST.toLocaleString("en")} are below`}</span> : null}
    </div>
  )
}
