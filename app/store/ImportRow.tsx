// One thing being brought into the store, or what came of it.

import { countText, sizeText } from "./size-text.ts"
import type { Import } from "./store-desk.ts"

interface Props {
  readonly one: Import
  readonly onCancel: (id: number) => void
  readonly onOpen: (path: string) => void
}

export function ImportRow({ one: { id, name, progress, state, text }, onCancel, onOpen }: Props) {
  const done = `${countText(progress.entries, "entry")}, ${sizeText(progress.bytes)}`
  return (
    <li>
      <strong>{name}</strong>{" "}
      {state === "running" ? (
        <>
          {done}{" "}
          <button type="button" onClick={() => onCancel(id)} aria-label={`Cancel ${name}`}>
            Cancel
          </button>
        </>
      ) : state === "done" && text.startsWith("/") ? (
        <button type="button" className="store-link" onClick={() => onOpen(text)}>
          {text}
        </button>
      ) : state === "cancelled" ? (
        "cancelled; nothing of it was kept"
      ) : state === "failed" ? (
        <span role="alert">{text}</span>
      ) : (
        text
      )}
    </li>
  )
}
