// A pane that behaves as `nix repl`: inputs below one another, values that can be opened.

import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react"
import { useStore } from "zustand"
import { type Answered, ReplEntry } from "./ReplEntry.tsx"
import { ReplFoot } from "./ReplFoot.tsx"
import type { Entry, MayBuild, Transcript } from "./transcript.ts"
import "./repl.css"

export interface ReplPaneProps {
  readonly transcript: Transcript
  /** Shows a value that can be opened. */
  readonly value: (value: Answered) => ReactNode
  /** What can be done about an input that failed for want of something that the user can allow; only the last one is asked about. */
  readonly remedy?: (entry: Entry) => ReactNode
  /** Where inputs may have something built without asking. */
  readonly mayBuild?: MayBuild
  readonly onStop: () => void
  /** Makes a file of an input's program. */
  readonly onFile: (text: string) => void
  /** Makes a link of it. */
  readonly onLink: (text: string) => void
}

export function ReplPane({ transcript, value, remedy, mayBuild, onStop, onFile, onLink }: ReplPaneProps) {
  const { entries, text, busy, offers, names } = useStore(transcript.store)
  const field = useRef<HTMLTextAreaElement>(null)
  const log = useRef<HTMLDivElement>(null)
  const end = useRef<HTMLDivElement>(null)

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever something was added
  useEffect(() => {
    end.current?.scrollIntoView({ block: "nearest" })
  }, [entries.length, busy])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the field grows with its text
  useEffect(() => {
    const area = field.current
    if (area === null) return
    area.style.height = "auto"
    area.style.height = `${area.scrollHeight}px`
  }, [text])

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    const area = event.currentTarget
    const atStart = !area.value.slice(0, area.selectionStart).includes("\n")
    const atEnd = !area.value.slice(area.selectionEnd).includes("\n")
    const plain = !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault()
      void transcript.submit(mayBuild)
    } else if (event.key === "Tab" && plain && text.slice(0, area.selectionStart).trim() !== "") {
      // With nothing to complete Tab goes on to the next thing, as everywhere.
      event.preventDefault()
      void transcript.complete()
    } else if (event.key === "ArrowUp" && plain && atStart) {
      event.preventDefault()
      transcript.browse(-1)
    } else if (event.key === "ArrowDown" && plain && atEnd) {
      event.preventDefault()
      transcript.browse(1)
    } else if (event.key === "Escape") {
      if (busy) onStop()
      else transcript.type(text)
    } else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault()
      transcript.clear()
    }
  }

  return (
    <div className="repl">
      <div ref={log} className="repl-log" role="log" aria-label="Inputs and answers" aria-live="polite">
        {entries.length === 0 ? (
          <p className="repl-hint">
            An expression, <code>name = value</code>, or a command: <code>:?</code> lists them. Enter evaluates, Shift Enter begins a new
            line, Tab completes, the arrows bring earlier inputs back.
          </p>
        ) : null}
        {entries.map((entry, i) => (
          <ReplEntry
            key={entry.id}
            entry={entry}
            value={value}
            remedy={i === entries.length - 1 && !busy ? remedy : undefined}
            onFile={() => onFile(transcript.program(entry))}
            onLink={() => onLink(transcript.program(entry))}
            onAgain={transcript.type}
          />
        ))}
        <div ref={end} />
      </div>
      <form
        className="repl-input"
        onSubmit={(event) => {
          event.preventDefault()
          void transcript.submit(mayBuild)
        }}
      >
        <label htmlFor="repl-text">nix-repl&gt;</label>
        <textarea
          id="repl-text"
          ref={field}
          rows={1}
          value={text}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          aria-describedby={offers.length > 0 ? "repl-offers" : undefined}
          onChange={(event) => transcript.type(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {busy ? (
          <button type="button" className="stop" onClick={onStop}>
            Stop
          </button>
        ) : (
          <button type="submit">Enter</button>
        )}
      </form>
      {offers.length > 0 ? (
        <ul id="repl-offers" className="repl-offers" aria-label="Completions">
          {offers.slice(0, 200).map((word) => (
            <li key={word}>
              <button
                type="button"
                onClick={() => {
                  transcript.take(word)
                  field.current?.focus()
                }}
              >
                {word}
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <ReplFoot
        transcript={transcript}
        names={names}
        entries={entries}
        onEntry={({ id }) => log.current?.querySelector(`[data-entry="${id}"]`)?.scrollIntoView?.({ block: "start" })}
      />
    </div>
  )
}
