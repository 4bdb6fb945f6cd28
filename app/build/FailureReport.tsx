// Why a derivation was not built: the part of its log that tells first.

import type { FaultRow } from "../../engine/worker/client.ts"
import { plainText } from "./ansi.ts"
import { type BuildRow, errorExtract } from "./build-row.ts"

interface Props {
  readonly row: BuildRow
  readonly fault: FaultRow
}

export function FailureReport({ row, fault }: Props) {
  const extract = errorExtract(fault)
  return (
    <section className="build-failure" aria-label={`Why ${row.name} was not built`} role="alert">
      <p>
        <b>{`${row.name} was not built`}</b>
      </p>
      {extract.length === 0 ? null : <pre>{extract.map(plainText).join("\n")}</pre>}
      <p>
        {fault.message}
        {fault.exitCode === null || fault.message.includes(`exit code ${fault.exitCode}`) ? "" : ` (exit status ${fault.exitCode})`}
      </p>
      {row.retries.map((reason, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they only grow, and may be equal
        <p key={`${i + 1}${reason}`} className="build-hint">{`Attempt ${i + 1}: ${reason}`}</p>
      ))}
    </section>
  )
}
