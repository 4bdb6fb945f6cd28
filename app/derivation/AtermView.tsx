// The text of a derivation in its four states.

import { useState } from "react"
import type { AtermStates } from "../../engine/worker/derivation-protocol.ts"
import { CopyButton } from "../CopyButton.tsx"
import { Segments } from "./Segments.tsx"

const STATES = [
  { id: "raw", label: "Raw", said: "The file as it is in the store. Its hash, as text with its references, makes the drvPath." },
  { id: "pretty", label: "Pretty", said: "The same in lines, its fields named. For reading: this form is hashed nowhere." },
  { id: "masked", label: "Masked", said: "Its own output paths left out, since they are what is to be computed." },
  {
    id: "replaced",
    label: "Inputs replaced",
    said: "Masked, and each input derivation replaced by the hash that stands for it. The SHA-256 of this text makes the output paths.",
  },
] as const

export function AtermView({ aterm, onExplain }: { readonly aterm: AtermStates; readonly onExplain: () => void }) {
  const [state, setState] = useState<(typeof STATES)[number]["id"]>("pretty")
  const text = aterm[state]
  return (
    <div>
      <Segments items={STATES} current={state} onPick={setState} label="State of the text" />
      <p className="note">
        {STATES.find(({ id }) => id === state)?.said}{" "}
        <button type="button" className="place" onClick={onExplain}>
          See it hashed
        </button>
      </p>
      {text === null ? (
        <p>An input is only known after a build, and so is this text.</p>
      ) : (
        <div className="printed">
          <CopyButton text={text} />
          {/* A region that scrolls must be reachable by keyboard. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
          <pre tabIndex={0}>
            {diffParts(text, state === "masked" || state === "replaced" ? aterm.raw : text).map((part, i) =>
              part.changed ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change
                <mark key={i}>{part.text === "" ? "∅" : part.text}</mark>
              ) : (
                // biome-ignore lint/suspicious/noArrayIndexKey: see above
                <span key={i}>{part.text}</span>
              ),
            )}
          </pre>
        </div>
      )}
    </div>
  )
}

interface Part {
  readonly text: string
  readonly changed: boolean
}

/**
 * The strings of a text that are others than in the raw file. Both are the same rows of quoted strings, but for the inputs, which may
 * be fewer: what is before those is compared from the beginning, what is behind them from the end.
 */
export function diffParts(text: string, raw: string): Part[] {
  if (text === raw || text.length > 200_000) return [{ text, changed: false }]
  const before = raw.match(STRING) ?? []
  const after = [...text.matchAll(STRING)]
  const parts: Part[] = []
  let from = 0
  for (const [i, match] of after.entries()) {
    if (match[0] === before[i] || match[0] === before[before.length - after.length + i]) continue
    parts.push({ text: text.slice(from, match.index + 1), changed: false }, { text: match[0].slice(1, -1), changed: true })
    from = match.index + match[0].length - 1
  }
  parts.push({ text: text.slice(from), changed: false })
  return parts
}

const STRING = /"(?:[^"\\]|\\.)*"/gs
