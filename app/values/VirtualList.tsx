// A long list of which only what is in sight is in the page. Scrolls by keyboard.

import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useEffect, useRef } from "react"

interface Props {
  readonly count: number
  readonly label: string
  /** Pixels of a row, where it was not measured. */
  readonly height: number
  readonly render: (index: number) => ReactNode
  /** A row that is to be in sight. */
  readonly shown?: number | null
}

export function VirtualList({ count, label, height, render, shown = null }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const list = useVirtualizer({ count, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 12 })
  useEffect(() => {
    if (shown !== null) list.scrollToIndex(shown, { align: "auto" })
  }, [shown, list])
  return (
    // A region that scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section ref={scroller} className="long-list" aria-label={label} tabIndex={0}>
      <ul style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map((item) => (
          <li
            key={item.key}
            ref={list.measureElement}
            data-index={item.index}
            aria-setsize={count}
            aria-posinset={item.index + 1}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {render(item.index)}
          </li>
        ))}
      </ul>
    </section>
  )
}
