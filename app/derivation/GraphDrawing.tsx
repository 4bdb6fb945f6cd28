// The graph around a derivation, drawn: dependencies to the right. Dragged and zoomed by mouse, fingers and buttons; the arrow keys go
// from node to node along the lines, each node is a button.

import { type KeyboardEvent, useCallback, useRef, useState } from "react"
import type { GraphView } from "../../engine/worker/derivation-protocol.ts"
import { useEngine } from "../engine-context.ts"
import { count } from "../values/quote.ts"
import { GraphNode } from "./GraphNode.tsx"
import { curve, neighbour } from "./graph-lines.ts"
import { useAnswer } from "./use-answer.ts"
import { useEye } from "./use-eye.ts"
import { useFingers } from "./use-fingers.ts"
import { Waiting } from "./Waiting.tsx"

interface Props {
  readonly run: number
  readonly drvPath: string
  readonly onDerivation: (path: string) => void
  readonly onExplain: (path: string) => void
}

/** Nodes that are drawn at first, and with each "more". */
const NODES = 40

export function GraphDrawing({ run, drvPath, onDerivation, onExplain }: Props) {
  const engine = useEngine()
  const [most, setMost] = useState(NODES)
  const asked = useAnswer(useCallback(() => engine.derivations.graph(run, drvPath, most), [engine, run, drvPath, most]))
  if (asked.kind !== "value") return <Waiting asked={asked} />
  const graph = asked.value
  const hidden = graph.nodes.some((node) => node.hidden > 0)
  return (
    <Drawing
      key={most}
      graph={graph}
      onNode={(i) => {
        const node = graph.nodes[i]
        if (node !== undefined) (node.kind === "derivation" ? onDerivation : onExplain)(node.path)
      }}
      onMore={hidden ? () => setMost(most + 2 * NODES) : null}
    />
  )
}

interface DrawingProps {
  readonly graph: GraphView
  readonly onNode: (index: number) => void
  readonly onMore: (() => void) | null
}

function Drawing({ graph, onNode, onMore }: DrawingProps) {
  const box = useRef<HTMLDivElement>(null)
  const { eye, setEye, fitIn, zoom } = useEye(box, graph)
  const fingers = useFingers(box, { setEye, zoom })
  const [current, setCurrent] = useState(0)

  const focus = (i: number): void => {
    setCurrent(i)
    const element = box.current?.querySelector<SVGGElement>(`[data-node="${i}"]`)
    element?.focus({ preventScroll: true })
    const node = graph.nodes[i]
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {}
    if (node === undefined) return
    setEye((old) => {
      const x = node.x * old.scale + old.x
      const y = node.y * old.scale + old.y
      const inside = x > 40 && x < clientWidth - 40 && y > 20 && y < clientHeight - 20
      return inside ? old : { ...old, x: old.x + clientWidth / 2 - x, y: old.y + clientHeight / 2 - y }
    })
  }
  const press = (event: KeyboardEvent, i: number): void => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      onNode(i)
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault()
      const next = neighbour(graph, i, event.key)
      if (next !== null) focus(next)
    } else if (event.key === "+" || event.key === "=") zoom(1.25)
    else if (event.key === "-") zoom(0.8)
    else if (event.key === "0") fitIn()
  }
  return (
    <div className="graph">
      <div className="graph-bar">
        <button type="button" aria-label="Zoom in" onClick={() => zoom(1.25)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => zoom(0.8)}>
          −
        </button>
        <button type="button" onClick={fitIn}>
          Fit
        </button>
        {onMore === null ? null : (
          <button type="button" onClick={onMore}>
            Draw more
          </button>
        )}
        <span className="note">{`${count(graph.nodes.length, "node")}; arrow keys go along the lines`}</span>
      </div>
      <div ref={box} className="graph-box" {...fingers.handlers}>
        {/* biome-ignore lint/a11y/useSemanticElements: there is no other element for a group in a drawing */}
        <svg role="group" aria-label="Dependencies">
          <g transform={`translate(${eye.x} ${eye.y}) scale(${eye.scale})`}>
            {graph.edges.map(({ from, to, points }) => (
              <path key={`${from}-${to}`} className={from === current || to === current ? "edge near" : "edge"} d={curve(points)} />
            ))}
            {graph.nodes.map((node, i) => (
              <GraphNode
                key={node.path}
                node={node}
                index={i}
                isCurrent={i === current}
                onFocus={() => setCurrent(i)}
                onOpen={() => (fingers.moved() ? undefined : onNode(i))}
                onKey={(event) => press(event, i)}
              />
            ))}
          </g>
        </svg>
      </div>
    </div>
  )
}
