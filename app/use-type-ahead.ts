// Keys that are pressed between the wish for a dialog and the dialog, which may have to be loaded first: they are meant for it, and not
// for the text that still has the focus.

import { useLayoutEffect } from "react"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function useTypeAhead(): void {
  const bench = useWorkbench()
  const isWanted = useBench((state) => state.dialog !== null)
  useLayoutEffect(() => {
    if (!isWanted) return
    const catchKey = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("[role=dialog]") !== null) return
      event.preventDefault()
      event.stopPropagation()
      if (event.key === "Escape") bench.show(null)
      else if (event.key.length === 1) bench.typeAhead(event.key)
    }
    addEventListener("keydown", catchKey, { capture: true })
    return () => removeEventListener("keydown", catchKey, { capture: true })
  }, [bench, isWanted])
}
