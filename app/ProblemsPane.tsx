// All problems of the workspace: what was found in its texts, and the error of the last evaluation.

import { useMemo } from "react"
import { problemsOf } from "./editor-problems.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

const signs = { error: "✖", warning: "▲", info: "●" } as const

export function ProblemsPane() {
  const bench = useWorkbench()
  const files = useBench((state) => state.workspace.files)
  const diagnostics = useBench((state) => state.diagnostics)
  const shown = useBench((state) => state.shown)
  const problems = useMemo(
    () =>
      Object.keys(files).flatMap((path) =>
        problemsOf({ path, files, diagnostics: diagnostics[path], shown }).map((problem) => ({
          ...problem,
          path,
          ...lineOf(files[path] ?? "", problem.start),
        })),
      ),
    [files, diagnostics, shown],
  )
  if (problems.length === 0) return <p className="empty">No problems found.</p>
  return (
    <ul className="problems">
      {problems.map(({ path, line, column, start, end, severity, code, message }) => (
        <li key={`${path}:${start}:${code}:${message}`}>
          <button type="button" onClick={() => bench.openSpan(path, { start, end })}>
            <span className={severity} role="img" aria-label={severity}>
              {signs[severity]}
            </span>
            <span className="message">{message.split("\n")[0]}</span>
            <span className="note">{`${path}:${line}:${column} ${code}`}</span>
          </button>
        </li>
      ))}
    </ul>
  )
}

/** Line and column of an offset, from 1, as editors count them. */
function lineOf(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split("\n")
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 }
}
