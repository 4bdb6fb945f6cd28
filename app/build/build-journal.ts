// What is remembered of builds from visit to visit: which were under way, so that they are taken up again, and how the last ones ended.
// Logs are not: endpoints have them.

import type { BuildRow, BuildRows } from "./build-row.ts"
import type { ChoiceStorage } from "./endpoint-choice.ts"

/** A build that was asked for and has not ended, as far as anybody knows. */
export interface JournalJob {
  readonly drvPath: string
  /** Of the endpoint. */
  readonly url: string
}

export interface Journal {
  readonly jobs: readonly JournalJob[]
  readonly rows: BuildRows
}

const KEY = "thunkpad/2/builds/journal"
/** Derivations whose end is remembered. */
const MOST = 200

/** What was written; nothing where it is missing or not ours. */
export function readJournal(storage: ChoiceStorage): Journal {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "{}") as { readonly jobs?: unknown; readonly rows?: unknown } | null
    const jobs = Array.isArray(kept?.jobs) ? kept.jobs.filter(isJob) : []
    const rows = Array.isArray(kept?.rows) ? kept.rows.filter(isRow) : []
    return { jobs, rows: Object.fromEntries(rows.map((row) => [row.drvPath, row])) }
  } catch {
    return { jobs: [], rows: {} }
  }
}

function isJob(given: unknown): given is JournalJob {
  const job = given as Partial<Record<keyof JournalJob, unknown>> | null
  return typeof job?.drvPath === "string" && typeof job.url === "string"
}

function isRow(given: unknown): given is BuildRow {
  const row = given as Partial<Record<keyof BuildRow, unknown>> | null
  return (
    typeof row?.drvPath === "string" &&
    typeof row.name === "string" &&
    typeof row.stage === "string" &&
    Array.isArray(row.inputs) &&
    Array.isArray(row.retries) &&
    typeof row.outputs === "object" &&
    row.outputs !== null
  )
}

/** Other tabs write too: what they have under way stays. */
export function noteJob(storage: ChoiceStorage, job: JournalJob): void {
  const { jobs, rows } = readJournal(storage)
  write(storage, { jobs: [...jobs.filter(({ drvPath }) => drvPath !== job.drvPath), job], rows })
}

export function forgetJob(storage: ChoiceStorage, drvPath: string): void {
  const { jobs, rows } = readJournal(storage)
  write(storage, { jobs: jobs.filter((job) => job.drvPath !== drvPath), rows })
}

/** Remembers rows, over those of other tabs. */
export function noteRows(storage: ChoiceStorage, rows: BuildRows): void {
  const journal = readJournal(storage)
  write(storage, { ...journal, rows: { ...journal.rows, ...rows } })
}

/** Forgets how builds ended. */
export function forgetRows(storage: ChoiceStorage, isForgotten: (row: BuildRow) => boolean): void {
  const { jobs, rows } = readJournal(storage)
  write(storage, { jobs, rows: Object.fromEntries(Object.entries(rows).filter(([, row]) => !isForgotten(row))) })
}

function write(storage: ChoiceStorage, { jobs, rows }: Journal): void {
  const newest = Object.values(rows).sort((a, b) => (a.ended ?? Number.POSITIVE_INFINITY) - (b.ended ?? Number.POSITIVE_INFINITY))
  storage.setItem(KEY, JSON.stringify({ jobs: jobs.slice(-50), rows: newest.slice(-MOST) }))
}

/** What of a journal is shown at the beginning of a visit: what is over, and what belongs to builds that will be taken up again. */
export function rowsToShow({ jobs, rows }: Journal): BuildRows {
  const wanted = new Set(jobs.map(({ drvPath }) => drvPath))
  for (const drvPath of wanted) for (const input of rows[drvPath]?.inputs ?? []) wanted.add(input)
  const isOver = ({ stage }: BuildRow): boolean => stage === "done" || stage === "failed"
  return Object.fromEntries(Object.entries(rows).filter(([drvPath, row]) => isOver(row) || wanted.has(drvPath)))
}
