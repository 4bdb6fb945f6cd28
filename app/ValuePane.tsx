// One value: as a tree, or printed in one of Nix's forms; and what it printed.

import { useMemo, useState } from "react"
import type { Evaluated, PlaceView, PrintForm } from "../engine/worker/client.ts"
import { Log } from "./Log.tsx"
import { PrintedValue } from "./PrintedValue.tsx"
import { ProblemReport } from "./ProblemReport.tsx"
import { ResultContext } from "./result-context.ts"
import { type Tab, Tabs } from "./Tabs.tsx"
import { ValueTree } from "./ValueTree.tsx"

const TABS: readonly Tab<"tree" | PrintForm>[] = [
  { id: "tree", label: "Tree" },
  { id: "nix", label: "Nix" },
  { id: "json", label: "JSON" },
  { id: "xml", label: "XML" },
]

interface Props {
  readonly result: Evaluated
  readonly show: (place: PlaceView) => void
}

export function ValuePane({ result, show }: Props) {
  const [log, setLog] = useState(result.log)
  const [tab, setTab] = useState<"tree" | PrintForm>("tree")
  const { run, view } = result
  const scope = useMemo(() => {
    const addLog = (lines: readonly string[]) => {
      if (lines.length > 0) setLog((known) => [...known, ...lines])
    }
    return { run, addLog, show }
  }, [run, show])

  return (
    <ResultContext value={scope}>
      {view.kind === "failed" ? (
        <div className="panel">
          <ProblemReport problem={view.problem} />
        </div>
      ) : (
        <Tabs tabs={TABS} current={tab} onPick={setTab} label="Forms of the value">
          {tab === "tree" ? <ValueTree view={view} /> : <PrintedValue key={tab} form={tab} />}
        </Tabs>
      )}
      <Log lines={log} />
    </ResultContext>
  )
}
