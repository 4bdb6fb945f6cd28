// One derivation of the builds: its state, how long it has taken, and what can be done with it.

import type { FaultRow } from "../../engine/worker/client.ts"
import { sizeText } from "../store/size-text.ts"
import { type BuildRow, stateOf } from "./build-row.ts"
import { timeText } from "./time-text.ts"

interface Props {
  readonly row: BuildRow
  readonly depth: number
  /** How long it took before, if it is known. Milliseconds. */
  readonly usual: number | undefined
  readonly now: number
  readonly isSelected: boolean
  readonly onSelect: (drvPath: string) => void
  readonly onCancel: (drvPath: string) => void
  readonly onRetry: (drvPath: string) => void
  readonly onCompare: (drvPath: string) => void
  readonly onOutput: (path: string) => void
}

const SIGNS = { planned: "○", running: "▶", done: "✔", failed: "✗" } as const
const WORDS = {
  planned: "planned",
  waiting: "waiting",
  substituting: "from a cache",
  uploading: "sending",
  building: "building",
  fetching: "fetching outputs",
  done: "done",
  failed: "failed",
} as const

function faultWord({ reason }: FaultRow): string {
  return reason === "cancelled" ? "stopped" : reason === "dependency" ? "needs what failed" : "failed"
}

export function BuildLine({ row, depth, usual, now, isSelected, onSelect, onCancel, onRetry, onCompare, onOutput }: Props) {
  const { drvPath, name, action, stage, position, attempt, ended, progress, differs } = row
  // Where an executor has machines, it tells which.
  const machine = row.machine === "" && stateOf(row) === "running" ? row.executor : row.machine
  const began = row.started ?? row.began
  const state = stateOf(row)
  const outputs = Object.entries(row.outputs).filter((pair): pair is [string, string] => pair[1] !== null)
  const facts = [
    action === "none" ? "was there already" : row.fault !== null ? faultWord(row.fault) : state === "planned" ? "planned" : WORDS[stage],
    progress === null || progress.all === 0 ? "" : `${sizeText(progress.done)} of ${sizeText(progress.all)}`,
    position === null || state === "done" || state === "failed" ? "" : `place ${position} in the queue`,
    machine === "" ? "" : `on ${machine}`,
    attempt > 1 ? `attempt ${attempt}` : "",
    differs === null ? "" : differs.length === 0 ? "the same again" : `differs: ${differs.join(", ")}`,
  ].filter(Boolean)
  return (
    <div className={`build-line build-${state}`} style={{ paddingInlineStart: `${Math.min(depth, 20) * 1.1}rem` }}>
      <span className="build-sign" aria-hidden="true">
        {SIGNS[state]}
      </span>
      <button
        type="button"
        className="store-link"
        aria-pressed={isSelected}
        title={[drvPath, ...row.retries].join("\n")}
        onClick={() => onSelect(drvPath)}
      >
        {name}
      </button>
      <span className="build-facts">{facts.join(" · ")}</span>
      <span className="build-time">
        {began === null || state === "planned" ? "" : timeText((ended ?? now) - began)}
        {state !== "done" && state !== "failed" && usual !== undefined ? ` (usually ${timeText(usual)})` : ""}
      </span>
      {state === "running" || stage === "building" ? (
        <button type="button" onClick={() => onCancel(drvPath)} aria-label={`Cancel ${name}`}>
          Cancel
        </button>
      ) : null}
      {state === "failed" ? (
        <button type="button" onClick={() => onRetry(drvPath)} aria-label={`Retry ${name}`}>
          Retry
        </button>
      ) : null}
      {state === "done"
        ? outputs.map(([output, path]) => (
            <button type="button" key={output} title={path} onClick={() => onOutput(path)} aria-label={`Open ${output} of ${name}`}>
              {output}
            </button>
          ))
        : null}
      {state === "done" && action === "build" ? (
        <button
          type="button"
          title="Build it again, and compare the outputs"
          onClick={() => onCompare(drvPath)}
          aria-label={`Check ${name}`}
        >
          Check
        </button>
      ) : null}
    </div>
  )
}
