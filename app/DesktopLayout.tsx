// Files, editor and result side by side; the widths are the user's and are remembered.

import { lazy, Suspense } from "react"
import { EditorPane } from "./EditorPane.tsx"
import { FilesPane } from "./FilesPane.tsx"
import { FileTabs } from "./FileTabs.tsx"
import { History } from "./History.tsx"
import { PaneBar } from "./PaneBar.tsx"
import { type Pane, Panes } from "./Panes.tsx"
import { PaneContent } from "./SidePane.tsx"
import { useBench } from "./workbench-context.ts"
import type { SidePane } from "./workbench-state.ts"

const PANES: readonly SidePane[] = ["result", "problems", "repl", "store", "builds", "reference"]

const LessonPane = lazy(() => import("./LessonPane.tsx").then((m) => ({ default: m.LessonPane })))

export function DesktopLayout() {
  const side = useBench((state) => state.side)
  const guide = useBench((state) => state.workspace.guide !== null)
  const files: Pane = {
    id: "files",
    border: "Width of the files",
    usual: 0.14,
    least: 0.07,
    most: 0.5,
    closes: true,
    content: <FilesPane />,
  }
  const lesson: Pane = {
    id: "lesson",
    border: "Width of the lesson",
    usual: 0.22,
    least: 0.1,
    content: (
      <Suspense fallback={null}>
        <LessonPane />
      </Suspense>
    ),
  }
  const code: Pane = {
    id: "code",
    border: "Width of the editor",
    usual: guide ? 0.32 : 0.43,
    least: 0.15,
    content: (
      <section className="pane" aria-label="Expression">
        <div className="pane-head">
          <FileTabs />
          <History />
        </div>
        <EditorPane />
      </section>
    ),
  }
  const result: Pane = {
    id: "side",
    border: "",
    usual: guide ? 0.32 : 0.43,
    least: 0.15,
    content: (
      <div className="side">
        <PaneBar panes={PANES} current={side} />
        <PaneContent pane={side} />
      </div>
    ),
  }
  const panes = guide ? [files, lesson, code, result] : [files, code, result]
  return (
    <main className="panes">
      <Panes key={panes.length} name="thunkpad/2/widths" panes={panes} />
    </main>
  )
}
