// What came of an evaluation: a line that says how it stands, what can be done about it, and the last value.

import { lazy, Suspense, useCallback, useMemo, useSyncExternalStore } from "react"
import type { ProblemView } from "../engine/worker/client.ts"
import { AskNetwork } from "./AskNetwork.tsx"
import { useBuilds } from "./build/build-context.ts"
import { useEngine } from "./engine-context.ts"
import { missesStorePath, neededBuild } from "./problem-needs.ts"
import { StatusLine } from "./StatusLine.tsx"
import { placeAt } from "./text-place.ts"
import { useBench, useWorkbench } from "./workbench-context.ts"
import { pathOf } from "./workspace/workspace.ts"

// With its trees and views it comes after the page is usable, and before the engine has its first value.
const ValuePane = lazy(() => import("./values/ValuePane.tsx").then((m) => ({ default: m.ValuePane })))
// With the build pane's parts it comes when something needs a build.
const AllowBuilds = lazy(() => import("./AllowBuilds.tsx").then((m) => ({ default: m.AllowBuilds })))
const BuildingNow = lazy(() => import("./BuildingNow.tsx").then((m) => ({ default: m.BuildingNow })))

export function ResultPane() {
  const bench = useWorkbench()
  const engine = useEngine()
  const busy = useSyncExternalStore(engine.subscribe, engine.busy)
  const builds = useBuilds()
  const allowFetch = useBench((state) => state.allowFetch)
  const allowBuilds = useBench((state) => state.allowBuilds)
  const progress = useBench((state) => state.progress)
  const shown = useBench((state) => state.shown)
  const view = useBench((state) => state.view)
  const selected = useBench((state) => state.selected)
  const caret = useBench((state) => state.caret)
  const text = useBench((state) => (state.caret === null ? undefined : state.workspace.files[state.caret.path]))
  const cursor = useMemo(
    () => (caret === null || text === undefined ? null : placeAt(text, caret.offset, `/workspace/${caret.path}`)),
    [caret, text],
  )
  const old = useBench(({ shown, workspace }) => shown !== null && !isOf(shown.request.files ?? {}, workspace.files))
  const running = progress.kind === "running"
  const failed = shown?.evaluated.view.kind === "failed" ? shown.evaluated.view.problem : null
  const mayFetch = shown?.request.allowFetch === true
  const hasCaches = useBench((state) => state.settings.caches.length > 0)
  const remedy = useCallback(
    (problem: ProblemView) => {
      const isMissing = hasCaches && missesStorePath(problem)
      if ((problem.code === "not-allowed" || isMissing) && !mayFetch)
        return <AskNetwork what="program" missing={isMissing} onAllow={bench.allowFetch} />
      const drvPath = neededBuild(problem)
      if (drvPath === null || builds === null) return null
      return (
        <Suspense fallback={null}>
          <AllowBuilds
            key={drvPath}
            desk={builds}
            drvPath={drvPath}
            onAllow={bench.allowBuilds}
            onSettings={() => bench.setPane("builds")}
          />
        </Suspense>
      )
    },
    [bench, builds, mayFetch, hasCaches],
  )
  const giveBack = () => {
    const files = Object.fromEntries(Object.entries(shown?.request.files ?? {}).map(([file, text]) => [pathOf(file) ?? file, String(text)]))
    bench.restore({ files, entry: pathOf(shown?.request.file ?? "") ?? "main.nix" })
  }
  return (
    <div className={running ? "result running" : "result"} aria-busy={running}>
      <div className="status">
        <StatusLine progress={progress} shown={shown} />
        {old ? (
          <button type="button" className="place" onClick={giveBack} title="Brings the text that gave this value back">
            {failed !== null ? "this error is of an earlier text" : "this value is of an earlier text"}
          </button>
        ) : null}
        {allowFetch || allowBuilds !== null ? (
          <button type="button" className="place" onClick={bench.disallow} title="Takes this back: the next evaluation has to ask again">
            {`may ${[allowFetch ? "use the network" : "", allowBuilds === null ? "" : `build at ${allowBuilds.endpoint.url}`].filter(Boolean).join(" and ")} ×`}
          </button>
        ) : null}
      </div>
      {busy && builds !== null && allowBuilds !== null ? (
        <Suspense fallback={null}>
          <BuildingNow desk={builds} onShow={() => bench.setPane("builds")} />
        </Suspense>
      ) : null}
      {shown === null ? null : (
        <Suspense fallback={null}>
          <ValuePane
            key={shown.evaluated.run}
            request={shown.request}
            result={shown.evaluated}
            leadsTo={bench.leadsTo}
            show={bench.reveal}
            view={view}
            onView={bench.setView}
            selected={selected}
            onSelect={bench.select}
            onCopyLink={(at) => void bench.copyLink(at)}
            cursor={cursor}
            remedy={remedy}
          />
        </Suspense>
      )}
    </div>
  )
}

/** Whether a result is of these files. */
function isOf(evaluated: Readonly<Record<string, unknown>>, files: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(files)
  return names.length === Object.keys(evaluated).length && names.every((path) => evaluated[`/workspace/${path}`] === files[path])
}
