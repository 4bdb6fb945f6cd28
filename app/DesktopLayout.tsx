// Files, editor and result side by side; the widths are the user's and are remembered.

import { lazy, Suspense } from "react"
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels"
import { EditorPane } from "./EditorPane.tsx"
import { FilesPane } from "./FilesPane.tsx"
import { FileTabs } from "./FileTabs.tsx"
import { History } from "./History.tsx"
import { PaneBar } from "./PaneBar.tsx"
import { pageStorage } from "./page-storage.ts"
import { PaneContent } from "./SidePane.tsx"
import { useBench } from "./workbench-context.ts"
import type { SidePane } from "./workbench-state.ts"

const PANES: readonly SidePane[] = ["result", "problems", "repl", "store", "builds", "reference"]

const LessonPane = lazy(() => import("./LessonPane.tsx").then((m) => ({ default: m.LessonPane })))

export function DesktopLayout() {
  const side = useBench((state) => state.side)
  const guide = useBench((state) => state.workspace.guide !== null)
  const panelIds = guide ? ["files", "lesson", "code", "side"] : ["files", "code", "side"]
  const layout = useDefaultLayout({ id: "thunkpad/2/layout", panelIds, storage: pageStorage })
  return (
    <main className="panes">
      <Group
        key={panelIds.join()}
        orientation="horizontal"
        id="panes"
        defaultLayout={layout.defaultLayout}
        onLayoutChanged={layout.onLayoutChanged}
      >
        <Panel id="files" defaultSize="14" minSize="90px" maxSize="50" collapsible collapsedSize={0}>
          <FilesPane />
        </Panel>
        <Separator className="separator" aria-label="Width of the files" />
        {guide ? (
          <>
            <Panel id="lesson" defaultSize="22" minSize="10">
              <Suspense fallback={null}>
                <LessonPane />
              </Suspense>
            </Panel>
            <Separator className="separator" aria-label="Width of the lesson" />
          </>
        ) : null}
        <Panel id="code" defaultSize="43" minSize="15">
          <section className="pane" aria-label="Expression">
            <div className="pane-head">
              <FileTabs />
              <History />
            </div>
            <EditorPane />
          </section>
        </Panel>
        <Separator className="separator" aria-label="Width of the editor" />
        <Panel id="side" defaultSize="43" minSize="15">
          <div className="side">
            <PaneBar panes={PANES} current={side} />
            <PaneContent pane={side} />
          </div>
        </Panel>
      </Group>
    </main>
  )
}
