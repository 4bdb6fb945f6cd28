// The store pane in the page: over the engine's store, with the workspace's trees.

import { useEffect, useMemo } from "react"
import { useEngine } from "../engine-context.ts"
import { saveBlob } from "../save-file.ts"
import { useBench, useWorkbench } from "../workbench-context.ts"
import { StorePane } from "./StorePane.tsx"
import { createStoreDesk } from "./store-desk.ts"

export function StoreHost() {
  const engine = useEngine()
  const bench = useWorkbench()
  const trees = useBench((state) => state.workspace.trees)
  const desk = useMemo(() => createStoreDesk(engine.store, (name, storePath) => bench.mount(name, storePath)), [engine, bench])
  const caches = useBench((state) => state.settings.caches)
  const wanted = useBench((state) => state.storePath)
  useEffect(() => {
    if (wanted !== null) void desk.open(wanted)
  }, [desk, wanted])
  const id = useBench((state) => state.workspace.id)
  // What the workspace shows is kept by the store whatever else is removed.
  useEffect(() => {
    engine.store.keep(`workspace-${id}`, Object.values(trees)).catch(() => {})
  }, [engine, id, trees])
  return (
    <StorePane
      desk={desk}
      trees={trees}
      caches={caches}
      onUnmount={bench.unmount}
      onSave={(name, bytes) => saveBlob(name, new Blob([new Uint8Array(bytes)]))}
    />
  )
}
