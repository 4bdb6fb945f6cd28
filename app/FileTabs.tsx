// The open files: a tab for each, and a cross to close it.

import { useBench, useWorkbench } from "./workbench-context.ts"

export function FileTabs() {
  const bench = useWorkbench()
  const tabs = useBench((state) => state.tabs)
  const active = useBench((state) => state.active)
  const entry = useBench((state) => state.workspace.entry)
  return (
    <nav className="file-tabs" aria-label="Open files">
      {tabs.map((path) => (
        <span key={path} className={path === active ? "file-tab active" : "file-tab"}>
          <button
            type="button"
            aria-current={path === active ? "true" : undefined}
            title={path === entry ? `${path}: this file is evaluated` : path}
            onClick={() => bench.openFile(path)}
            onAuxClick={(event) => (event.button === 1 ? bench.closeTab(path) : undefined)}
          >
            {path === entry ? (
              <span className="entry" aria-hidden="true">
                ▸{" "}
              </span>
            ) : null}
            {path.split("/").pop()}
          </button>
          {tabs.length > 1 ? (
            <button type="button" className="close" aria-label={`Close ${path}`} onClick={() => bench.closeTab(path)}>
              ×
            </button>
          ) : null}
        </span>
      ))}
    </nav>
  )
}
