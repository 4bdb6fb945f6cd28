// The comparison of two workspaces: their texts at once, their values and derivations when somebody looks there.

import { useState } from "react"
import { Tabs } from "../Tabs.tsx"
import type { Workspace } from "../workspace/workspace.ts"
import { DerivationDifferences } from "./DerivationDifferences.tsx"
import { SourceDifferences } from "./SourceDifferences.tsx"
import { useComparison } from "./use-comparison.ts"
import { ValueDifferences } from "./ValueDifferences.tsx"
import "./compare.css"

const tabs = [
  { id: "source", label: "Source" },
  { id: "values", label: "Values" },
  { id: "derivations", label: "Derivations" },
] as const

interface Props {
  readonly left: Workspace
  readonly right: Workspace
  readonly onBack: () => void
}

export function CompareReport({ left, right, onBack }: Props) {
  const [tab, setTab] = useState<(typeof tabs)[number]["id"]>("source")
  const comparison = useComparison(left, right, tab !== "source")
  return (
    <div className="compare">
      <p className="compare-sides">
        <del>
          <span className="sign">− </span>
          {left.name}
        </del>
        <ins>
          <span className="sign">+ </span>
          {`${right.name} (open here)`}
        </ins>
        <button type="button" onClick={onBack}>
          Compare with something else
        </button>
      </p>
      <Tabs tabs={tabs} current={tab} label="What is compared" onPick={setTab}>
        {tab === "source" ? (
          <SourceDifferences left={left} right={right} />
        ) : tab === "values" ? (
          <ValueDifferences comparison={comparison} />
        ) : (
          <DerivationDifferences comparison={comparison} />
        )}
      </Tabs>
    </div>
  )
}
