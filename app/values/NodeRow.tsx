// One row of a value tree: what opens it, its label, the value in short; how it was forced; its menu; below it an error's report or what
// is known of a function.

import { type CSSProperties, lazy, Suspense } from "react"
import type { Ref } from "../../engine/worker/client.ts"
import { FilterBox } from "./FilterBox.tsx"
import { ForcedNote } from "./ForcedNote.tsx"
import { FunctionCard } from "./FunctionCard.tsx"
import { ProblemReport } from "./ProblemReport.tsx"
import { attrName } from "./quote.ts"
import { Summary } from "./Summary.tsx"
import { opens, type TreeModel, type TreeRow } from "./tree-model.ts"

const NodeMenu = lazy(() => import("./NodeMenu.tsx").then((m) => ({ default: m.NodeMenu })))

/** A set with fewer attributes is read faster than filtered. */
const FILTERED = 20

interface Props {
  readonly id: string
  readonly row: TreeRow
  /** Pixels from the top. */
  readonly start: number
  readonly index: number
  readonly measure: (element: HTMLElement | null) => void
  readonly model: TreeModel
  readonly active: boolean
  readonly menu: boolean
  readonly onMenu: (key: string | null) => void
  readonly onSelect: (ref: Ref | null) => void
  readonly goTo: (ref: Ref) => void
  readonly onDerivation: (ref: Ref) => void
}

export function NodeRow(props: Props) {
  const { id, row, start, index, measure, model, active, menu, onMenu, onSelect, goTo, onDerivation } = props
  const { child, open, state } = row
  const style = { transform: `translateY(${start}px)`, "--depth": row.depth } as CSSProperties
  if (child === null)
    return (
      <div ref={measure} data-index={index} className="node" role="treeitem" tabIndex={-1} aria-level={row.depth + 1} style={style}>
        <div className="row note">…</div>
      </div>
    )
  const { view } = child
  const label = row.named === "top" ? null : row.named === "element" ? child.label : attrName(child.label)
  const what = label ?? "the value"
  const act = view.kind === "unforced" ? `Evaluate ${what}` : open ? `Close ${what}` : `Open ${what}`
  const twin = model.twin(view)
  const name =
    label === null ? null : (
      <span className="label">
        {/* A name may turn the direction of writing: for itself alone. */}
        <bdi>{label}</bdi>
        <span className="sign">{row.named === "element" ? ": " : " = "}</span>
      </span>
    )
  const large = (view.kind === "attrs" && view.size > FILTERED) || (view.kind === "list" && view.length > FILTERED)
  return (
    // Keys are heard by the tree, which has the focus; a click anywhere selects.
    // biome-ignore lint/a11y/useKeyWithClickEvents: see above
    <div
      ref={measure}
      id={id}
      data-index={index}
      className={active ? "node active" : "node"}
      role="treeitem"
      tabIndex={-1}
      aria-level={row.depth + 1}
      aria-setsize={row.siblings}
      aria-posinset={row.index + 1}
      aria-selected={active}
      aria-busy={state === "waiting"}
      {...(opens(view) ? { "aria-expanded": open } : {})}
      style={style}
      onClick={() => onSelect(row.ref)}
    >
      <div className="row">
        {opens(view) ? (
          <button
            type="button"
            className="head"
            tabIndex={-1}
            aria-expanded={open}
            aria-label={act}
            aria-busy={state === "waiting"}
            onClick={() => model.toggle(row)}
          >
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
          <Summary
            view={view}
            open={open}
            forcing={state === "waiting"}
            reachable={active}
            onOpen={() => model.toggle(row)}
            twin={twin}
            goTo={goTo}
            onDerivation={onDerivation}
          />
          {state === "stopped" ? <span className="note"> stopped; open it to run it again</span> : null}
        </span>
      </div>
      <div className="aside">
        {child.forced === null ? null : <ForcedNote forced={child.forced} reachable={active} />}
        {menu ? (
          <Suspense fallback={<MenuButton what={what} active={active} />}>
            <NodeMenu row={row} what={what} onClose={() => onMenu(null)} onDerivation={onDerivation} />
          </Suspense>
        ) : (
          <MenuButton what={what} active={active} onOpen={() => onMenu(row.key)} />
        )}
      </div>
      {open && large ? <FilterBox row={row} onFilter={(text) => model.filter(row, text)} /> : null}
      {open && view.kind === "failed" ? <ProblemReport problem={view.problem} /> : null}
      {open && view.kind === "function" ? <FunctionCard view={view} /> : null}
    </div>
  )
}

function MenuButton({ what, active, onOpen }: { readonly what: string; readonly active: boolean; readonly onOpen?: () => void }) {
  return (
    <button
      type="button"
      className="dots"
      tabIndex={active ? 0 : -1}
      aria-haspopup="menu"
      aria-label={`Actions for ${what}`}
      onClick={onOpen}
    >
      ⋯
    </button>
  )
}
