// The page: files, editor and result side by side on large screens, one of them at a time on phones.

import { lazy, Suspense, useEffect, useSyncExternalStore } from "react"
import { DesktopLayout } from "./DesktopLayout.tsx"
import { Dialogs } from "./Dialogs.tsx"
import { startDiagnosing } from "./diagnose.ts"
import { useEngine } from "./engine-context.ts"
import { Header } from "./Header.tsx"
import { useLanguage } from "./language-context.ts"
import { Notices } from "./Notices.tsx"
import { PhoneLayout } from "./PhoneLayout.tsx"
import { SourceNotice } from "./SourceNotice.tsx"
import { StatusBar } from "./StatusBar.tsx"
import { useDroppedFiles } from "./use-dropped-files.ts"
import { phone, useMedia } from "./use-media.ts"
import { useShortcuts } from "./use-shortcuts.ts"
import { useTheme } from "./use-theme.ts"
import { useTitle } from "./use-title.ts"
import { useTypeAhead } from "./use-type-ahead.ts"
import { useWorkbench } from "./workbench-context.ts"

const EmbedLayout = lazy(() => import("./embed/EmbedLayout.tsx").then((m) => ({ default: m.EmbedLayout })))

export function App({ embedded = false }: { readonly embedded?: boolean }) {
  const bench = useWorkbench()
  const engine = useEngine()
  const language = useLanguage()
  const busy = useSyncExternalStore(engine.subscribe, engine.busy)
  const small = useMedia(phone)
  useTheme()
  useTitle()
  useTypeAhead()
  useShortcuts()
  useDroppedFiles()
  useEffect(() => bench.noteRunning(busy), [bench, busy])
  useEffect(() => startDiagnosing(bench, language), [bench, language])
  useEffect(() => {
    // What the last keystrokes left to be saved.
    const save = () => bench.save()
    addEventListener("pagehide", save)
    return () => removeEventListener("pagehide", save)
  }, [bench])
  if (embedded)
    return (
      <div className="page">
        <Notices />
        <Suspense fallback={null}>
          <EmbedLayout />
        </Suspense>
        <Dialogs />
      </div>
    )
  return (
    <div className="page">
      <Header />
      <Notices />
      <SourceNotice />
      {small ? <PhoneLayout /> : <DesktopLayout />}
      {small ? null : <StatusBar />}
      <Dialogs />
    </div>
  )
}
