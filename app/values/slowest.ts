// The expressions that took most time by themselves.

import type { PlaceView, TraceRow } from "../../engine/worker/client.ts"

export interface Slow {
  readonly key: string
  readonly text: string
  readonly at: PlaceView | null
  /** Milliseconds without what ran inside. */
  readonly own: number
  readonly times: number
}

/** The ten with the most time, of rows in the order in which they began. */
export function slowest(rows: readonly TraceRow[]): Slow[] {
  const own = rows.map(({ milliseconds }) => milliseconds)
  const above: number[] = []
  for (const [i, row] of rows.entries()) {
    above.length = row.depth
    const parent = above.at(-1)
    if (parent !== undefined) own[parent] = (own[parent] ?? 0) - row.milliseconds
    above.push(i)
  }
  const found = new Map<string, { text: string; at: PlaceView | null; own: number; times: number }>()
  for (const [i, { text, at }] of rows.entries()) {
    const key = at === null ? text : `${at.file}:${at.line}:${at.column}`
    const known = found.get(key) ?? { text, at, own: 0, times: 0 }
    known.own += own[i] ?? 0
    known.times++
    found.set(key, known)
  }
  return [...found]
    .map(([key, slow]) => ({ key, ...slow }))
    .sort((a, b) => b.own - a.own)
    .slice(0, 10)
}
