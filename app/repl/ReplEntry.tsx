// One input of the repl and its answer.

import type { ReactNode } from "react"
import type { Ref, ValueView } from "../../engine/worker/client.ts"
import type { Entry } from "./transcript.ts"

interface Props {
  readonly entry: Entry
  readonly run: number | null
  /** What can be done about an input that needs a derivation built. */
  readonly remedy?: ((drvPath: string, input: string) => ReactNode) | undefined
  readonly value: (run: number, ref: Ref, view: ValueView) => ReactNode
  readonly onFile: (text: string) => void
  readonly onLink: (text: string) => void
  readonly onAgain: (text: string) => void
}

/** Values whose printed form says all: they need no view beside it. */
const simple = new Set<ValueView["kind"]>(["int", "float", "bool", "null", "string", "path"])

export function ReplEntry({ entry, run, remedy, value, onFile, onLink, onAgain }: Props) {
  const { input, answer, stopped } = entry
  const found = answer?.value ?? null
  const opened = run !== null && found !== null && !simple.has(found.view.kind)
  return (
    <section className="repl-entry" aria-label={input.length > 60 ? `${input.slice(0, 60)}…` : input}>
      <div className="repl-asked">
        <pre>{input}</pre>
        <span className="repl-tools">
          <button type="button" onClick={() => onAgain(input)} title="Puts this input into the line">
            again
          </button>
          <button type="button" onClick={() => onFile(input)} title="Makes a file of this input">
            file
          </button>
          <button type="button" onClick={() => onLink(input)} title="Copies a link to this input">
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
      {answer?.texts.map(({ kind, text }, i) =>
        opened && kind === "result" ? null : (
          // biome-ignore lint/suspicious/noArrayIndexKey: texts never move
          <pre key={i} className={`repl-${kind}`} role={kind === "error" ? "alert" : undefined}>
            {text.replace(/\n$/, "")}
          </pre>
        ),
      )}
      {answer == null || answer.needs === null ? null : remedy?.(answer.needs, input)}
      {opened ? value(run, found.ref, found.view) : null}
      {stopped !== null ? <p className="repl-stopped">{stopped}; what was bound before is still there</p> : null}
      {answer === null && stopped === null ? <p className="repl-busy">{entry.begun ? "evaluating…" : "waiting for its turn…"}</p> : null}
    </section>
  )
}
