// Before something is sent to an endpoint for the first time: exactly what, and whether it may be.

import { countText, sizeText } from "../store/size-text.ts"
import type { Proposal } from "./build-desk.ts"
import { drvName } from "./build-row.ts"

interface Props {
  readonly proposal: Proposal
  /** What it is for: a build, or an evaluation that needs one. */
  readonly during?: "evaluation"
  readonly onSend: () => void
  readonly onDecline: () => void
  readonly onRetry: () => void
}

export function SendQuestion({ proposal: { drvPath, url, plan, problem }, during, onSend, onDecline, onRetry }: Props) {
  const name = drvName(drvPath)
  const builds = plan?.rows.filter(({ action }) => action === "build") ?? []
  const substituted = plan?.rows.filter(({ action }) => action === "substitute") ?? []
  return (
    <section className="build-question" aria-label="Before it is sent">
      <h3>{url === "" ? `Build ${name}` : `Build ${name} at ${url}?`}</h3>
      {problem !== null ? (
        <p role="alert">{problem}</p>
      ) : plan === null ? (
        <p role="status">Looking at what is needed…</p>
      ) : (
        <>
          <p>
            {`${countText(builds.length, "derivation")} would be built there`}
            {substituted.length === 0 ? "." : `, ${countText(substituted.length, "derivation")} taken from binary caches.`}
            {plan.bytes === 0
              ? ""
              : ` ${sizeText(plan.bytes)} of inputs are needed, of which ${sizeText(plan.missingBytes)} are sent: the endpoint has the rest.`}
          </p>
          <details open={builds.length + plan.objects.length <= 12}>
            <summary>Everything that is sent</summary>
            <ul>
              {builds.map((row) => (
                <li key={row.drvPath}>
                  <code>{row.drvPath}</code> (the derivation)
                </li>
              ))}
              {plan.objects.map(({ path, narSize }) => (
                <li key={path}>
                  <code>{path}</code> ({sizeText(narSize)})
                </li>
              ))}
            </ul>
          </details>
          <p className="build-hint">
            Whoever runs this endpoint can read what is sent. You are asked once for each endpoint.
            {during === undefined
              ? ""
              : " What the evaluation turns out to need after this is sent and built there too, until you open another workspace."}
          </p>
        </>
      )}
      <p className="build-buttons">
        {problem !== null ? (
          <button type="button" onClick={onRetry}>
            Try again
          </button>
        ) : (
          <button type="button" className="primary" disabled={plan === null} onClick={onSend}>
            {during === undefined ? "Send and build" : "Send, build and evaluate"}
          </button>
        )}
        <button type="button" onClick={onDecline}>
          Not now
        </button>
      </p>
    </section>
  )
}
