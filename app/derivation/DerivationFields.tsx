// The fields of a derivation: what it makes, by what, from what. Each variable leads to the attribute it was written as.

import type { PlaceView } from "../../engine/worker/client.ts"
import type { DerivationView } from "../../engine/worker/derivation-protocol.ts"
import { PlaceButton } from "../values/PlaceButton.tsx"
import { nameOfPath } from "./store-path-text.ts"

interface Props {
  readonly card: DerivationView
  readonly onDerivation: (path: string) => void
  readonly onExplain: (path: string) => void
}

export function DerivationFields({ card, onDerivation, onExplain }: Props) {
  const placeOf = (name: string): PlaceView | null => card.env.find((entry) => entry.name === name)?.at ?? null
  return (
    <div className="fields">
      <section aria-label="Outputs">
        <h3>Outputs</h3>
        <ul className="bare">
          {card.outputs.map(({ name, path, kind, promise }) => (
            <li key={name}>
              <b>{name}</b> <span className="fact">{kind}</span>
              {path === null ? (
                <p className="note">only known after a build</p>
              ) : (
                <button type="button" className="store-path" title="Explain this path" onClick={() => onExplain(path)}>
                  {path}
                </button>
              )}
              {promise === null ? null : <p className="note">{`promised: ${promise}`}</p>}
            </li>
          ))}
        </ul>
        <h3>drvPath</h3>
        <button type="button" className="store-path" title="Explain this path" onClick={() => onExplain(card.drvPath)}>
          {card.drvPath}
        </button>
      </section>
      <section aria-label="How it is built">
        <h3>Build</h3>
        <dl>
          <Field name="system" value={card.system} at={placeOf("system")} />
          <Field name="builder" value={card.builder} at={placeOf("builder")} />
          {card.args.map((arg, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: arguments have nothing but their place
            <Field key={i} name={`argument ${i + 1}`} value={arg} at={i === 0 ? card.argsAt : null} />
          ))}
        </dl>
      </section>
      <section aria-label="Inputs">
        <h3>{`Inputs (${card.inputs.length + card.sources.length})`}</h3>
        {card.inputs.length + card.sources.length === 0 ? <p className="note">None: it depends on nothing.</p> : null}
        <ul className="bare">
          {card.inputs.map(({ drvPath, name, outputs }) => (
            <li key={drvPath}>
              <button type="button" className="link" title={drvPath} onClick={() => onDerivation(drvPath)}>
                {name}
              </button>{" "}
              <span className="note">{outputs.join(", ")}</span>
            </li>
          ))}
          {card.sources.map((source) => (
            <li key={source}>
              <button type="button" className="link" title={source} onClick={() => onExplain(source)}>
                {nameOfPath(source)}
              </button>{" "}
              <span className="note">source</span>
            </li>
          ))}
        </ul>
      </section>
      <section aria-label="Environment">
        <h3>{`Environment (${card.env.length})`}</h3>
        <dl>
          {card.env.map(({ name, value, at }) => (
            <Field key={name} name={name} value={value} at={at} />
          ))}
        </dl>
      </section>
    </div>
  )
}

/** Longer values open. */
const LONG = 240

function Field({ name, value, at }: { readonly name: string; readonly value: string; readonly at: PlaceView | null }) {
  return (
    <div className="field-row">
      <dt>{name}</dt>
      <dd>
        {value === "" ? <span className="note">empty</span> : null}
        {value.length > LONG || value.includes("\n") ? (
          <details>
            <summary>
              <code>{`${value.slice(0, 80).replace(/\n/g, "⏎")}…`}</code>
            </summary>
            <pre>{value.slice(0, 100_000)}</pre>
          </details>
        ) : (
          <code>{value}</code>
        )}{" "}
        {at === null ? null : <PlaceButton place={at} />}
      </dd>
    </div>
  )
}
