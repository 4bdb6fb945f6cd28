// What stands beside the editor: the result, the problems, the repl, the reference.

import { type ComponentType, lazy, Suspense } from "react"
import { ProblemsPane } from "./ProblemsPane.tsx"
import { ResultPane } from "./ResultPane.tsx"
import type { Pane } from "./workbench-state.ts"

const ReferencePane = lazy(() => import("./ReferencePane.tsx").then((m) => ({ default: m.ReferencePane })))
const ReplHost = lazy(() => import("./ReplHost.tsx").then((m) => ({ default: m.ReplHost })))

const StoreHost = lazy(() => import("./store/StoreHost.tsx").then((m) => ({ default: m.StoreHost })))

const BuildHost = lazy(() => import("./build/BuildHost.tsx").then((m) => ({ default: m.BuildHost })))

const others: Readonly<Partial<Record<Pane, readonly [name: string, content: ComponentType]>>> = {
  problems: ["Problems", ProblemsPane],
  repl: ["REPL", ReplHost],
  store: ["Store", StoreHost],
  builds: ["Builds", BuildHost],
  reference: ["Reference", ReferencePane],
}

export function PaneContent({ pane }: { readonly pane: Pane }) {
  const other = others[pane]
  const Other = other?.[1]
  return (
    <>
      {/* The result stays while another pane is looked at: its rows keep what is open. */}
      <section className="pane" aria-label="Result" hidden={pane !== "result"}>
        <ResultPane />
      </section>
      {Other === undefined ? null : (
        <section className="pane" aria-label={other?.[0]}>
          <Suspense fallback={<p role="status">Loading…</p>}>
            <Other />
          </Suspense>
        </section>
      )}
    </>
  )
}
