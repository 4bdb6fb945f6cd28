// How an evaluation stands, on one line: under way, stopped, or what it took.

import { Running } from "./Running.tsx"
import { count } from "./values/quote.ts"
import type { Progress, Shown } from "./workbench-state.ts"

interface Props {
  readonly progress: Progress
  readonly shown: Shown | null
}

export function StatusLine({ progress, shown }: Props) {
  switch (progress.kind) {
    case "running":
      return <Running since={progress.since} />
    case "stopped":
      return (
        <p role="status">{`Stopped: ${progress.why}. ${shown === null ? "Your text is unchanged." : "The earlier result still opens."}`}</p>
      )
    case "idle": {
      if (shown === null) return <p role="status">Press Evaluate to see the value.</p>
      const { milliseconds, steps, bytes } = shown.evaluated
      const time = milliseconds < 1000 ? `${milliseconds.toFixed(1)} ms` : `${(milliseconds / 1000).toFixed(2)} s`
      return <p role="status">{`${time} · ${count(steps, "function call")} · ${size(bytes)} allocated`}</p>
    }
  }
}

/** Bytes in the largest unit that gives one or more. */
function size(bytes: number): string {
  const [unit, name] = bytes < 2 ** 20 ? [2 ** 10, "KiB"] : bytes < 2 ** 30 ? [2 ** 20, "MiB"] : [2 ** 30, "GiB"]
  return `${(bytes / unit).toLocaleString("en", { maximumFractionDigits: 1 })} ${name}`
}
