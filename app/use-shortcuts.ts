// The shortcuts of the page, wherever the focus is.

import { useEffect } from "react"
import { actionsOf, matches } from "./actions.ts"
import { useWorkbench } from "./workbench-context.ts"

export function useShortcuts(): void {
  const bench = useWorkbench()
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return
      const target = event.target as HTMLElement
      const writing = target.closest("input, textarea, select, [contenteditable=true], .monaco-editor, .cm-editor") !== null
      for (const { keys, run } of actionsOf(bench)) {
        if (keys === undefined || !matches(event, keys)) continue
        // A key that writes something, or that a dialog closes by.
        if (writing && keys.length === 1) continue
        if (keys === "Escape" && (writing || bench.store.getState().dialog !== null)) continue
        event.preventDefault()
        run()
        return
      }
    }
    addEventListener("keydown", listen)
    return () => removeEventListener("keydown", listen)
  }, [bench])
}
