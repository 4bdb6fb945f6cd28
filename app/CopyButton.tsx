// Copies a text and says whether that worked.

import { useState } from "react"

interface Props {
  readonly text: string
  readonly onCopied?: () => void
}

export function CopyButton({ text, onCopied }: Props) {
  const [said, setSaid] = useState("Copy")
  return (
    <button
      type="button"
      className="copy"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => {
            setSaid("Copied")
            onCopied?.()
          },
          () => setSaid("Not allowed here"),
        )
      }}
    >
      {said}
    </button>
  )
}
