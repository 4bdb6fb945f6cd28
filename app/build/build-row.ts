// What is known of each derivation that is built or may be: a table that news change. Pure: news in, a new table out.

import type { BuildNews, BuildStage, FaultRow, PlanRow } from "../../engine/worker/client.ts"

export interface BuildRow {
  readonly drvPath: string
  readonly name: string
  /** "none" is there already. */
  readonly action: "none" | "substitute" | "build"
  readonly inputs: readonly string[]
  readonly system: string
  readonly stage: BuildStage
  /** Outputs by name; null if not known yet. */
  readonly outputs: Readonly<Record<string, string | null>>
  /** Place in the endpoint's queue. */
  readonly position: number | null
  readonly executor: string
  readonly machine: string
  readonly attempt: number
  /** Milliseconds since 1970: when something was first done for it, and when that ended. */
  readonly began: number | null
  readonly ended: number | null
  /** When the endpoint began with it. */
  readonly started: number | null
  /** How long its builder took: milliseconds. */
  readonly took: number | null
  readonly progress: { readonly done: number; readonly all: number } | null
  readonly fault: FaultRow | null
  /** Why the machinery failed before, attempt by attempt. */
  readonly retries: readonly string[]
  /** Outputs that a build done again made otherwise; null if it was not done again. */
  readonly differs: readonly string[] | null
}

export type BuildRows = Readonly<Record<string, BuildRow>>

/** What is known of a derivation before anything is. */
export const unplanned = {
  action: "build",
  inputs: [],
  system: "",
  stage: "planned",
  outputs: {},
  position: null,
  executor: "",
  machine: "",
  attempt: 0,
  began: null,
  ended: null,
  started: null,
  took: null,
  progress: null,
  fault: null,
  retries: [],
  differs: null,
} satisfies Partial<BuildRow>

/** The name in a derivation's path. */
export function drvName(drvPath: string): string {
  return drvPath.replace(/^.*\/[0-9a-z]{32}-/, "").replace(/\.drv$/, "")
}

/** The table after some news. `again` holds derivations whose outputs are compared. */
export function withNews(rows: BuildRows, news: readonly BuildNews[], again: ReadonlySet<string> = new Set()): BuildRows {
  const after: Record<string, BuildRow> = { ...rows }
  const change = (drvPath: string, to: Partial<BuildRow>): void => {
    after[drvPath] = { ...(after[drvPath] ?? { ...unplanned, drvPath, name: drvName(drvPath) }), ...to }
  }
  for (const one of news) {
    switch (one.kind) {
      case "planned":
        for (const { drvPath, name, action, outputs, inputs, system } of one.rows) {
          const before = after[drvPath]
          const isOver = before === undefined || before.stage === "done" || before.stage === "failed"
          // What another build is at is not begun anew.
          if (!isOver) change(drvPath, { name, inputs, system })
          else if (action !== "none") after[drvPath] = { ...unplanned, drvPath, name, action, outputs, inputs, system }
          else if (before === undefined) after[drvPath] = { ...unplanned, drvPath, name, action, outputs, inputs, system, stage: "done" }
        }
        break
      case "stage": {
        const ended = one.stage === "done" || one.stage === "failed" ? one.time : null
        const isBegun = one.stage !== "planned" && one.stage !== "waiting"
        // What was begun before the page was left has taken all of that time.
        const began = after[one.drvPath]?.began ?? (isBegun ? one.time : null)
        change(one.drvPath, { stage: one.stage, began, ended, progress: null, position: null })
        break
      }
      case "progress":
        change(one.drvPath, { progress: { done: one.done, all: one.all } })
        break
      case "queued":
        change(one.drvPath, { position: one.position })
        break
      case "started": {
        const { executor, machine, attempt, time } = one
        change(one.drvPath, { executor, machine, attempt, position: null, began: after[one.drvPath]?.began ?? time, started: time })
        break
      }
      case "built":
        change(one.drvPath, { took: one.took })
        break
      case "placed":
        change(one.drvPath, { machine: one.machine })
        break
      case "retry":
        change(one.drvPath, { retries: [...(after[one.drvPath]?.retries ?? []), one.reason] })
        break
      case "done":
        change(one.drvPath, {
          stage: "done",
          outputs: one.outputs,
          ended: one.time,
          fault: null,
          progress: null,
          differs: again.has(one.drvPath) ? one.differs : null,
        })
        break
      case "failed": {
        const before = after[one.drvPath]
        // Told again with a log that was fetched later.
        const ended = before?.stage === "failed" ? (before.ended ?? one.time) : one.time
        change(one.drvPath, { stage: "failed", fault: one.fault, ended, progress: null })
        break
      }
      case "log":
      case "anew":
      case "warning":
      case "left":
        break
    }
  }
  return after
}

/** The table without builds under way: nobody is at them any more. */
export function withoutEnd(rows: BuildRows, time: number): BuildRows {
  return Object.fromEntries(
    Object.entries(rows).map(([drvPath, row]) => {
      if (row.stage === "done" || row.stage === "failed") return [drvPath, row]
      const fault: FaultRow = { reason: "cancelled", message: "the page was left", exitCode: null, lastLines: [] }
      return [drvPath, { ...row, stage: "failed", fault, ended: time, progress: null, position: null }]
    }),
  )
}

/** Derivations with all that they need. */
export function reachable(rows: BuildRows, from: Iterable<string>): Set<string> {
  const found = new Set(from)
  // A set is gone through with what is added meanwhile.
  for (const drvPath of found) for (const input of rows[drvPath]?.inputs ?? []) found.add(input)
  return found
}

/** What a plan is for: what is to be built, and nothing in it needs. */
export function plannedRoots(plan: readonly PlanRow[]): readonly string[] {
  const needed = new Set(plan.flatMap(({ inputs }) => inputs))
  return plan.filter(({ drvPath, action }) => action === "build" && !needed.has(drvPath)).map(({ drvPath }) => drvPath)
}

/** The four states that people tell apart. */
export function stateOf({ stage, position }: Pick<BuildRow, "stage" | "position">): "planned" | "running" | "done" | "failed" {
  // In the endpoint's queue it does not run.
  if (stage === "building" && position !== null) return "planned"
  if (stage === "done" || stage === "failed" || stage === "planned") return stage
  return stage === "waiting" ? "planned" : "running"
}

export interface TreeLine {
  readonly row: BuildRow
  /** Below which other it stands, as a depth. */
  readonly depth: number
}

/** The table as a tree: each derivation once, below the first that needs it; what was there already is left out. */
export function treeLines(rows: BuildRows): readonly TreeLine[] {
  const needed = new Set(Object.values(rows).flatMap(({ inputs }) => inputs))
  const shown = new Set<string>()
  const lines: TreeLine[] = []
  const all = Object.values(rows)
  // Last asked for, first shown; a cycle of needs cannot be.
  const waiting = all.filter(({ drvPath }) => !needed.has(drvPath)).map((row) => ({ row, depth: 0 }))
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const { row, depth } = at
    if (shown.has(row.drvPath)) continue
    shown.add(row.drvPath)
    if (depth === 0 || row.action !== "none") lines.push({ row, depth })
    for (const input of row.inputs.toReversed()) {
      const below = rows[input]
      if (below !== undefined) waiting.push({ row: below, depth: depth + 1 })
    }
  }
  return lines
}

/** The lines of a log that tell why a build failed: from the first that speaks of an error to the end, or the last ones. */
export function errorExtract({ lastLines }: FaultRow, most = 12): readonly string[] {
  const at = lastLines.findIndex((line) => /\b(?:error|fatal|failed|failure|cannot|not found|undefined)\b/i.test(line))
  return at < 0 ? lastLines.slice(-most) : lastLines.slice(at, at + most)
}
