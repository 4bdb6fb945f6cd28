// The syntax tree in lines, as parsed or resolved. A line leads to its text; the line of what the cursor is in is marked.

import { useEffect, useState } from "react"
import type { PlaceView, SyntaxForm, SyntaxRow, SyntaxTree } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { ProblemReport } from "./ProblemReport.tsx"
import { useResult } from "./result-context.ts"
import { VirtualList } from "./VirtualList.tsx"

interface Props {
  readonly form: SyntaxForm
  /** Where the cursor is in the text, if that is known. */
  readonly cursor: PlaceView | null
}

export function SyntaxView({ form, cursor }: Props) {
  const engine = useEngine()
  const { run, show, leadsTo } = useResult()
  const [tree, setTree] = useState<SyntaxTree | "stopped" | null>(null)
  useEffect(() => {
    let gone = false
    engine.syntax(run, form).then(
      (found) => {
        if (!gone) setTree(found)
      },
      () => {
        if (!gone) setTree("stopped")
      },
    )
    return () => {
      gone = true
    }
  }, [engine, run, form])
  if (tree === null) return <p role="status">Reading…</p>
  if (tree === "stopped") return <p role="status">Stopped. Open this tab again to try once more.</p>
  if ("problem" in tree) return <ProblemReport problem={tree.problem} />
  const { rows, cut } = tree
  const marked = cursor === null ? null : innermost(rows, cursor)
  return (
    <div className="filling">
      <p className="note">
        {form === "parsed"
          ? "What the parser made of the text. Each line leads to its part."
          : "Where each name is found, and what becomes a thunk. Each line leads to its part."}
        {cut ? ` The first ${rows.length.toLocaleString("en")} lines.` : ""}
      </p>
      <VirtualList
        count={rows.length}
        label={form === "parsed" ? "Syntax tree" : "Resolved tree"}
        height={24}
        shown={marked}
        render={(i) => {
          const row = rows[i]
          if (row === undefined) return null
          const { from } = row
          const content = (
            <>
              {row.role === "" ? null : <span className="role">{`${row.role}: `}</span>}
              <b>{row.kind}</b> <code>{row.text}</code>
              {row.notes.map((note) => (
                <span key={note} className={`fact ${note.split(" ")[0]}`}>
                  {note}
                </span>
              ))}
            </>
          )
          const style = { paddingLeft: `${0.3 + Math.min(row.depth, 40) * 0.9}rem` }
          const mark = i === marked ? "syntax-line marked" : "syntax-line"
          return from !== null && leadsTo(from.file) ? (
            <button type="button" className={mark} style={style} onClick={() => show(from)}>
              {content}
            </button>
          ) : (
            <div className={mark} style={style}>
              {content}
            </div>
          )
        }}
      />
    </div>
  )
}

/** The last, and so innermost, line whose text has a place; null if none has. */
function innermost(rows: readonly SyntaxRow[], at: PlaceView): number | null {
  const before = (a: PlaceView, b: PlaceView): boolean => a.line < b.line || (a.line === b.line && a.column <= b.column)
  const found = rows.findLastIndex(
    ({ from, to }) => from !== null && to !== null && from.file === at.file && before(from, at) && before(at, to),
  )
  return found < 0 ? null : found
}
