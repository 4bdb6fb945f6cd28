// What stands beside the editor: the result, the problems, the reference; picked by a bar of buttons.

import { ProblemsPane } from "./ProblemsPane.tsx"
import { ResultPane } from "./ResultPane.tsx"
import type { Pane } from "./workbench.ts"
import { useBench } from "./workbench-context.ts"

/** One of the panes beside the editor. */
export function PaneContent({ pane }: { readonly pane: Pane }) {
  // The result stays while another pane is looked at: its rows keep what is open.
  const result = useBench((state) => state.shown?.evaluated.run ?? 0)
  return (
    <>
      <section className="pane" aria-label="Result" hidden={pane !== "result"} data-run={result}>
        <ResultPane />
      </section>
      {pane === "problems" ? (
        <section className="pane" aria-label="Problems">
          <ProblemsPane />
        </section>
      ) : null}
    </>
  )
}
