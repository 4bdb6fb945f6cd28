// The address names files elsewhere: they are fetched when the user says so, and not before.

import { useBench, useWorkbench } from "../workbench-context.ts"
import { LoadingLine } from "./LoadingLine.tsx"
import { describeSource } from "./source-text.ts"
import { useSourceLoader } from "./use-source-loader.ts"

export function SourceQuestion() {
  const bench = useWorkbench()
  const source = useBench((state) => state.source)
  const loading = useSourceLoader()
  if (source === null) return null
  const load = () =>
    loading.load(source, (loaded) => {
      bench.setSource(null)
      bench.createWorkspace({ ...loaded, foreign: true })
      void bench.preview()
    })
  return (
    <p className="notice" role="status">
      <span>{`This link wants to load ${describeSource(source)}.`}</span>
      {loading.busy ? null : (
        <button type="button" onClick={() => void load()}>
          Load it
        </button>
      )}
      <LoadingLine loading={loading} />
      <button type="button" className="close" aria-label="Dismiss" onClick={() => bench.setSource(null)}>
        ×
      </button>
    </p>
  )
}
