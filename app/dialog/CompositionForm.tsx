// Of which stores the tab's store is composed, as the engine's configuration; checked before it is used.

import { useId, useState } from "react"
import { useBuilds } from "../build/build-context.ts"
import { useEngine } from "../engine-context.ts"
import { gatewayComposition, readComposition, usualComposition } from "../store-settings.ts"

interface Props {
  /** "" for the browser's storage alone. */
  readonly composition: string
  /** Keeps it; what runs has to end for it. */
  readonly onUse: (composition: string) => void
}

export function CompositionForm({ composition, onUse }: Props) {
  const engine = useEngine()
  const builds = useBuilds()
  const id = useId()
  const [text, setText] = useState(composition === "" ? usualComposition : composition)
  const [said, setSaid] = useState<{ readonly text: string; readonly wrong: boolean } | null>(null)
  const use = async () => {
    try {
      const wanted = readComposition(text)
      if (wanted !== null) await engine.store.checkComposition(wanted)
      onUse(wanted === null ? "" : text)
      setSaid({ text: "The store was opened anew, as this says.", wrong: false })
    } catch (e) {
      setSaid({
        text: e instanceof SyntaxError ? `This is no JSON: ${e.message}` : e instanceof Error ? e.message : String(e),
        wrong: true,
      })
    }
  }
  const fromGateway = async () => {
    await builds?.find()
    const url = builds?.settings()?.endpoint.url
    if (url === undefined) setSaid({ text: "There is no gateway beside this page, and no endpoint for builds.", wrong: true })
    else setText(gatewayComposition(url))
  }
  return (
    <details className="composition" open={composition !== ""}>
      <summary>{composition === "" ? "Of what the store is made" : "Of what the store is made (changed)"}</summary>
      <p className="note" id={`${id}-hint`}>
        Stores by name, for contents (<code>blobs</code>), <code>directories</code> and what is known of store paths (<code>infos</code>);
        each kind begins at its <code>root</code>. Types: <code>storage</code> (this browser), <code>memory</code>, <code>cache</code>,{" "}
        <code>first</code>, <code>priority</code>, <code>read-only</code>, <code>verifying</code>, <code>http</code>, <code>connect</code>,{" "}
        <code>grpc-web</code>.
      </p>
      <label htmlFor={id}>Configuration of the store</label>
      <textarea
        id={id}
        rows={10}
        value={text}
        spellCheck={false}
        aria-describedby={`${id}-hint ${id}-said`}
        aria-invalid={said?.wrong === true}
        onChange={(event) => {
          setText(event.target.value)
          setSaid(null)
        }}
      />
      <p id={`${id}-said`} role={said?.wrong === true ? "alert" : "status"} className={said?.wrong === true ? "form-problem" : "note"}>
        {said?.text ?? ""}
      </p>
      <p className="cache-buttons">
        <button type="button" onClick={() => void use()} title="Ends what runs">
          Check and use it
        </button>
        {builds === null ? null : (
          <button type="button" onClick={() => void fromGateway()}>
            Fill in the gateway
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            setText(usualComposition)
            setSaid(null)
            onUse("")
          }}
        >
          As usual
        </button>
      </p>
    </details>
  )
}
