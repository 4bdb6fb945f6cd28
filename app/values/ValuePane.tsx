// One value: as a tree, or printed in one of Nix's forms; and what it printed.

import { useMemo, useState } from "react"
import type { Evaluated, EvaluateRequest, PlaceView, PrintForm, Ref } from "../../engine/worker/client.ts"
import { type Tab, Tabs } from "../Tabs.tsx"
import { Log } from "./Log.tsx"
import { PrintedValue } from "./PrintedValue.tsx"
import { ProblemReport } from "./ProblemReport.tsx"
import { ResultContext } from "./result-context.ts"
import { ValueTree } from "./ValueTree.tsx"

const TABS: readonly Tab<"tree" | PrintForm>[] = [
  { id: "tree", label: "Tree" },
  { id: "nix", label: "Nix" },
  { id: "json", label: "JSON" },
  { id: "xml", label: "XML" },
]

/** What the frame of the page gives to whatever shows a result, and what it wants to know of it. */
export interface ValuePaneProps {
  readonly request: EvaluateRequest
  readonly result: Evaluated
  /** Whether the user can be led to a file that a position names. */
  readonly leadsTo: (file: string) => boolean
  /** Leads the user to a position. */
  readonly show: (place: PlaceView) => void
  /** The view that is open ("tree", "json", …), as links carry it; an unknown name is the first one. */
  readonly view: string
  readonly onView: (view: string) => void
  /** The node that is selected, as links carry it. */
  readonly selected: Ref | null
  readonly onSelect: (ref: Ref | null) => void
}

export function ValuePane({ request, result, leadsTo, show, view: open, onView }: ValuePaneProps) {
  const [log, setLog] = useState(result.log)
  const { run, view } = result
  const main = request.file ?? "«string»"
  const tab = TABS.find(({ id }) => id === open)?.id ?? "tree"
  const scope = useMemo(() => {
    const addLog = (lines: readonly string[]) => {
      if (lines.length > 0) setLog((known) => [...known, ...lines])
    }
    return { run, main, addLog, leadsTo, show }
  }, [run, main, leadsTo, show])

  return (
    <ResultContext value={scope}>
      {view.kind === "failed" ? (
        <div className="panel">
          <ProblemReport problem={view.problem} />
        </div>
      ) : (
        <Tabs tabs={TABS} current={tab} onPick={onView} label="Forms of the value">
          {tab === "tree" ? <ValueTree view={view} /> : <PrintedValue key={tab} form={tab} />}
        </Tabs>
      )}
      <Log lines={log} />
    </ResultContext>
  )
}
