// The whole of a string, with the store paths it depends on: each in its tint.

import { Dialog } from "radix-ui"
import { useEffect, useState } from "react"
import type { ValueView } from "../../engine/worker/client.ts"
import { CopyButton } from "../CopyButton.tsx"
import { useEngine } from "../engine-context.ts"
import { contextElement, tintedParts } from "./context-tint.ts"
import { count } from "./quote.ts"
import { useResult } from "./result-context.ts"

/** Longer texts are cut on the page, not in what is copied: laying out megabytes stops a browser for seconds. */
const SHOWN = 100_000

interface Props {
  readonly view: ValueView & { readonly kind: "string" }
  readonly onClose: () => void
}

export function StringDialog({ view, onClose }: Props) {
  const engine = useEngine()
  const { run, onDerivationPath } = useResult()
  const [text, setText] = useState<string | null>(view.length > 1000 ? null : view.text)
  const [failed, setFailed] = useState(false)
  useEffect(() => {
    if (view.length <= 1000) return
    let gone = false
    engine.print(run, view.ref, "raw").then(
      (printed) => {
        if (gone) return
        if ("text" in printed) setText(printed.text)
        else setFailed(true)
      },
      () => {
        if (!gone) setFailed(true)
      },
    )
    return () => {
      gone = true
    }
  }, [engine, run, view])
  const shown = text ?? view.text
  return (
    <Dialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Dialog.Portal>
        <Dialog.Overlay className="viewer-back" />
        <Dialog.Content className="viewer" aria-describedby={undefined}>
          <header>
            <Dialog.Title>{`String of ${count(view.length, "byte")}`}</Dialog.Title>
            <CopyButton text={shown} />
            <Dialog.Close className="close" aria-label="Close">
              ×
            </Dialog.Close>
          </header>
          {failed ? <p role="alert">It could not be read in full: the evaluation was stopped.</p> : null}
          {/* A region that scrolls must be reachable by keyboard. */}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
          <pre tabIndex={0} aria-busy={text === null && !failed}>
            {tintedParts(shown.slice(0, SHOWN), view.context).map((part, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text never change
              <span key={i} className={part.element === null ? undefined : `tint-${part.element % 6}`}>
                {part.text}
              </span>
            ))}
          </pre>
          {shown.length > SHOWN ? (
            <p className="note">{`The first ${SHOWN.toLocaleString("en")} of ${shown.length.toLocaleString("en")} characters; Copy takes all.`}</p>
          ) : null}
          {view.context.length === 0 ? null : (
            <>
              <h3>Depends on</h3>
              <ul className="context">
                {view.context.map((text, i) => {
                  const { kind, path, output } = contextElement(text)
                  const said = kind === "output" ? `output ${output} of ` : kind === "closure" ? "all outputs of " : ""
                  return (
                    <li key={text} className={`tint-${i % 6}`}>
                      {said}
                      {kind === "path" || onDerivationPath === undefined ? (
                        <code>{path}</code>
                      ) : (
                        <button
                          type="button"
                          className="place"
                          onClick={() => {
                            onClose()
                            onDerivationPath(path)
                          }}
                        >
                          <code>{path}</code>
                        </button>
                      )}
                    </li>
                  )
                })}
              </ul>
            </>
          )}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
