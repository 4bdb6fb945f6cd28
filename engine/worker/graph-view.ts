// The neighbourhood of a derivation as a drawing: which nodes, and where (dagre's layered layout).

import { Graph, layout } from "@dagrejs/dagre"
import type { Evaluator } from "../eval/evaluator.ts"
import { explainerOf } from "../eval/explain.ts"
import { drvNameOfPath, isDerivationPath, type StorePath } from "../formats/store-path/store-path.ts"
import type { GraphView } from "./derivation-protocol.ts"
import { fromBytes } from "./text.ts"

const HEIGHT = 34
/** Of a character in the node's font, and of what is around the name. */
const CHAR = 7.4
const PADDING = 26
const LONGEST = 28

interface Node {
  readonly path: StorePath
  readonly label: string
  readonly kind: "derivation" | "source"
  hidden: number
}

/** At most `most` nodes below a derivation, nearest first. Throws FormatError for a derivation that is not to be had. */
export function graphView({ rt }: Evaluator, root: StorePath, most: number): GraphView {
  const explainer = explainerOf(rt)
  const index = new Map<StorePath, number>()
  const nodes: Node[] = []
  const edges: { from: number; to: number; outputs: readonly string[] }[] = []
  const add = (path: StorePath): number | undefined => {
    const known = index.get(path)
    if (known !== undefined || nodes.length >= most) return known
    const drv = isDerivationPath(path)
    index.set(path, nodes.length)
    nodes.push({ path, label: fromBytes(drv ? drvNameOfPath(path) : path.slice(33)), kind: drv ? "derivation" : "source", hidden: 0 })
    return nodes.length - 1
  }
  add(root)
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i] as Node
    if (node.kind === "source") continue
    const drv = explainer.read(node.path)
    for (const [path, { outputs }] of [...drv.inputDrvs].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const to = add(path)
      if (to === undefined) node.hidden++
      else edges.push({ from: i, to, outputs: [...outputs].sort().map(fromBytes) })
    }
    for (const path of [...drv.inputSrcs].sort()) {
      const to = add(path)
      if (to === undefined) node.hidden++
      else edges.push({ from: i, to, outputs: [] })
    }
  }
  return place(nodes, edges, explainer.storeDir)
}

function place(
  nodes: readonly Node[],
  edges: readonly { from: number; to: number; outputs: readonly string[] }[],
  storeDir: string,
): GraphView {
  const graph = new Graph()
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 46, marginx: 12, marginy: 12 })
  graph.setDefaultEdgeLabel(() => ({}))
  const sizes = nodes.map(({ label }) => ({ width: Math.min(label.length, LONGEST) * CHAR + PADDING, height: HEIGHT }))
  for (const [i, size] of sizes.entries()) graph.setNode(String(i), { ...size })
  for (const { from, to } of edges) graph.setEdge(String(from), String(to), {})
  layout(graph)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return {
    width,
    height,
    nodes: nodes.map(({ path, label, kind, hidden }, i) => {
      const { x, y } = graph.node(String(i)) as { x: number; y: number }
      return { path: `${storeDir}/${path}`, name: label, kind, x, y, ...(sizes[i] as { width: number; height: number }), hidden }
    }),
    edges: edges.map(({ from, to, outputs }) => {
      const { points = [] } = graph.edge(String(from), String(to)) as { points?: { x: number; y: number }[] }
      return { from, to, outputs, points: points.map(({ x, y }) => ({ x, y })) }
    }),
  }
}
