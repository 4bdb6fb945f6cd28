// The whole value printed by the engine, which evaluates all of it; so only when this tab is opened.

import { useEffect, useState } from "react"
import type { Printed, PrintForm } from "../../engine/worker/client.ts"
import { CopyButton } from "../CopyButton.tsx"
import { useEngine } from "../engine-context.ts"
import { Running } from "../Running.tsx"
import { ProblemReport } from "./ProblemReport.tsx"
import { useResult } from "./result-context.ts"

/** Longer texts are cut on the page, not in what is copied: laying out megabytes stops a browser for seconds. */
const SHOWN = 200_000

export function PrintedValue({ form }: { readonly form: PrintForm }) {
  const engine = useEngine()
  const { run, addLog } = useResult()
  const [printed, setPrinted] = useState<Printed | "stopped" | null>(null)
  const [since] = useState(() => Date.now())

  useEffect(() => {
    let gone = false
    engine.print(run, [], form).then(
      (answer) => {
        if (gone) return
        setPrinted(answer)
        addLog(answer.log)
      },
      () => {
        // Stopped: said in the panel.
        if (!gone) setPrinted("stopped")
      },
    )
    return () => {
      gone = true
    }
  }, [engine, run, form, addLog])

  if (printed === null) return <Running since={since} />
  if (printed === "stopped") return <p role="status">Stopped. Open this tab again to try once more.</p>
  if ("problem" in printed) return <ProblemReport problem={printed.problem} />
  const { text } = printed
  return (
    <div className="printed">
      <CopyButton text={text} />
      {/* A region that scrolls must be reachable by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above */}
      <pre tabIndex={0}>{text.length > SHOWN ? text.slice(0, SHOWN) : text}</pre>
      {text.length > SHOWN ? (
        <p className="note">{`The first ${SHOWN.toLocaleString("en")} of ${text.length.toLocaleString("en")} characters`}</p>
      ) : null}
    </div>
  )
}
