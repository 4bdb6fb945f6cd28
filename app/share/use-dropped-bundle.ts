// A bundle that is dropped anywhere on the page is opened as a workspace of its own.

import { useEffect } from "react"
import { useEngine } from "../engine-context.ts"
import { useWorkbench } from "../workbench-context.ts"
import { bundleSuffix } from "./bundle-name.ts"

export function useDroppedBundle(): void {
  const bench = useWorkbench()
  const engine = useEngine()
  useEffect(() => {
    const drop = (event: DragEvent): void => {
      const [file, ...more] = event.dataTransfer?.files ?? []
      // In the store's pane a file is what it is.
      const inStore = event.target instanceof Element && event.target.closest(".store-pane") !== null
      if (file === undefined || more.length > 0 || inStore || !file.name.endsWith(bundleSuffix)) return
      // Whoever takes dropped files leaves those alone that were taken.
      event.preventDefault()
      void import("./bundle-file.ts").then(({ openBundle }) => openBundle(bench, engine.bundles, file))
    }
    addEventListener("drop", drop, { capture: true })
    return () => removeEventListener("drop", drop, { capture: true })
  }, [bench, engine])
}
