// One pane at a time, picked by the bar at the bottom.

import { lazy, Suspense } from "react"
import { EditorPane } from "./EditorPane.tsx"
import { FilesPane } from "./FilesPane.tsx"
import { FileTabs } from "./FileTabs.tsx"
import { PaneBar } from "./PaneBar.tsx"
import { PaneContent } from "./SidePane.tsx"
import { useBench } from "./workbench-context.ts"
import type { Pane } from "./workbench-state.ts"

const PANES: readonly Pane[] = ["files", "code", "result", "problems", "repl", "store", "builds", "reference"]

const LessonPane = lazy(() => import("./LessonPane.tsx").then((m) => ({ default: m.LessonPane })))

export function PhoneLayout() {
  const guide = useBench((state) => state.workspace.guide !== null)
  const pane = useBench((state) => (state.pane === "lesson" && state.workspace.guide === null ? "code" : state.pane))
  return (
    <>
      <main className="panes">
        <section className="pane" aria-label="Expression" hidden={pane !== "code"}>
          <FileTabs />
          <EditorPane />
        </section>
        {pane === "files" ? <FilesPane /> : null}
        {pane === "lesson" ? (
          <Suspense fallback={null}>
            <LessonPane />
          </Suspense>
        ) : null}
        <PaneContent pane={pane} />
      </main>
      <PaneBar panes={guide ? ["lesson", ...PANES] : PANES} current={pane} />
    </>
  )
}
