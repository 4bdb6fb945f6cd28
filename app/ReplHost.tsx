// The repl of the open workspace: its files can be loaded in it, its inputs become files and links.

import { lazy, Suspense, useMemo } from "react"
import { useBuilds } from "./build/build-context.ts"
import { useEngine } from "./engine-context.ts"
import { pageStorage } from "./page-storage.ts"
import { ReplValue } from "./ReplValue.tsx"
import { ReplPane } from "./repl/ReplPane.tsx"
import { createTranscript, type Transcript } from "./repl/transcript.ts"
import { linkOf } from "./share/page-link.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"
import { createWorkspace, requestOf } from "./workspace/workspace.ts"

// With the build pane's parts it comes when something needs a build.
const AllowBuilds = lazy(() => import("./AllowBuilds.tsx").then((m) => ({ default: m.AllowBuilds })))

const HISTORY = "thunkpad/2/repl"

export function ReplHost() {
  const bench = useWorkbench()
  const engine = useEngine()
  const builds = useBuilds()
  const id = useBench((state) => state.workspace.id)
  // One transcript for a workspace, wherever the pane is shown: it goes on where it was left.
  const transcript = useMemo((): Transcript => {
    const known = bench.transcripts.get(id)
    if (known !== undefined) return known
    const open = () => {
      // The files, and no program of its own.
      const { file: _, ...request } = requestOf(bench.store.getState().workspace, false)
      return engine.openRepl(request)
    }
    const made = createTranscript({
      open,
      history: readHistory(),
      keep: (history) => pageStorage.setItem(HISTORY, JSON.stringify(history.slice(-500))),
    })
    bench.transcripts.set(id, made)
    return made
  }, [bench, engine, id])
  const asFile = (text: string) => {
    const { files } = bench.store.getState().workspace
    let n = 1
    while (`repl-${n}.nix` in files) n++
    bench.create(`repl-${n}.nix`, `${text}\n`)
    bench.setPane("code")
  }
  const asLink = (text: string) => {
    const link = linkOf(createWorkspace({ files: { "main.nix": `${text}\n` } }), { view: "tree", selected: null })
    navigator.clipboard.writeText(link).then(
      () => bench.notify("The link is copied."),
      () => bench.notify(link),
    )
  }
  return (
    <ReplPane
      transcript={transcript}
      value={(run, at, view) => <ReplValue run={run} at={at} view={view} label={null} />}
      remedy={(drvPath, input) =>
        builds === null ? null : (
          <Suspense fallback={null}>
            <AllowBuilds
              key={drvPath}
              desk={builds}
              drvPath={drvPath}
              onAllow={(settings) => void transcript.allowBuilds(settings, input)}
              onSettings={() => bench.setPane("builds")}
            />
          </Suspense>
        )
      }
      mayBuild={async () => {
        await builds?.find()
        return builds?.agreed() ?? null
      }}
      onStop={bench.stop}
      onFile={asFile}
      onLink={asLink}
    />
  )
}

function readHistory(): readonly string[] {
  try {
    const found: unknown = JSON.parse(pageStorage.getItem(HISTORY) ?? "[]")
    return Array.isArray(found) ? found.filter((text) => typeof text === "string") : []
  } catch {
    return []
  }
}
