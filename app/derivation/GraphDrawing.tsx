// The graph around a derivation, drawn: dependencies to the right. Dragged and zoomed by mouse, fingers and buttons; the arrow keys go
// from node to node along the lines, each node is a button.

import { type KeyboardEvent, type PointerEvent, useCallback, useEffect, useRef, useState } from "react"
import type { GraphView } from "../../engine/worker/derivation-protocol.ts"
import { useEngine } from "../engine-context.ts"
import { count } from "../values/quote.ts"
import { useAnswer } from "./use-answer.ts"
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

interface Eye {
  readonly x: number
  readonly y: number
  readonly scale: number
}

interface DrawingProps {
  readonly graph: GraphView
  readonly onNode: (index: number) => void
  readonly onMore: (() => void) | null
}

function Drawing({ graph, onNode, onMore }: DrawingProps) {
  const box = useRef<HTMLDivElement>(null)
  const [eye, setEye] = useState<Eye>({ x: 0, y: 0, scale: 1 })
  const [current, setCurrent] = useState(0)
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null)

  const fitIn = useCallback(() => {
    const { clientWidth = 0, clientHeight = 0 } = box.current ?? {}
    const scale = Math.max(0.15, Math.min(1, clientWidth / graph.width || 1, clientHeight / graph.height || 1))
    setEye({ scale, x: Math.max(0, (clientWidth - graph.width * scale) / 2), y: Math.max(0, (clientHeight - graph.height * scale) / 2) })
  }, [graph])
  useEffect(fitIn, [fitIn])
  const zoom = useCallback((by: number, at?: { x: number; y: number }) => {
    setEye((old) => {
      const scale = Math.max(0.1, Math.min(4, old.scale * by))
      const center = at ?? { x: (box.current?.clientWidth ?? 0) / 2, y: (box.current?.clientHeight ?? 0) / 2 }
      const factor = scale / old.scale
      return { scale, x: center.x - (center.x - old.x) * factor, y: center.y - (center.y - old.y) * factor }
    })
  }, [])
  useEffect(() => {
    const element = box.current
    if (element === null) return
    // React's own listeners for wheels cannot keep the page from scrolling.
    const wheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { left, top } = element.getBoundingClientRect()
      if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 200), { x: event.clientX - left, y: event.clientY - top })
      else setEye((old) => ({ ...old, x: old.x - event.deltaX, y: old.y - event.deltaY }))
    }
    element.addEventListener("wheel", wheel, { passive: false })
    return () => element.removeEventListener("wheel", wheel)
  }, [zoom])

  /** The nearest node in a direction: along the lines to the sides, up and down among all. */
  const neighbour = (from: number, key: string): number | null => {
    const at = graph.nodes[from]
    if (at === undefined) return null
    const along =
      key === "ArrowRight"
        ? graph.edges.filter((edge) => edge.from === from).map((edge) => edge.to)
        : key === "ArrowLeft"
          ? graph.edges.filter((edge) => edge.to === from).map((edge) => edge.from)
          : graph.nodes.flatMap(({ y }, i) => ((key === "ArrowDown" ? y > at.y + 1 : y < at.y - 1) ? [i] : []))
    const distance = (i: number): number => {
      const node = graph.nodes[i]
      return node === undefined
        ? Number.POSITIVE_INFINITY
        : Math.abs(node.y - at.y) + 4 * Math.abs(key === "ArrowUp" || key === "ArrowDown" ? node.x - at.x : 0)
    }
    return along.length === 0 ? null : along.reduce((best, i) => (distance(i) < distance(best) ? i : best))
  }
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
      const next = neighbour(i, event.key)
      if (next !== null) focus(next)
    } else if (event.key === "+" || event.key === "=") zoom(1.25)
    else if (event.key === "-") zoom(0.8)
    else if (event.key === "0") fitIn()
  }
  const pan = (event: PointerEvent): void => {
    const held = drag.current
    if (held === null) return
    const dx = event.clientX - held.x
    const dy = event.clientY - held.y
    if (!held.moved && Math.abs(dx) + Math.abs(dy) < 4) return
    drag.current = { x: event.clientX, y: event.clientY, moved: true }
    setEye((old) => ({ ...old, x: old.x + dx, y: old.y + dy }))
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
      <div
        ref={box}
        className="graph-box"
        onPointerDown={(event) => {
          drag.current = { x: event.clientX, y: event.clientY, moved: false }
        }}
        onPointerMove={pan}
        onPointerUp={() => {
          // The click that follows a drag is none.
          setTimeout(() => {
            drag.current = null
          }, 0)
        }}
        onPointerLeave={() => {
          drag.current = null
        }}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: there is no other element for a group in a drawing */}
        <svg role="group" aria-label="Dependencies">
          <g transform={`translate(${eye.x} ${eye.y}) scale(${eye.scale})`}>
            {graph.edges.map(({ from, to, points }) => (
              <path key={`${from}-${to}`} className={from === current || to === current ? "edge near" : "edge"} d={curve(points)} />
            ))}
            {graph.nodes.map((node, i) => (
              // biome-ignore lint/a11y/useSemanticElements: a drawing has no button element
              <g
                key={node.path}
                data-node={i}
                role="button"
                tabIndex={i === current ? 0 : -1}
                aria-label={`${node.kind === "source" ? "source " : ""}${node.name}${node.hidden > 0 ? `, ${node.hidden} more inputs` : ""}`}
                className={`graph-node ${node.kind}${i === 0 ? " root" : ""}`}
                transform={`translate(${node.x - node.width / 2} ${node.y - node.height / 2})`}
                onFocus={() => setCurrent(i)}
                onClick={() => (drag.current?.moved === true ? undefined : onNode(i))}
                onKeyDown={(event) => press(event, i)}
              >
                <rect width={node.width} height={node.height} rx={node.kind === "source" ? 3 : 9} />
                <text x={node.width / 2} y={node.height / 2} dy="0.35em" textAnchor="middle">
                  {node.name.length > 28 ? `${node.name.slice(0, 27)}…` : node.name}
                </text>
                {node.hidden > 0 ? (
                  <text className="hidden" x={node.width + 4} y={node.height / 2} dy="0.35em">{`+${node.hidden}`}</text>
                ) : null}
              </g>
            ))}
          </g>
        </svg>
      </div>
    </div>
  )
}

/** A soft line through points. */
function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ""
  let path = `M ${first.x} ${first.y}`
  for (let i = 0; i < rest.length; i++) {
    const point = rest[i] as { x: number; y: number }
    const next = rest[i + 1]
    path += next === undefined ? ` L ${point.x} ${point.y}` : ` Q ${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`
  }
  return path
}
