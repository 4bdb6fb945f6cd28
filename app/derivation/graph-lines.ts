// The nodes and lines of a drawn graph: which node is next to which, and how a line goes.

import type { GraphView } from "../../engine/worker/derivation-protocol.ts"

/** The nearest node in a direction: along the lines to the sides, up and down among all. */
export function neighbour(graph: GraphView, from: number, key: string): number | null {
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

/** A soft line through points. */
export function curve(points: readonly { readonly x: number; readonly y: number }[]): string {
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
