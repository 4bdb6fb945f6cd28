// The tree of a value: the ARIA pattern over rows of which only those in sight are in the page. Arrow keys move and open what is
// evaluated, Enter evaluates and opens, * opens the siblings, Home and End go to the ends.

import { useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, useCallback, useEffect, useId, useRef, useState, useSyncExternalStore } from "react"
import type { Ref } from "../../engine/worker/client.ts"
import { NodeRow } from "./NodeRow.tsx"
import { keyOf, type TreeModel } from "./tree-model.ts"

interface Props {
  readonly model: TreeModel
  /** Whether the value's own row is open when it is first shown. */
  readonly first: "open" | "closed"
  readonly selected: Ref | null
  readonly onSelect: (ref: Ref | null) => void
  readonly onDerivation: (ref: Ref) => void
}

/**
 * Pixels of a row of one line, as they are measured: another number here has every row that scrolls into sight correct the list (two layouts
 * a frame while 20,000 rows are scrolled, 1.2 with the right one).
 */
const HEIGHT = 24

export function ValueTree({ model, first, selected, onSelect, onDerivation }: Props) {
  const id = useId()
  useSyncExternalStore(model.subscribe, model.version)
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({
    count: model.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => HEIGHT,
    getItemKey: useCallback((index: number) => model.keyAt(index), [model]),
    overscan: 15,
  })
  const [menu, setMenu] = useState<string | null>(null)
  const active = keyOf(selected ?? model.top)
  const opened = useRef(selected)

  useEffect(() => {
    const wanted = opened.current
    const show = async (): Promise<void> => {
      if (model.count === 1 && first === "open") await model.open(model.row(0))
      else model.lookAgain()
      if (wanted === null || wanted.length === model.top.length) return
      const key = await model.reveal(wanted)
      if (key !== null) requestAnimationFrame(() => list.scrollToIndex(model.indexOf(key), { align: "center" }))
    }
    void show()
  }, [model, list, first])

  const go = useCallback(
    (index: number) => {
      const at = Math.max(0, Math.min(model.count - 1, index))
      list.scrollToIndex(at, { align: "auto" })
      const row = model.row(at)
      if (row.child !== null) onSelect(row.ref)
      else void model.loaded(at).then((found) => (found === null ? undefined : onSelect(found.ref)))
    },
    [model, list, onSelect],
  )
  const goTo = useCallback(
    (ref: Ref) => {
      void model.reveal(ref).then((key) => {
        if (key === null) return
        onSelect(ref)
        requestAnimationFrame(() => list.scrollToIndex(model.indexOf(key), { align: "auto" }))
      })
    },
    [model, list, onSelect],
  )
  const press = (event: KeyboardEvent): void => {
    // Keys in a row's own buttons and fields are theirs.
    if (event.target !== scroller.current || event.altKey || event.ctrlKey || event.metaKey) return
    const at = Math.max(0, model.indexOf(active))
    const row = model.row(at)
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / HEIGHT) - 1)
    const moves = new Map<string, () => void>([
      ["ArrowDown", () => go(at + 1)],
      ["ArrowUp", () => go(at - 1)],
      ["PageDown", () => go(at + page)],
      ["PageUp", () => go(at - page)],
      ["Home", () => go(0)],
      ["End", () => go(model.count - 1)],
      ["ArrowRight", () => (row.open ? go(at + 1) : row.child?.view.kind === "unforced" ? undefined : void model.open(row))],
      ["ArrowLeft", () => (row.open ? model.close(row) : row.parent === null ? undefined : go(model.indexOf(row.parent)))],
      ["Enter", () => model.toggle(row)],
      [" ", () => model.toggle(row)],
      ["*", () => model.openSiblings(row)],
      ["ContextMenu", () => setMenu(row.key)],
    ])
    const move = moves.get(event.key === "F10" && event.shiftKey ? "ContextMenu" : event.key)
    if (move === undefined) return
    event.preventDefault()
    move()
  }

  return (
    <div
      ref={scroller}
      className="value-tree"
      role="tree"
      aria-label="Value"
      tabIndex={0}
      aria-activedescendant={`${id}-${active}`}
      onKeyDown={press}
    >
      <div role="none" style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map((item) => {
          const row = model.row(item.index)
          return (
            <NodeRow
              key={item.key}
              id={`${id}-${row.key}`}
              row={row}
              start={item.start}
              index={item.index}
              measure={list.measureElement}
              model={model}
              active={row.key === active}
              menu={row.key === menu}
              onMenu={setMenu}
              onSelect={onSelect}
              goTo={goTo}
              onDerivation={onDerivation}
            />
          )
        })}
      </div>
    </div>
  )
}
