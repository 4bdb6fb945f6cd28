// The address names files elsewhere: they are fetched when the user says so, and not before.

import { useState } from "react"
import { useBench, useWorkbench } from "../workbench-context.ts"
import { describeSource } from "./source-text.ts"
import { useSourceLoader } from "./use-source-loader.ts"

export function SourceQuestion() {
  const bench = useWorkbench()
  const source = useBench((state) => state.source)
  const loadSource = useSourceLoader()
  const [said, setSaid] = useState("")
  if (source === null) return null
  const load = async () => {
    setSaid("Loading…")
    try {
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
