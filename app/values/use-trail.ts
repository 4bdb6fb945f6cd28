// The way through the views of a result: cards of derivations and explanations lead to one another, and back.

import { useCallback, useState } from "react"
import { printView, type View } from "./view-name.ts"

export interface Trail {
  /** Goes to a view that the open one has led to. */
  goTo(to: View): void
  /** Goes to a view that the user has picked: what was open before is no way back. */
  pick(view: string): void
  /** Null where there is nothing to go back to. */
  readonly back: (() => void) | null
}

const MOST = 100

/** `open` is the name of the view that is open, `onView` opens another. */
export function useTrail(open: string, onView: (view: string) => void): Trail {
  // Views that were left for an input's card or an explanation, the last one at the end.
  const [past, setPast] = useState<readonly string[]>([])
  const goTo = useCallback(
    (to: View) => {
      setPast((known) => (open.startsWith("drv") || open.startsWith("explain") ? [...known, open].slice(-MOST) : []))
      onView(printView(to))
    },
    [open, onView],
  )
  const last = past.at(-1)
  return {
    goTo,
    pick(view) {
      setPast([])
      onView(view)
    },
    back:
      last === undefined
        ? null
        : () => {
            setPast(past.slice(0, -1))
            onView(last)
          },
  }
}
