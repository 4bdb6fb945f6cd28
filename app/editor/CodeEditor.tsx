// The editor of desktops: Monaco over the files of the workspace. Loaded when the page is already usable.

import { editor, KeyCode, KeyMod, Range } from "monaco-editor/editor"
import { useEffect, useLayoutEffect, useRef } from "react"
import type { CodeEditorProps } from "./editor-host.ts"
import { editorOptions } from "./editor-options.ts"
import { modelOf, pathOf, prepareMonaco } from "./monaco.ts"
import { nixTheme } from "./nix-theme.ts"
import { markerOf, rangeOf, spanOf, supportNix } from "./providers.ts"
import { useVim } from "./use-vim.ts"

export function CodeEditor(props: CodeEditorProps) {
  const { path, text, readOnly = false, reveal, problems, settings, files } = props
  const place = useRef<HTMLDivElement>(null)
  const status = useRef<HTMLDivElement>(null)
  const shown = useRef<editor.IStandaloneCodeEditor | null>(null)
  const states = useRef(new Map<string, editor.ICodeEditorViewState | null>())
  // What Monaco calls back reads the newest properties; it is set up once.
  const latest = useRef(props)
  useLayoutEffect(() => {
    latest.current = props
  })

  // biome-ignore lint/correctness/useExhaustiveDependencies: Monaco is made once, from the properties of that moment
  useEffect(() => {
    const element = place.current
    if (element === null) return
    prepareMonaco()
    for (const name of ["light", "dark", "contrast"] as const) editor.defineTheme(`thunkpad-${name}`, nixTheme(name))
    const support = supportNix({
      language: latest.current.language,
      files: () => latest.current.files,
      open: (target, span) => latest.current.onOpen(target, span),
      attributes: (expr, of) => latest.current.scratch.attributes(expr, of),
      value: (expr, of) => latest.current.scratch.value(expr, of),
    })
    const created = editor.create(element, { ...editorOptions(settings), model: modelOf(path, text), readOnly })
    shown.current = created
    created.addCommand(KeyMod.CtrlCmd | KeyCode.Enter, () => latest.current.onEvaluate())
    const listeners = [
      created.onDidChangeModelContent(({ isFlush }) => {
        const model = created.getModel()
        // A flush is a text that came from outside.
        if (model !== null && !isFlush && pathOf(model.uri) === latest.current.path) latest.current.onChange(model.getValue())
      }),
      created.onDidChangeCursorSelection(({ selection }) => {
        const model = created.getModel()
        if (model !== null) latest.current.onSelection(spanOf(model, selection))
      }),
      created.onKeyDown((event) => {
        // Escape closes what Monaco has open; where nothing is, it stops the evaluation.
        if (
          event.keyCode === KeyCode.Escape &&
          element.querySelector(".suggest-widget.visible, .find-widget.visible, .rename-box") === null
        )
          latest.current.onStop()
      }),
    ]
    const { takeOver } = latest.current
    const model = created.getModel()
    if (model !== null) {
      support.watch(model)
      if (takeOver !== null) {
        created.setSelection(rangeOf(model, takeOver))
        created.revealRangeInCenterIfOutsideViewport(rangeOf(model, takeOver))
        created.focus()
      }
    }
    const watching = created.onDidChangeModel(() => {
      const now = created.getModel()
      if (now !== null) support.watch(now)
    })
    latest.current.onReady()
    return () => {
      watching.dispose()
      for (const listener of listeners) listener.dispose()
      support.dispose()
      created.dispose()
      shown.current = null
      for (const one of editor.getModels()) if (pathOf(one.uri) !== undefined) one.dispose()
    }
  }, [])

  // Another file has its own model, with its own history of changes.
  const before = useRef(path)
  useEffect(() => {
    const current = shown.current
    if (current === null) return
    if (before.current !== path) states.current.set(before.current, current.saveViewState())
    before.current = path
    const model = modelOf(path, text)
    if (current.getModel() !== model) {
      current.setModel(model)
      const state = states.current.get(path)
      if (state !== undefined && state !== null) current.restoreViewState(state)
    }
    if (model.getValue() !== text) model.setValue(text)
  }, [path, text])

  // Files that are gone take their models with them; others may have been changed elsewhere.
  useEffect(() => {
    for (const model of editor.getModels()) {
      const name = pathOf(model.uri)
      if (name === undefined || name === path) continue
      const now = files[name]
      if (now === undefined) model.dispose()
      else if (model.getValue() !== now) model.setValue(now)
    }
  }, [files, path])

  useEffect(() => {
    const model = shown.current?.getModel()
    if (model === undefined || model === null) return
    editor.setModelMarkers(
      model,
      "nix",
      problems.map((problem) => markerOf(model, problem)),
    )
  }, [problems])

  useEffect(() => {
    const current = shown.current
    const model = current?.getModel()
    if (reveal === null || current === null || model === undefined || model === null) return
    const range = rangeOf(model, reveal)
    current.setSelection(range)
    current.revealRangeInCenterIfOutsideViewport(Range.lift(range))
    current.focus()
  }, [reveal])

  const { theme, fontSize, vim } = settings
  useEffect(() => {
    editor.setTheme(`thunkpad-${theme}`)
    shown.current?.updateOptions({ fontSize, readOnly })
  }, [theme, fontSize, readOnly])

  useVim(shown, status, vim)

  return (
    <div className="code-editor">
      <div ref={place} className="code-editor-text" />
      <div ref={status} className="code-editor-status" hidden={!vim} />
    </div>
  )
}
