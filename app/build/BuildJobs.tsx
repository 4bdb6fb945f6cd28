// What was asked for, with the end that it came to.

import { countText } from "../store/size-text.ts"
import type { BuildJob } from "./build-desk.ts"
import { type BuildRows, drvName } from "./build-row.ts"
import { type BuildTimes, type Left, leftOf } from "./estimate.ts"
import { timeText } from "./time-text.ts"
import { useNow } from "./use-now.ts"

interface Props {
  readonly jobs: readonly BuildJob[]
  readonly rows: BuildRows
  readonly times: BuildTimes
  readonly onStop: (id: number) => void
  readonly onRetry: (drvPath: string) => void
}

/** What is left, if anything is known of it. */
function leftText({ time, unknown }: Left): string {
  if (time === 0) return ""
  return unknown === 0 ? ` · about ${timeText(time)} left` : ` · ${timeText(time)} left, and ${countText(unknown, "build")} without history`
}

export function BuildJobs({ jobs, rows, times, onStop, onRetry }: Props) {
  const now = useNow(jobs.some(({ state }) => state === "running"))
  return (
    <ul className="build-jobs" aria-label="Asked for">
      {jobs.map(({ id, drvPath, state, text, isForEvaluation }) => (
        <li key={id}>
          <b>{drvName(drvPath)}</b>{" "}
          <span className={`build-${state}`}>
            {state === "running"
              ? `is being built${isForEvaluation === true ? " for an evaluation" : ""}${leftText(leftOf(rows, times, drvPath, now))}`
              : state === "done"
                ? "is built"
                : text}
          </span>{" "}
          {state === "running" ? (
            <button type="button" onClick={() => onStop(id)} aria-label={`Stop building ${drvName(drvPath)}`}>
              Stop
            </button>
          ) : state === "done" ? null : (
            <button type="button" onClick={() => onRetry(drvPath)} aria-label={`Build ${drvName(drvPath)} again`}>
              Try again
            </button>
          )}
        </li>
      ))}
    </ul>
  )
}
