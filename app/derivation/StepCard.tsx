// One step: its bytes with the inputs marked in them, where those are from, the result, and the command that gives it.

import { useMemo, useState } from "react"
import type { OriginView, StepView } from "../../engine/worker/derivation-protocol.ts"
import { CopyButton } from "../CopyButton.tsx"
import { PlaceButton } from "../values/PlaceButton.tsx"
import { count } from "../values/quote.ts"
import { markedBytes } from "./marked-bytes.ts"
import { nameOfPath } from "./store-path-text.ts"

interface Props {
  readonly step: StepView
  readonly number: number
  /** Whether a link or another step leads here. */
  readonly marked: boolean
  readonly onStep: (id: string) => void
  readonly onPath: (path: string) => void
  readonly onDerivation: (path: string) => void
  readonly onCopyLink?: (id: string) => void
}

export function StepCard({ step, number, marked, onStep, onPath, onDerivation, onCopyLink }: Props) {
  const [hot, setHot] = useState<number | null>(null)
  const parts = useMemo(() => markedBytes(step), [step])
  return (
    <li id={`step-${step.id}`} className={marked ? "step marked" : "step"} aria-current={marked ? "step" : undefined}>
      <header>
        <h3>
          <span className="number">{number}</span> {step.title}
        </h3>
        {onCopyLink === undefined ? null : (
          <button type="button" className="place" onClick={() => onCopyLink(step.id)}>
            copy a link to this step
          </button>
        )}
      </header>
      <p className="note">{`${step.id} · in C++ Nix: ${step.source}`}</p>
      <div className="step-bytes">
        <span className="note">{`${count(step.size, "byte")}${step.size > 20_000 ? ", the first 20,000 are shown" : ""}`}</span>
        {/* A region that scrolls must be reachable by keyboard. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
        <pre tabIndex={0}>
          {parts.map((part, i) =>
            part.input === null ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one step never change
              <span key={i}>{part.text}</span>
            ) : (
              <mark
                // biome-ignore lint/suspicious/noArrayIndexKey: see above
                key={i}
                className={`tint-${part.input % 6}${part.input === hot ? " hot" : ""}`}
                title={step.inputs[part.input]?.name}
                onMouseEnter={() => setHot(part.input)}
                onMouseLeave={() => setHot(null)}
              >
                {part.text}
              </mark>
            ),
          )}
        </pre>
      </div>
      <ul className="step-inputs" aria-label="Inputs">
        {step.inputs.map((input, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the inputs of one step never change
          <li key={i} className={i === hot ? "hot" : ""} onMouseEnter={() => setHot(i)} onMouseLeave={() => setHot(null)}>
            <span className={`swatch tint-${i % 6}`} aria-hidden="true" />
            <b>{input.name}</b> <code>{input.value.length > 160 ? `${input.value.slice(0, 160)}…` : input.value}</code>{" "}
            <Origin from={input.from} onStep={onStep} onPath={onPath} onDerivation={onDerivation} />
          </li>
        ))}
      </ul>
      <p className="step-result">
        <span className="note">{step.algo === null ? "gives" : step.algo}</span> <code>{step.result}</code>{" "}
        <CopyButton text={step.result} />
      </p>
      <details>
        <summary>Shell command</summary>
        <div className="printed">
          <CopyButton text={step.shell} />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre tabIndex={0}>{step.shell.length > 20_000 ? `${step.shell.slice(0, 20_000)}…` : step.shell}</pre>
        </div>
      </details>
    </li>
  )
}

interface OriginProps {
  readonly from: OriginView
  readonly onStep: (id: string) => void
  readonly onPath: (path: string) => void
  readonly onDerivation: (path: string) => void
}

function Origin({ from, onStep, onPath, onDerivation }: OriginProps) {
  switch (from.kind) {
    case "attribute":
      return (
        <span className="note">
          {`attribute ${from.name}${from.index === null ? "" : ` element ${from.index + 1}`} `}
          {from.at === null ? null : <PlaceButton place={from.at} />}
        </span>
      )
    case "step":
      return (
        <button type="button" className="place" onClick={() => onStep(from.id)}>
          {`from step ${from.id}`}
        </button>
      )
    case "derivation":
      return (
        <span className="note">
          {"stands for "}
          {from.drvPaths.map((path) => (
            <span key={path}>
              <button type="button" className="place" onClick={() => onPath(`${path}^modulo`)}>
                {nameOfPath(path)}
              </button>{" "}
              <button type="button" className="place" onClick={() => onDerivation(path)}>
                card
              </button>{" "}
            </span>
          ))}
        </span>
      )
    case "reference":
      return (
        <button type="button" className="place" onClick={() => onPath(from.path)}>
          {`the path of ${nameOfPath(from.path)}`}
        </button>
      )
    case "file":
      return <span className="note">{`file ${from.path}`}</span>
    case "masked":
      return <span className="note">left out: it is what is being computed</span>
    case "given":
      return <span className="note">{from.name}</span>
    case "setting":
      return <span className="note">{`setting: ${from.name}`}</span>
  }
}
