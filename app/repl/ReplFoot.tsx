// What is bound, and by which input; what forgets.

import type { ReplName } from "../../engine/worker/repl-protocol.ts"
import type { Entry, Transcript } from "./transcript.ts"

interface Props {
  readonly transcript: Transcript
  readonly names: readonly ReplName[]
  readonly entries: readonly Entry[]
  /** Shows an input. */
  readonly onEntry: (entry: Entry) => void
}

/** Characters of an input that say which it is. */
const SHOWN = 60

export function ReplFoot({ transcript, names, entries, onEntry }: Props) {
  return (
    <div className="repl-foot">
      {names.length > 0 ? (
        <details>
          <summary>{names.length === 1 ? "1 name is bound" : `${names.length} names are bound`}</summary>
          <ul className="repl-names">
            {names.map(({ name, input }) => {
              const entry = entries.find(({ number }) => number === input)
              const text = entry?.input.trim().replace(/\s+/g, " ") ?? ""
              return (
                <li key={name}>
                  <code>{name}</code>{" "}
                  {entry === undefined ? (
                    `by input ${input + 1}`
                  ) : (
                    <>
                      {"by "}
                      <button type="button" className="place" onClick={() => onEntry(entry)} title="Shows this input">
                        {text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}
                      </button>
                    </>
                  )}
                </li>
              )
            })}
          </ul>
        </details>
      ) : null}
      <button type="button" onClick={transcript.clear}>
        Clear
      </button>
      <button type="button" onClick={transcript.restart} title="Forgets all names">
        Start over
      </button>
    </div>
  )
}
