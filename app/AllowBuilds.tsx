// An evaluation needs something built (import from derivation) and may not yet: what and where, and after a click, exactly what would be
// sent. Nothing but digests goes to an endpoint before the user has agreed, and evaluation builds at none that was not chosen.

import { useEffect, useState } from "react"
import { useStore } from "zustand"
import type { BuildSettings } from "../engine/worker/client.ts"
import { type BuildDesk, endpointOf, type Proposal } from "./build/build-desk.ts"
import { drvName } from "./build/build-row.ts"
import { SendQuestion } from "./build/SendQuestion.tsx"
import "./build/build.css"

interface Props {
  readonly desk: BuildDesk
  /** What has to be built first. */
  readonly drvPath: string
  /** Evaluates again, with builds there. */
  readonly onAllow: (builds: BuildSettings) => void
  /** Shows where an endpoint is chosen. */
  readonly onSettings: () => void
}

export function AllowBuilds({ desk, drvPath, onAllow, onSettings }: Props) {
  const choice = useStore(desk.store, (state) => state.choice)
  const gateway = useStore(desk.store, (state) => state.gateway)
  const [proposal, setProposal] = useState<Proposal | null>(null)
  useEffect(() => {
    void desk.find()
  }, [desk])
  const settings = desk.settings()
  const url = endpointOf({ choice, gateway })?.url ?? null
  const agreed = url !== null && choice.allowed.includes(url)
  const ask = async () => {
    await desk.find()
    const wanted = desk.settings()
    if (wanted !== null) await desk.preview(drvPath, wanted, setProposal)
  }
  if (proposal !== null && settings !== null && settings.endpoint.url === proposal.url)
    return (
      <SendQuestion
        proposal={proposal}
        during="evaluation"
        onSend={() => {
          desk.agree(proposal.url)
          onAllow(settings)
        }}
        onDecline={() => setProposal(null)}
        onRetry={() => void ask()}
      />
    )
  const name = drvName(drvPath)
  const where = url === null ? (gateway === undefined ? "" : ", and there is no endpoint for builds") : `, which ${url} can do`
  return (
    <p className="ask">
      <span>{`The evaluation needs '${name}' to be built${where}.`}</span>
      {url === null && gateway !== undefined ? (
        <button type="button" onClick={onSettings}>
          Choose an endpoint
        </button>
      ) : (
        <button
          type="button"
          disabled={url === null}
          title={drvPath}
          onClick={() => (agreed && settings !== null ? onAllow(settings) : void ask())}
        >
          {agreed ? "Allow builds for this evaluation" : "Allow builds for this evaluation…"}
        </button>
      )}
    </p>
  )
}
