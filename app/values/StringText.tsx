// A string; a long one is cut and can be shown in full.

import { useState } from "react"
import type { ValueView } from "../../engine/worker/client.ts"
import { useEngine } from "../engine-context.ts"
import { quote } from "./quote.ts"
import { useResult } from "./result-context.ts"

export function StringText({ view }: { readonly view: ValueView & { readonly kind: "string" } }) {
  const engine = useEngine()
  const { run } = useResult()
  const [whole, setWhole] = useState<string | null>(null)
  const cut = view.length > 1000 && whole === null
  const more = async () => {
    const printed = await engine.print(run, view.ref, "raw")
    if ("text" in printed) setWhole(printed.text)
  }
  return (
    <>
      <code className="string">{cut ? `${quote(view.text).slice(0, -1)}…"` : quote(whole ?? view.text)}</code>
      {cut ? (
        <button type="button" className="place" onClick={() => void more().catch(() => {})}>
          {`all ${view.length.toLocaleString("en")} bytes`}
        </button>
      ) : null}
      {view.context.length > 0 ? <span className="note">{` refers to ${view.context.join(", ")}`}</span> : null}
    </>
  )
}
