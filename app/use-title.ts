// The title of the page: with the name of the workspace, if somebody has given it one.

import { useEffect, useState } from "react"
import { unnamed } from "./share/shared-workspace.ts"
import { useBench } from "./workbench-context.ts"

export function useTitle(): void {
  const name = useBench((state) => state.workspace.name)
  const [own] = useState(document.title)
  useEffect(() => {
    document.title = unnamed.has(name) ? own : `${name} · ${own}`
  }, [name, own])
}
