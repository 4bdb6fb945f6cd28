// One pane at a time, picked by the bar at the bottom.

import { EditorPane } from "./EditorPane.tsx"
import { FilesPane } from "./FilesPane.tsx"
import { FileTabs } from "./FileTabs.tsx"
import { PaneBar } from "./PaneBar.tsx"
import { PaneContent } from "./SidePane.tsx"
import type { Pane } from "./workbench.ts"
import { useBench } from "./workbench-context.ts"

const PANES: readonly Pane[] = ["files", "code", "result", "problems"]

export function PhoneLayout() {
  const pane = useBench((state) => state.pane)
  return (
    <>
      <main className="panes">
        <section className="pane" aria-label="Expression" hidden={pane !== "code"}>
          <FileTabs />
          <EditorPane />
        </section>
        {pane === "files" ? <FilesPane /> : null}
        <PaneContent pane={pane} />
      </main>
      <PaneBar panes={PANES} current={pane} />
    </>
  )
}
