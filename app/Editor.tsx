// A plain text area: usable at once, never loses a keystroke. Ctrl+Enter evaluates, Escape stops.

import type { Ref } from "react"

interface Props {
  readonly ref: Ref<HTMLTextAreaElement>
  readonly text: string
  readonly onChange: (text: string) => void
  readonly onEvaluate: (text: string) => void
  readonly onStop: () => void
}

export function Editor({ ref, text, onChange, onEvaluate, onStop }: Props) {
  return (
    <textarea
      ref={ref}
      className="editor"
      aria-label="Nix expression"
      aria-keyshortcuts="Control+Enter"
      value={text}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      autoComplete="off"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          onEvaluate(event.currentTarget.value)
        } else if (event.key === "Escape") onStop()
      }}
    />
  )
}
