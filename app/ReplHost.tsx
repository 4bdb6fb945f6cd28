// The repl of the open workspace: its files can be loaded in it, its inputs become files and links.

import { lazy, Suspense, useMemo } from "react"
import { AskNetwork } from "./AskNetwork.tsx"
import { useBuilds } from "./build/build-context.ts"
import { useEngine } from "./engine-context.ts"
import { pageStorage } from "./page-storage.ts"
import { missesStorePath } from "./problem-needs.ts"
import { createOpenRepl, type OpenRepl } from "./repl/open-repl.ts"
import { ReplPane } from "./repl/ReplPane.tsx"
import { ReplValue } from "./repl/ReplValue.tsx"
import type { Entry } from "./repl/transcript.ts"
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
  const hasCaches = useBench((state) => state.settings.caches.length > 0)
  // One repl for a workspace, wherever the pane is shown: it goes on where it was left.
  const { transcript, values, request } = useMemo((): OpenRepl => {
    const known = bench.repls.get(id)
    if (known !== undefined) return known
    const made = createOpenRepl({
      desk: engine,
      request: () => {
        const { workspace, allowFetch, settings } = bench.store.getState()
        // The files, and no program of its own.
        const { file: _, ...files } = requestOf(workspace, allowFetch)
        return { ...files, network: { caches: settings.caches } }
      },
      history: readHistory(),
      keep: (history) => pageStorage.setItem(HISTORY, JSON.stringify(history.slice(-500))),
    })
    bench.repls.set(id, made)
    return made
  }, [bench, engine, id])
  const asFile = (text: string) => {
    const { files } = bench.store.getState().workspace
    let n = 1
    while (`repl-${n}.nix` in files) n++
    bench.create(`repl-${n}.nix`, text)
    bench.setPane("code")
  }
  const asLink = (text: string) => {
    const { workspace } = bench.store.getState()
    // Files that it reads come along.
    const given = text.includes("./")
      ? { files: { ...workspace.files, "repl.nix": text }, entry: "repl.nix" }
      : { files: { "main.nix": text } }
    const shared = createWorkspace({ ...given, settings: workspace.settings })
    const link = linkOf(shared, { view: "tree", selected: null })
    navigator.clipboard.writeText(link).then(
      () => bench.notify("The link is copied."),
      () => bench.notify(link),
    )
  }
  const mayBuild = async () => {
    await builds?.find()
    return builds?.agreed() ?? null
  }
  const remedy = ({ input, answer }: Entry) => {
    if (answer === null) return null
    const missing = hasCaches && answer.texts.some(({ kind, text }) => kind === "error" && missesStorePath({ message: text }))
    if (answer.wantsNetwork || missing)
      return <AskNetwork what="input" missing={missing} onAllow={() => void transcript.allow({ allowFetch: true }, input, mayBuild)} />
    const { needs } = answer
    if (needs === null || builds === null) return null
    return (
      <Suspense fallback={null}>
        <AllowBuilds
          key={needs}
          desk={builds}
          drvPath={needs}
          onAllow={(where) => void transcript.allow({ builds: where }, input, async () => where)}
          onSettings={() => bench.setPane("builds")}
        />
      </Suspense>
    )
  }
  return (
    <ReplPane
      transcript={transcript}
      value={({ run, ref, view, input }) => (
        <ReplValue
          value={values.open(engine, run, ref, view)}
          input={input}
          request={request}
          leadsTo={bench.leadsTo}
          show={bench.reveal}
        />
      )}
      remedy={remedy}
      mayBuild={mayBuild}
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
