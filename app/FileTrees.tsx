// The trees of the store that stand beside the files of the workspace; each leads to where it can be looked into.

import { useBench, useWorkbench } from "./workbench-context.ts"

export function FileTrees() {
  const bench = useWorkbench()
  const trees = useBench((state) => state.workspace.trees)
  if (Object.keys(trees).length === 0) return null
  return (
    <ul className="file-trees" aria-label="Trees of the store in the workspace">
      {Object.entries(trees).map(([path, storePath]) => (
        <li key={path}>
          <button type="button" title={`${storePath}, in the store`} onClick={() => bench.openStorePath(storePath)}>
            <span aria-hidden="true">▣ </span>
            {path}
          </button>
        </li>
      ))}
    </ul>
  )
}
