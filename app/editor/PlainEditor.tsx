// A plain text area: usable at once, never loses a keystroke. Ctrl+Enter evaluates, Escape stops.

import { useLayoutEffect, useRef } from "react"
import type { EditorProps } from "./editor-props.ts"

export function PlainEditor(props: EditorProps) {
  const { path, text, readOnly = false, onChange, onEvaluate, onStop, onSelection, reveal, settings, takeOver } = props
  const area = useRef<HTMLTextAreaElement>(null)
  const { fontSize } = settings

  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each turn, whatever the text becomes afterwards
  useLayoutEffect(() => {
    if (reveal === null || area.current === null) return
    select(area.current, reveal.start, reveal.end)
  }, [reveal?.turn])
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it appears
  useLayoutEffect(() => {
    if (takeOver !== null && area.current !== null) select(area.current, takeOver.start, takeOver.end)
  }, [])

  return (
    <textarea
      key={path}
      ref={area}
      className="editor plain"
      aria-label="Nix expression"
      aria-keyshortcuts="Control+Enter"
      style={{ fontSize, lineHeight: 1.5 }}
      value={text}
      readOnly={readOnly}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      autoComplete="off"
      wrap="off"
      onChange={(event) => onChange(event.target.value)}
      onSelect={({ currentTarget }) => onSelection({ start: currentTarget.selectionStart, end: currentTarget.selectionEnd })}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          onEvaluate()
        } else if (event.key === "Escape") onStop()
      }}
    />
  )
}

/** Selects a range and scrolls to it, which text areas do not do by themselves. */
function select(area: HTMLTextAreaElement, start: number, end: number): void {
  area.focus()
  area.setSelectionRange(start, end)
  const line = area.value.slice(0, start).split("\n").length
  area.scrollTop = Math.max(0, (line - 4) * Number.parseFloat(getComputedStyle(area).lineHeight))
  area.scrollIntoView({ block: "nearest" })
}
