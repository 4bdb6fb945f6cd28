// A field for a path: Enter takes it, Escape leaves it; what is wrong with it is said below it.

import { useState } from "react"

interface Props {
  readonly label: string
  readonly value: string
  /** Gets the path, or null if it was given up; gives what is wrong with it. */
  readonly onDone: (path: string | null) => string | null
}

export function NameField({ label, value, onDone }: Props) {
  const [text, setText] = useState(value)
  const [problem, setProblem] = useState<string | null>(null)
  return (
    <form
      className="name-field"
      onSubmit={(event) => {
        event.preventDefault()
        setProblem(onDone(text.trim()))
      }}
    >
      <input
        // biome-ignore lint/a11y/noAutofocus: it appears because the user asked for it
        autoFocus
        aria-label={label}
        aria-invalid={problem !== null}
        value={text}
        spellCheck={false}
        autoCapitalize="off"
        placeholder="lib/name.nix"
        onFocus={({ currentTarget }) => currentTarget.setSelectionRange(text.lastIndexOf("/") + 1, text.length)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === "Escape") onDone(null)
        }}
        onBlur={() => (text.trim() === value || text.trim() === "" ? onDone(null) : setProblem(onDone(text.trim())))}
      />
      {problem === null ? null : (
        <p role="alert" className="error">
          {problem}
        </p>
      )}
    </form>
  )
}
