// One file in two states: its changed lines with some around them, in one column; or in the full editor, loaded when that is wanted.

import { lazy, Suspense } from "react"
import { type LineStretch, lineDifference } from "./line-difference.ts"

const DifferenceEditor = lazy(() => import("../editor/DifferenceEditor.tsx").then((m) => ({ default: m.DifferenceEditor })))

interface Props {
  readonly file: { readonly path: string; readonly left: string | null; readonly right: string | null }
  readonly full: boolean
  /** Null where there is no full editor. */
  readonly onFull: ((on: boolean) => void) | null
}

/** Lines shown around a change. */
const AROUND = 3

export function FileDifference({ file, full, onFull }: Props) {
  const { path, left, right } = file
  const what = left === null ? "only here" : right === null ? "only there" : "changed"
  return (
    <section aria-label={path} className="compare-file">
      <h3>
        <code>{path}</code> <span className="note">{what}</span>
        {onFull === null ? null : (
          <button type="button" aria-pressed={full} onClick={() => onFull(!full)}>
            Side by side
          </button>
        )}
      </h3>
      {full ? (
        <Suspense fallback={<p role="status">Loading…</p>}>
          <DifferenceEditor left={left ?? ""} right={right ?? ""} />
        </Suspense>
      ) : (
        <Lines stretches={lineDifference(left ?? "", right ?? "")} />
      )}
    </section>
  )
}

function Lines({ stretches }: { readonly stretches: readonly LineStretch[] }) {
  return (
    // What scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <pre className="compare-lines" tabIndex={0}>
      {stretches.map((stretch, i) => (
        <Stretch
          key={`${stretch.leftAt} ${stretch.rightAt} ${stretch.kind}`}
          stretch={stretch}
          first={i === 0}
          last={i === stretches.length - 1}
        />
      ))}
    </pre>
  )
}

function Stretch({ stretch, first, last }: { readonly stretch: LineStretch; readonly first: boolean; readonly last: boolean }) {
  const { kind, lines } = stretch
  const text = (some: readonly string[], sign: string): string => some.map((line) => `${sign} ${line}\n`).join("")
  if (kind === "left") return <del>{text(lines, "−")}</del>
  if (kind === "right") return <ins>{text(lines, "+")}</ins>
  const head = first ? [] : lines.slice(0, AROUND)
  const tail = last ? [] : lines.slice(Math.max(head.length, lines.length - AROUND))
  const hidden = lines.length - head.length - tail.length
  return (
    <>
      {text(head, " ")}
      {hidden > 0 ? <span className="note">{`  … ${hidden} equal ${hidden === 1 ? "line" : "lines"}\n`}</span> : null}
      {text(tail, " ")}
    </>
  )
}
