// What was asked for, with the end that it came to.

import type { BuildJob } from "./build-desk.ts"
import { drvName } from "./build-row.ts"

interface Props {
  readonly jobs: readonly BuildJob[]
  readonly onStop: (id: number) => void
  readonly onRetry: (drvPath: string) => void
}

export function BuildJobs({ jobs, onStop, onRetry }: Props) {
  return (
    <ul className="build-jobs" aria-label="Asked for">
      {jobs.map(({ id, drvPath, state, text }) => (
        <li key={id}>
          <b>{drvName(drvPath)}</b>{" "}
          <span className={`build-${state}`}>{state === "running" ? "is being built" : state === "done" ? "is built" : text}</span>{" "}
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
