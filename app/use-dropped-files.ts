// Files that are let go of anywhere in the page come into the workspace: the browser would open the first of them in the page's place.

import { useEffect } from "react"
import { bringIn } from "./bring-in.ts"
import { readDropped } from "./file-reader.ts"
import { useWorkbench } from "./workbench-context.ts"

/** What has a use of its own for them (the file tree, the store) takes them before. */
export function useDroppedFiles(): void {
  const bench = useWorkbench()
  useEffect(() => {
    const over = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files") === true) event.preventDefault()
    }
    const drop = (event: DragEvent) => {
      if (event.defaultPrevented || event.dataTransfer?.types.includes("Files") !== true) return
      event.preventDefault()
      void bringIn(bench, readDropped(event.dataTransfer, ""))
    }
    addEventListener("dragover", over)
    addEventListener("drop", drop)
    return () => {
      removeEventListener("dragover", over)
      removeEventListener("drop", drop)
    }
  }, [bench])
}
