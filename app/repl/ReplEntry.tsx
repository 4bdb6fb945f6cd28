// One input of the repl and its answer.

import type { ReactNode } from "react"
import type { ValueView } from "../../engine/worker/client.ts"
import type { ReplAnswer } from "../../engine/worker/repl-protocol.ts"
import { CommandList, helpLines } from "./CommandList.tsx"
import type { Entry } from "./transcript.ts"

interface Props {
  readonly entry: Entry
  /** What can be done about an input that failed for want of something that the user can allow. */
  readonly remedy?: ((entry: Entry) => ReactNode) | undefined
  /** Shows a value that can be opened. */
  readonly value: (value: Answered) => ReactNode
  readonly onFile: () => void
  readonly onLink: () => void
  readonly onAgain: (text: string) => void
}

/** A value, where it is, and what it is the value of. */
export interface Answered extends NonNullable<ReplAnswer["value"]> {
  readonly run: number
  readonly input: string
}

/** Values whose printed form says all need no view in its place. */
function isSimple(view: ValueView): boolean {
  if (view.kind === "string") return view.context.length === 0 && view.length <= view.text.length
  return view.kind !== "list" && view.kind !== "attrs" && view.kind !== "function"
}

function ReplText({ said: { kind, text } }: { readonly said: ReplAnswer["texts"][number] }) {
  const help = kind === "error" ? null : helpLines(text)
  if (help !== null) return <CommandList lines={help} />
  const shown = text.replace(/\n$/, "")
  if (kind !== "error") return <pre className={`repl-${kind}`}>{shown}</pre>
  return (
    // A wrapped line would move Nix's caret; what scrolls must be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <pre className="repl-error" role="alert" tabIndex={0}>
      {shown}
    </pre>
  )
}

export function ReplEntry({ entry, remedy, value, onFile, onLink, onAgain }: Props) {
  const { input, answer, run, stopped } = entry
  const found = answer?.value ?? null
  const opened = run !== null && found !== null && !isSimple(found.view)
  return (
    <section className="repl-entry" data-entry={entry.id} aria-label={input.length > 60 ? `${input.slice(0, 60)}…` : input}>
      <div className="repl-asked">
        <pre>{input}</pre>
        <span className="repl-tools">
          <button type="button" onClick={() => onAgain(input)} title="Puts this input into the line">
            again
          </button>
          <button type="button" onClick={onFile} title="Makes a file of this input and of what it needs">
            file
          </button>
          <button type="button" onClick={onLink} title="Copies a link to this input and to what it needs">
            link
          </button>
        </span>
      </div>
      {answer?.log.map((line, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: lines never move
        <pre key={i} className="repl-log-line">
          {line}
        </pre>
      ))}
      {answer?.texts.map((said, i) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: texts never move
        opened && said.kind === "result" ? null : <ReplText key={i} said={said} />,
      )}
      {remedy?.(entry)}
      {opened ? value({ ...found, run, input }) : null}
      {stopped !== null ? <p className="repl-stopped">{stopped}; what was bound before is still there</p> : null}
      {answer === null && stopped === null ? <p className="repl-busy">{entry.begun ? "evaluating…" : "waiting for its turn…"}</p> : null}
    </section>
  )
}
