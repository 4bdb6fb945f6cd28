// The build pane in the page: over the page's builds; outputs open in the store's pane.

import { useWorkbench } from "../workbench-context.ts"
import { BuildPane } from "./BuildPane.tsx"
import { useBuilds } from "./build-context.ts"

export function BuildHost() {
  const bench = useWorkbench()
  const desk = useBuilds()
  if (desk === null) return <p className="empty">There are no builds in this page.</p>
  return <BuildPane desk={desk} origin={location.origin} onOutput={bench.openStorePath} />
}
