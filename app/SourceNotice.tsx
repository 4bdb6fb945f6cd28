// The address names files elsewhere: they are fetched when the user says so, and not before.

import { useState } from "react"
import { describeSource } from "./share/page-address.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"

export function SourceNotice() {
  const bench = useWorkbench()
  const source = useBench((state) => state.source)
  const [said, setSaid] = useState("")
  if (source === null) return null
  const load = async () => {
    setSaid("Loading…")
    try {
      const { loadSource } = await import("./share/source-loader.ts")
      const loaded = await loadSource(source)
      bench.setSource(null)
      bench.createWorkspace({ ...loaded, foreign: true })
      void bench.preview()
    } catch (e) {
      setSaid(`It cannot be opened: ${e instanceof Error ? e.message : String(e)}.`)
    }
  }
  return (
    <p className="notice" role="status">
      <span>{`This link wants to load ${describeSource(source)}.`}</span>
      <button type="button" onClick={() => void load()}>
        Load it
      </button>
      <span>{said}</span>
      <button type="button" className="close" aria-label="Dismiss" onClick={() => bench.setSource(null)}>
        ×
      </button>
    </p>
  )
}
