// A node of a drawn graph: a button in the drawing.

import type { KeyboardEvent } from "react"
import type { GraphView } from "../../engine/worker/derivation-protocol.ts"

interface Props {
  readonly node: GraphView["nodes"][number]
  /** The first is the derivation whose graph it is. */
  readonly index: number
  /** Whether the Tab key comes here. */
  readonly isCurrent: boolean
  readonly onFocus: () => void
  readonly onOpen: () => void
  readonly onKey: (event: KeyboardEvent) => void
}

export function GraphNode({ node, index, isCurrent, onFocus, onOpen, onKey }: Props) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing has no button element
    <g
      data-node={index}
      role="button"
      tabIndex={isCurrent ? 0 : -1}
      aria-label={`${node.kind === "source" ? "source " : ""}${node.name}${node.hidden > 0 ? `, ${node.hidden} more inputs` : ""}`}
      className={`graph-node ${node.kind}${index === 0 ? " root" : ""}`}
      transform={`translate(${node.x - node.width / 2} ${node.y - node.height / 2})`}
      onFocus={onFocus}
      onClick={onOpen}
      onKeyDown={onKey}
    >
      <title>{node.name}</title>
      <rect width={node.width} height={node.height} rx={node.kind === "source" ? 3 : 9} />
      <text x={node.width / 2} y={node.height / 2} dy="0.35em" textAnchor="middle">
        {node.name.length > 28 ? `${node.name.slice(0, 27)}…` : node.name}
      </text>
      {node.hidden > 0 ? <text className="hidden" x={node.width + 4} y={node.height / 2} dy="0.35em">{`+${node.hidden}`}</text> : null}
    </g>
  )
}
