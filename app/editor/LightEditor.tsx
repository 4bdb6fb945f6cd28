// The light editor, of phones and embeds: CodeMirror with the same answers, as far as a finger needs them.

import { autocompletion } from "@codemirror/autocomplete"
import { HighlightStyle, indentUnit, syntaxHighlighting } from "@codemirror/language"
import { lintGutter, setDiagnostics } from "@codemirror/lint"
import { Compartment, EditorState, type Extension } from "@codemirror/state"
import { EditorView, keymap } from "@codemirror/view"
import { nix } from "@replit/codemirror-lang-nix"
import { minimalSetup } from "codemirror"
import { useEffect, useLayoutEffect, useRef } from "react"
import type { CodeEditorProps } from "./editor-host.ts"
import { complete, marksOf } from "./light-language.ts"
import { lightFrame, lightHighlight } from "./light-theme.ts"

export function LightEditor(props: CodeEditorProps) {
  const { path, text, readOnly = false, reveal, problems, settings } = props
  const place = useRef<HTMLDivElement>(null)
  const shown = useRef<EditorView | null>(null)
  const states = useRef(new Map<string, EditorState>())
  const before = useRef(path)
  const parts = useRef({ readOnly: new Compartment(), font: new Compartment() })
  // What CodeMirror calls back reads the newest properties; it is set up once.
  const latest = useRef(props)
  useLayoutEffect(() => {
    latest.current = props
  })

  const stateOf = (doc: string): EditorState => {
    const { readOnly: locked, font } = parts.current
    const extensions: Extension[] = [
      minimalSetup,
      nix(),
      indentUnit.of("  "),
      EditorView.lineWrapping,
      lintGutter(),
      EditorView.theme(lightFrame),
      syntaxHighlighting(HighlightStyle.define(lightHighlight)),
      autocompletion({ override: [(context) => complete(latest.current, context)], activateOnTyping: true }),
      EditorView.contentAttributes.of({ "aria-label": "Nix expression" }),
      locked.of(EditorState.readOnly.of(latest.current.readOnly ?? false)),
      font.of(EditorView.theme({ "&": { fontSize: `${latest.current.settings.fontSize}px` } })),
      keymap.of([
        {
          key: "Mod-Enter",
          run: () => {
            latest.current.onEvaluate()
            return true
          },
        },
        {
          key: "Escape",
          run: () => {
            latest.current.onStop()
            return false
          },
        },
      ]),
      EditorView.updateListener.of((update) => {
        if (
          update.docChanged &&
          update.transactions.some(
            (one) =>
              one.isUserEvent("input") ||
              one.isUserEvent("delete") ||
              one.isUserEvent("undo") ||
              one.isUserEvent("redo") ||
              one.isUserEvent("move"),
          )
        )
          latest.current.onChange(update.state.doc.toString())
        if (update.selectionSet) {
          const { from, to } = update.state.selection.main
          latest.current.onSelection({ start: from, end: to })
        }
      }),
    ]
    return EditorState.create({ doc, extensions })
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: CodeMirror is made once, from the properties of that moment
  useEffect(() => {
    if (place.current === null) return
    const view = new EditorView({ state: stateOf(text), parent: place.current })
    shown.current = view
    const { takeOver } = latest.current
    if (takeOver !== null) {
      const end = view.state.doc.length
      view.dispatch({ selection: { anchor: Math.min(takeOver.start, end), head: Math.min(takeOver.end, end) } })
      view.focus()
    }
    latest.current.onReady()
    return () => {
      view.destroy()
      shown.current = null
    }
  }, [])

  // biome-ignore lint/correctness/useExhaustiveDependencies: a state is made from the properties of its moment
  useEffect(() => {
    const view = shown.current
    if (view === null) return
    if (before.current !== path) {
      states.current.set(before.current, view.state)
      view.setState(states.current.get(path) ?? stateOf(text))
      before.current = path
    }
    const now = view.state.doc.toString()
    if (now !== text) view.dispatch({ changes: { from: 0, to: now.length, insert: text } })
  }, [path, text])

  useEffect(() => {
    const view = shown.current
    if (view === null) return
    view.dispatch(setDiagnostics(view.state, marksOf(problems, view.state.doc.length)))
  }, [problems])

  useEffect(() => {
    const view = shown.current
    if (reveal === null || view === null) return
    const end = view.state.doc.length
    view.dispatch({ selection: { anchor: Math.min(reveal.start, end), head: Math.min(reveal.end, end) }, scrollIntoView: true })
    view.focus()
  }, [reveal])

  const { fontSize } = settings
  useEffect(() => {
    const { readOnly: locked, font } = parts.current
    shown.current?.dispatch({
      effects: [
        locked.reconfigure(EditorState.readOnly.of(readOnly)),
        font.reconfigure(EditorView.theme({ "&": { fontSize: `${fontSize}px` } })),
      ],
    })
  }, [readOnly, fontSize])

  return <div ref={place} className="light-editor" />
}
