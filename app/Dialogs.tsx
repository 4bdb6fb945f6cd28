// What opens over the page; each is loaded when it is first opened.

import { type ComponentType, lazy, Suspense } from "react"
import { useBench } from "./workbench-context.ts"
import type { DialogName } from "./workbench-state.ts"

const dialogs: Readonly<Record<DialogName, ComponentType>> = {
  palette: lazy(() => import("./dialog/PaletteDialog.tsx").then((m) => ({ default: m.PaletteDialog }))),
  settings: lazy(() => import("./dialog/SettingsDialog.tsx").then((m) => ({ default: m.SettingsDialog }))),
  examples: lazy(() => import("./dialog/ExamplesDialog.tsx").then((m) => ({ default: m.ExamplesDialog }))),
  workspaces: lazy(() => import("./dialog/WorkspacesDialog.tsx").then((m) => ({ default: m.WorkspacesDialog }))),
  share: lazy(() => import("./dialog/ShareDialog.tsx").then((m) => ({ default: m.ShareDialog }))),
  compare: lazy(() => import("./compare/CompareDialog.tsx").then((m) => ({ default: m.CompareDialog }))),
  shortcuts: lazy(() => import("./dialog/ShortcutsDialog.tsx").then((m) => ({ default: m.ShortcutsDialog }))),
}

export function Dialogs() {
  const name = useBench((state) => state.dialog)
  if (name === null) return null
  const Dialog = dialogs[name]
  return (
    <Suspense fallback={null}>
      <Dialog />
    </Suspense>
  )
}
