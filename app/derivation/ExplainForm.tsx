// Asks for a store path, or for the text of a `.drv` or narinfo that is to be checked.

import { useState } from "react"

interface Props {
  readonly path: string
  /** With the name of the file, "" if none is needed. */
  readonly onSubmit: (text: string, name: string) => void
}

export function ExplainForm({ path, onSubmit }: Props) {
  const [text, setText] = useState(path)
  const [of, setOf] = useState(path)
  const [name, setName] = useState("")
  // Another path was opened from elsewhere.
  if (of !== path) {
    setOf(path)
    setText(path)
  }
  const trimmed = text.trim()
  const isFile = trimmed !== "" && !trimmed.startsWith("/")
  const isNarInfo = /^\s*StorePath:/m.test(text)
  return (
    <form
      className="field explain-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (trimmed !== "") onSubmit(text, name.trim())
      }}
    >
      <textarea
        aria-label="Store path, or the text of a .drv or narinfo"
        placeholder="/nix/store/… or paste a .drv or narinfo"
        rows={isFile ? 4 : 1}
        value={text}
        spellCheck={false}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.shiftKey || isFile) return
          event.preventDefault()
          event.currentTarget.form?.requestSubmit()
        }}
      />
      {isFile && !isNarInfo ? (
        <input
          aria-label="Name of the .drv file"
          placeholder="HASH-name.drv"
          value={name}
          spellCheck={false}
          onChange={(event) => setName(event.target.value)}
        />
      ) : null}
      <button type="submit" disabled={trimmed === "" || (isFile && !isNarInfo && name.trim() === "")}>
        {isFile ? "Check" : "Explain"}
      </button>
      <label className="file-button">
        Open a file
        <input
          type="file"
          accept=".drv,.narinfo"
          onChange={(event) => {
            const file = event.target.files?.[0]
            if (file === undefined) return
            void file.text().then((contents) => {
              setText(contents)
              setName(file.name)
              onSubmit(contents, file.name)
            })
          }}
        />
      </label>
    </form>
  )
}
