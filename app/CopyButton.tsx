// Copies a text and says whether that worked.

import { useState } from "react"

export function CopyButton({ text }: { readonly text: string }) {
  const [said, setSaid] = useState("Copy")
  return (
    <button
      type="button"
      className="copy"
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setSaid("Copied"),
          () => setSaid("Not allowed here"),
        )
      }}
    >
      {said}
    </button>
  )
}
