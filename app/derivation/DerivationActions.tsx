// What can be done with a derivation: explained, downloaded, made by real Nix.

import { useState } from "react"
import type { EvaluateRequest, Ref } from "../../engine/worker/client.ts"
import type { DerivationView } from "../../engine/worker/derivation-protocol.ts"
import { useEngine } from "../engine-context.ts"
import { useResult } from "../values/result-context.ts"
import { closureZip, download } from "./download.ts"
import { nixCommand } from "./nix-command.ts"

interface Props {
  readonly card: DerivationView
  readonly request: EvaluateRequest
  /** The node it is the value of; null for a derivation that was reached by its path. */
  readonly drvRef: Ref | null
  readonly onExplain: (path: string) => void
}

export function DerivationActions({ card, request, drvRef, onExplain }: Props) {
  const engine = useEngine()
  const { run } = useResult()
  const [said, setSaid] = useState("")
  const file = card.drvPath.replace(/^.*\//, "")
  const command = drvRef === null ? null : nixCommand(request, drvRef)
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
      <button type="button" onClick={() => download(file, card.aterm.raw, "text/plain")}>
        Download .drv
      </button>
      <button type="button" onClick={() => void zip()}>
        Download closure
      </button>
      <button
        type="button"
        title={command ?? card.command}
        onClick={() => copy(command === null ? card.command : `${command}\n# ${card.drvPath}\n`)}
      >
        Copy command for Nix
      </button>
      <span className="note" role="status">
        {said}
      </span>
    </div>
  )
}
