// Panes side by side, with borders that are moved by pointer and by keyboard (the ARIA pattern of a window splitter: arrows move, Home and
// End go to the ends, Enter closes and opens a pane that closes); the widths are kept. Double clicks bring the usual ones back.

import { Fragment, type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react"
import { pageStorage } from "./page-storage.ts"
import { moveBorder, type PaneLimits, readWidths } from "./pane-widths.ts"

export interface Pane {
  readonly id: string
  /** What its border is called. */
  readonly border: string
  /** Its part of the whole at first; all together are 1. */
  readonly usual: number
  readonly least: number
  readonly most?: number
  readonly closes?: boolean
  readonly content: ReactNode
}

/** How far an arrow key moves a border. */
const STEP = 0.02

export function Panes({ name, panes }: { readonly name: string; readonly panes: readonly Pane[] }) {
  const key = `${name}/${panes.map(({ id }) => id).join()}`
  const usual = panes.map((pane) => pane.usual)
  const limits = panes.map(({ least, most = 1, closes = false }): PaneLimits => ({ least, most, closes }))
  const [widths, setWidths] = useState(() => readWidths(pageStorage.getItem(key), usual))
  const group = useRef<HTMLDivElement>(null)
  const [moving, setMoving] = useState<{ readonly at: number; readonly x: number; readonly from: readonly number[] } | null>(null)
  const change = (to: readonly number[]) => {
    setWidths(to)
    pageStorage.setItem(key, JSON.stringify(to))
  }
  const by = (at: number, part: number) => change(moveBorder(widths, at, part, limits))
  const onKeyDown = (at: number) => (event: KeyboardEvent) => {
    const width = widths[at] ?? 0
    const { closes, least } = limits[at] as PaneLimits // there is one for each pane
    const part = { ArrowLeft: -STEP, ArrowRight: STEP, Home: -1, End: 1 }[event.key]
    if (part !== undefined) by(at, part)
    else if (event.key === "Enter" && closes) by(at, width > 0 ? -width : Math.max(least, usual[at] ?? least))
    else return
    event.preventDefault()
  }
  const onPointerDown = (at: number) => (event: PointerEvent) => {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    setMoving({ at, x: event.clientX, from: widths })
  }
  const onPointerMove = (event: PointerEvent) => {
    const whole = group.current?.clientWidth ?? 0
    if (moving === null || whole === 0) return
    // From where it was taken: a pane that would not go further does not lag behind the pointer.
    setWidths(moveBorder(moving.from, moving.at, (event.clientX - moving.x) / whole, limits))
  }
  const onPointerUp = () => {
    if (moving !== null) change(widths)
    setMoving(null)
  }
  return (
    <div className="panes-side-by-side" ref={group}>
      {panes.map(({ id, border, content }, at) => (
        <Fragment key={id}>
          <div id={`pane-${id}`} className="pane-frame" style={{ flexGrow: widths[at] }} inert={widths[at] === 0}>
            {content}
          </div>
          {at === panes.length - 1 ? null : (
            // biome-ignore lint/a11y/useSemanticElements: a line cannot be moved
            <div
              role="separator"
              className={moving?.at === at ? "separator moving" : "separator"}
              tabIndex={0}
              aria-orientation="vertical"
              aria-label={border}
              aria-controls={`pane-${id}`}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.round(100 * (widths[at] ?? 0))}
              onKeyDown={onKeyDown(at)}
              onPointerDown={onPointerDown(at)}
              onPointerMove={onPointerMove}
              onPointerUp={onPointerUp}
              onPointerCancel={onPointerUp}
              onDoubleClick={() => change(usual)}
            />
          )}
        </Fragment>
      ))}
    </div>
  )
}
