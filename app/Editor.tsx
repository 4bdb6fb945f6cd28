// A plain text area: usable at once, never loses a keystroke. Ctrl+Enter evaluates.

interface Props {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly onEvaluate: (text: string) => void
}

export function Editor({ text, onChange, onEvaluate }: Props) {
  return (
    <textarea
      className="editor"
      aria-label="Nix expression"
      value={text}
      spellCheck={false}
      autoCapitalize="off"
      autoCorrect="off"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault()
          onEvaluate(event.currentTarget.value)
        }
      }}
    />
  )
}
