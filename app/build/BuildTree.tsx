// The derivations of the builds as a tree: what needs a derivation stands above it.

import { VirtualList } from "../values/VirtualList.tsx"
import { BuildLine } from "./BuildLine.tsx"
import { type BuildRows, stateOf, treeLines } from "./build-row.ts"
import { type BuildTimes, usualTime } from "./estimate.ts"
import { useNow } from "./use-now.ts"

interface Props {
  readonly rows: BuildRows
  /** How long builds took before, by name. */
  readonly times: BuildTimes
  readonly selected: string | null
  readonly onSelect: (drvPath: string) => void
  readonly onCancel: (drvPath: string) => void
  readonly onRetry: (drvPath: string) => void
  readonly onCompare: (drvPath: string) => void
  readonly onOutput: (path: string) => void
}

/** Lines that are all in the page. */
const MOST = 100

export function BuildTree({ rows, times, selected, ...actions }: Props) {
  const lines = treeLines(rows)
  const now = useNow(lines.some(({ row }) => stateOf(row) === "running"))
  const render = (i: number) => {
    const line = lines[i]
    if (line === undefined) return null
    const { row, depth } = line
    return <BuildLine row={row} depth={depth} usual={usualTime(times, row)} now={now} isSelected={row.drvPath === selected} {...actions} />
  }
  if (lines.length > MOST) {
    return (
      <div className="build-long">
        <VirtualList count={lines.length} label="Derivations" height={28} render={render} />
      </div>
    )
  }
  return (
    <ul className="build-tree" aria-label="Derivations">
      {lines.map(({ row }, i) => (
        <li key={row.drvPath}>{render(i)}</li>
      ))}
    </ul>
  )
}
