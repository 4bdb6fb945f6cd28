// Tabs as the ARIA pattern wants them: arrow keys move, one panel.

import { type ReactNode, useEffect, useId, useRef } from "react"

export interface Tab<Id extends string> {
  readonly id: Id
  readonly label: string
}

interface Props<Id extends string> {
  readonly tabs: readonly Tab<Id>[]
  readonly current: Id
  readonly label: string
  readonly onPick: (id: Id) => void
  readonly children: ReactNode
}

export function Tabs<Id extends string>({ tabs, current, label, onPick, children }: Props<Id>) {
  const panel = useId()
  const list = useRef<HTMLDivElement>(null)
  const move = (to: number) => {
    const at = (to + tabs.length) % tabs.length
    const tab = tabs[at]
    if (tab === undefined) return
    onPick(tab.id)
    list.current?.querySelectorAll("button")[at]?.focus()
  }
  // Where there is no room for all, the picked one is in sight, however it was picked.
  useEffect(() => {
    document.getElementById(`${panel}-${current}`)?.scrollIntoView?.({ block: "nearest", inline: "nearest" })
  }, [panel, current])
  return (
    <>
      <div ref={list} className="tabs" role="tablist" aria-label={label}>
        {tabs.map((tab, i) => (
          <button
            key={tab.id}
            id={`${panel}-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={tab.id === current}
            aria-controls={panel}
            tabIndex={tab.id === current ? 0 : -1}
            onClick={() => onPick(tab.id)}
            onKeyDown={(event) => {
              if (event.key === "ArrowRight") move(i + 1)
              else if (event.key === "ArrowLeft") move(i - 1)
              else if (event.key === "Home") move(0)
              else if (event.key === "End") move(-1)
            }}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id={panel} className="panel" role="tabpanel" aria-labelledby={`${panel}-${current}`}>
        {children}
      </div>
    </>
  )
}
