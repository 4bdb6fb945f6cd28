// The open file in an editor: the plain text area at once, the larger editor in its place when it has loaded.

import { useCallback, useEffect, useMemo, useRef } from "react"
import { createEngine } from "../engine/worker/client.ts"
import type { Span } from "../engine/worker/language-protocol.ts"
import { PlainEditor } from "./editor/PlainEditor.tsx"
import { Scratch } from "./editor/scratch.ts"
import { problemsOf } from "./editor-problems.ts"
import { useLanguage } from "./language-context.ts"
import { useLargeEditor } from "./use-large-editor.ts"
import { phone, useMedia } from "./use-media.ts"
import { useTheme } from "./use-theme.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

const nothing = (): void => {}

export function EditorPane() {
  const bench = useWorkbench()
  const path = useBench((state) => state.active)
  const files = useBench((state) => state.workspace.files)
  const diagnostics = useBench((state) => state.diagnostics[state.active])
  const shown = useBench((state) => state.shown)
  const reveal = useBench((state) => (state.reveal?.path === state.active ? state.reveal : null))
  const { fontSize, vim } = useBench((state) => state.settings)
  const theme = useTheme()
  const small = useMedia(phone)
  // Smaller, and iOS zooms into the page when the editor gets the focus.
  const size = small ? Math.max(16, fontSize) : fontSize
  const settings = useMemo(() => ({ theme, fontSize: size, vim }), [theme, size, vim])
  const problems = useMemo(() => problemsOf({ path, files, diagnostics, shown }), [path, files, diagnostics, shown])

  const caret = useRef<Span | null>(null)
  const onSelection = useCallback(
    (span: Span) => {
      caret.current = span
      bench.setCaret(path, span.start)
    },
    [bench, path],
  )
  const language = useLanguage()
  const scratch = useMemo(() => new Scratch(createEngine, () => bench.store.getState().workspace.files), [bench])
  useEffect(() => () => scratch.close(), [scratch])
  const Large = useLargeEditor()
  const props = {
    path,
    text: files[path] ?? "",
    onChange: (changed: string) => bench.edit(path, changed),
    onEvaluate: () => void bench.evaluate(),
    onStop: bench.stop,
    reveal,
    problems,
    settings,
    files,
    onOpen: bench.openSpan,
    onSelection,
  }
  if (Large === null) return <PlainEditor {...props} takeOver={null} />
  const had = document.activeElement?.classList.contains("plain") === true
  return <Large {...props} takeOver={had ? caret.current : null} language={language} scratch={scratch} onReady={nothing} />
}
