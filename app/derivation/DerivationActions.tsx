// What can be done with a derivation: explained, downloaded, made by real Nix.

import { useState } from "react"
import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"
import type { DerivationView } from "../../engine/worker/derivation-protocol.ts"
import { useBuilds } from "../build/build-context.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "../values/result-context.ts"
import { closureZip, download } from "./download.ts"
import { nixCommand } from "./nix-command.ts"

interface Props {
  readonly card: DerivationView
  readonly request: EvaluateRequest
  /** The node by which it is made: itself, or one that needs it. */
  readonly drvRef: Ref
  readonly isInput: boolean
  readonly onExplain: (path: string) => void
}

export function DerivationActions({ card, request, drvRef, isInput, onExplain }: Props) {
  const engine = useEngine()
  const { run } = useResult()
  const builds = useBuilds()
  const [said, setSaid] = useState("")
  const file = card.drvPath.replace(/^.*\//, "")
  const made = nixCommand(request, drvRef)
  // An input is made along with what needs it.
  const command = made === null ? card.command : isInput ? `${made}\n${card.command}` : made
  const copy = (text: string): void => {
    navigator.clipboard.writeText(text).then(
      () => setSaid("Copied."),
      () => setSaid("The browser does not allow copying here."),
    )
  }
  const zip = async (): Promise<void> => {
    setSaid("Collecting the closure…")
    try {
      download(`${file.replace(/\.drv$/, "")}-closure.zip`, await closureZip(engine, run, card.drvPath), "application/zip")
      setSaid("")
    } catch (e) {
      setSaid(`Not possible: ${e instanceof Error ? e.message : String(e)}`)
    }
  }
  return (
    <div className="drv-actions">
      <button type="button" className="primary" onClick={() => onExplain(`${card.drvPath}^*`)}>
        Explain
      </button>
      {builds === null ? null : (
        <button type="button" title="Build it at an endpoint" onClick={() => void builds.propose(card.drvPath)}>
          Build
        </button>
      )}
      <button type="button" onClick={() => download(file, card.aterm.raw, "text/plain")}>
        Download .drv
      </button>
      <button type="button" onClick={() => void zip()}>
        Download closure
      </button>
      <button type="button" title={command} onClick={() => copy(`${command}\n# ${card.drvPath}\n`)}>
        Copy command for Nix
      </button>
      <span className="note" role="status">
        {said}
      </span>
    </div>
  )
}
